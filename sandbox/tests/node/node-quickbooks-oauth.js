// node-quickbooks: refresh, an API call with the new token, user info, revoke, and what is refused after.
const QuickBooks = require("node-quickbooks");

require("./answer")(async ({ keys, tokens, realm, base, accounts, api }) => {
  QuickBooks.TOKEN_URL = `${base}/oauth2/v1/tokens/bearer`;
  QuickBooks.REVOKE_URL = `${base}/v2/oauth2/tokens/revoke`;
  QuickBooks.USER_INFO_URL = `${base}${accounts}/v1/openid_connect/userinfo`;
  QuickBooks.V3_ENDPOINT_BASE_URL = `${api}/v3/company/`;
  const books = new QuickBooks(
    keys.client_id, keys.client_secret, tokens.access, false, realm, true, false, 75, "2.0", tokens.refresh,
  );
  const call = (name, ...given) =>
    new Promise((resolve, reject) => {
      books[name](...given, (error, result) => (error ? reject(error) : resolve(result)));
    });

  const refreshed = await call("refreshAccessToken");
  const company = await call("getCompanyInfo", realm);
  const user = await call("getUserInfo");
  await call("revokeAccess", true);
  books.refreshToken = refreshed.refresh_token;
  const after = await call("refreshAccessToken").then(() => "none", (error) => error.response.data.error);
  return { refreshed, company: company.CompanyName, user, after };
});
