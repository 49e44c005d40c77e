// quickbooks-node-promise: authorize, exchange, user info, an API call, refresh, revoke, what is refused after.
// Its check of identity tokens cannot be run: it reads the signature as plain base64, which no such token has.
const QuickBooks = require("quickbooks-node-promise").default;

async function consent(url, company) {
  const form = new URLSearchParams({ company, decision: "connect" });
  const answer = await fetch(url, { method: "POST", body: form, redirect: "manual" });
  return new URL(answer.headers.get("location")).searchParams;
}

require("./answer")(async ({ keys, callback, base, accounts, api, company }) => {
  QuickBooks.AUTHORIZATION_URL = `${base}/connect/oauth2`;
  QuickBooks.TOKEN_URL = `${base}/oauth2/v1/tokens/bearer`;
  QuickBooks.REVOKE_URL = `${base}/v2/oauth2/tokens/revoke`;
  QuickBooks.USER_INFO_URL = `${base}${accounts}/v1/openid_connect/userinfo`;
  QuickBooks.V3_ENDPOINT_BASE_URL = `${api}/v3/company/`;
  const { Accounting, OpenId, Email } = QuickBooks.scopes;
  const config = {
    appKey: keys.client_id,
    appSecret: keys.client_secret,
    redirectUrl: callback,
    scope: [Accounting, OpenId, Email],
    minorversion: 75,
    useProduction: false,
    autoRefresh: true,
  };

  const called = await consent(QuickBooks.authorizeUrl(config, "s-71"), company);
  const realm = called.get("realmId");
  const books = new QuickBooks(config, realm);
  await books.createToken(called.get("code"));
  const user = await books.getUserInfo();
  const info = await books.getCompanyInfo(realm);
  await books.refreshAccessToken();
  await books.revokeAccess(true);
  const after = await books.refreshAccessToken().then(() => "none", (error) => error.message);
  return { state: called.get("state"), realm, user, company: info.CompanyInfo.CompanyName, after };
});
