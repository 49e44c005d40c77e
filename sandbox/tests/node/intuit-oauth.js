// intuit-oauth from npm: authorize, exchange, identity, user info, an API call, refresh, revoke, and what is refused after.
const OAuthClient = require("intuit-oauth");

const errorOf = (promise) => promise.then(() => "none", (error) => error.error);

async function consent(url, company) {
  const form = new URLSearchParams({ company, decision: "connect" });
  const answer = await fetch(url, { method: "POST", body: form, redirect: "manual" });
  return answer.headers.get("location");
}

require("./answer")(async ({ keys, callback, environment, base, accounts, api, company }) => {
  const client = new OAuthClient({
    clientId: keys.client_id,
    clientSecret: keys.client_secret,
    environment,
    redirectUri: callback,
    includeRefreshTokenHardExpiresIn: true,
  });
  client.setAuthorizeURLs({
    authorizeEndpoint: `${base}/connect/oauth2`,
    tokenEndpoint: `${base}/oauth2/v1/tokens/bearer`,
    revokeEndpoint: `${base}/v2/oauth2/tokens/revoke`,
    userInfoEndpoint: `${base}${accounts}/v1/openid_connect/userinfo`,
  });
  OAuthClient.jwks_uri = `${base}/op/v1/jwks`;
  OAuthClient.environment[environment] = `${api}/`;

  const { Accounting, OpenId, Email, Profile } = OAuthClient.scopes;
  const location = await consent(client.authorizeUri({ scope: [Accounting, OpenId, Email, Profile], state: "s-71" }), company);
  const first = (await client.createToken(location)).json;
  const realm = client.getToken().realmId;
  const identity = await client.validateIdToken();
  const user = (await client.getUserInfo()).json;
  const books = (await client.makeApiCall({ url: `v3/company/${realm}/companyinfo/${realm}` })).json;
  const second = (await client.refresh()).json;
  const revoked = (await client.revoke({ refresh_token: second.refresh_token })).response.status;

  return {
    realm,
    identity,
    user,
    company: books.CompanyInfo.CompanyName,
    hard: first.x_refresh_token_hard_expires_in,
    refreshed: {
      same_refresh_token: second.refresh_token === first.refresh_token,
      other_access_token: second.access_token !== first.access_token,
      has_identity: "id_token" in second,
    },
    revoked,
    after: {
      refresh: await errorOf(client.refreshUsingToken(second.refresh_token)),
      code: await errorOf(client.createToken(location)),
    },
  };
});
