// quickbooks-node-promise verifies notifications: as they came, changed, with another verifier token.
const QuickBooks = require("quickbooks-node-promise").default ?? require("quickbooks-node-promise");

require("./answer")(({ token, arrived }) => ({
  verified: arrived.map(({ payload, signature }) => QuickBooks.verifyWebhook(token, payload, signature)),
  changed: arrived.map(({ payload, signature }) => QuickBooks.verifyWebhook(token, { payload }, signature)),
  other_token: arrived.map(({ payload, signature }) => QuickBooks.verifyWebhook("another", payload, signature)),
}));
