// quickbooks-node-promise from npm: the same ground with promises, random request ids and encoded addresses.
// Deletes and voids are given objects: by an Id alone this client posts the envelope of what it read, which is no entity.
// Its `voidPayment` leaves `include=void` out and so asks for a change of nothing.
const Quickbooks = require("quickbooks-node-promise").default;

const line = (Amount, more = {}) => ({
  Amount,
  DetailType: "SalesItemLineDetail",
  SalesItemLineDetail: { ItemRef: { value: "3" }, ...more },
});
const sale = (customer, ...lines) => ({ CustomerRef: { value: customer }, Line: lines });

require("./answer")(async ({ api, realm, token, since }) => {
  Quickbooks.V3_ENDPOINT_BASE_URL = `${api}/v3/company/`;
  const settings = { appKey: "key", appSecret: "secret", redirectUrl: "http://127.0.0.1/callback", scope: [], minorversion: 75 };
  const client = new Quickbooks({ ...settings, useProduction: false, autoRefresh: false, accessToken: token }, realm);
  const codeOf = (promise) => promise.then(() => "none", (error) => error.errorResponse.Fault.Error[0].code);
  const rows = (answer) => Object.values(answer.QueryResponse).find(Array.isArray) ?? [];

  // lists
  const { Customer: customer } = await client.createCustomer({ DisplayName: "O'Neil & Söhne" });
  const { Customer: renamed } = await client.updateCustomer({ Id: customer.Id, SyncToken: "0", sparse: true, Notes: "changed" });
  const { Vendor: vendor } = await client.createVendor({ DisplayName: "Paper Mill" });
  const { Employee: employee } = await client.createEmployee({ GivenName: "Noor", FamilyName: "Haddad" });
  const { Item: item } = await client.createItem({ Name: "Advice", Type: "Service", IncomeAccountRef: { value: "1" } });
  const { Account: account } = await client.createAccount({ Name: "Retainers", AccountType: "Income" });
  const { Term: term } = await client.createTerm({ Name: "Net 7", DueDays: 7 });
  const tax = await client.createTaxService({ TaxCode: "Seven", TaxRateDetails: [{ TaxRateName: "Seven", RateValue: 7, TaxAgencyId: "1" }] });
  const updated = [
    (await client.updateVendor({ ...vendor, Notes: "v" })).Vendor,
    (await client.updateEmployee({ ...employee, EmployeeNumber: "9" })).Employee,
    (await client.updateItem({ ...item, Description: "Good advice" })).Item,
    (await client.updateAccount({ ...account, Description: "a" })).Account,
    (await client.updateTerm({ ...term, DueDays: 8 })).Term,
  ];
  const read = {
    company: (await client.getCompanyInfo(realm)).CompanyInfo.CompanyName,
    currency: (await client.getPreferences()).Preferences.CurrencyPrefs.HomeCurrency.value,
    customer: (await client.getCustomer(customer.Id)).Customer.DisplayName,
    vendor: (await client.getVendor(vendor.Id)).Vendor.DisplayName,
    employee: (await client.getEmployee(employee.Id)).Employee.DisplayName,
    item: (await client.getItem(item.Id)).Item.Description,
    account: (await client.getAccount(account.Id)).Account.AccountSubType,
    term: (await client.getTerm(term.Id)).Term.DueDays,
    code: (await client.getTaxCode(tax.TaxCodeId)).TaxCode.Name,
    rate: (await client.getTaxRate(tax.TaxRateDetails[0].TaxRateId)).TaxRate.RateValue,
  };

  // the life of an invoice
  const { Invoice: invoice } = await client.createInvoice(sale(customer.Id, line(1861.08, { Qty: 128.35, UnitPrice: 14.5 })));
  const { Invoice: changed } = await client.updateInvoice({ Id: invoice.Id, SyncToken: "0", sparse: true, DueDate: "2027-02-01" });
  const sent = await client.sendInvoicePdf(invoice.Id, "pay+now@oneil.example");
  const pdf = (await client.getInvoicePdf(invoice.Id)).toString("latin1");
  const { Invoice: spare } = await client.createInvoice(sale(customer.Id, line(5)));
  const gone = await client.deleteInvoice({ Id: spare.Id, SyncToken: spare.SyncToken });

  // payments
  const paying = (amount) => [{ Amount: amount, LinkedTxn: [{ TxnId: invoice.Id, TxnType: "Invoice" }] }];
  const now = async () => (await client.getInvoice(invoice.Id)).Invoice;
  const balances = [(await now()).Balance];
  const { Payment: payment } = await client.createPayment({ CustomerRef: { value: customer.Id }, TotalAmt: 61.08, Line: paying(61.08) });
  balances.push((await now()).Balance);
  const { Payment: more } = await client.updatePayment({ Id: payment.Id, SyncToken: "0", sparse: true, TotalAmt: 861.08, Line: paying(861.08) });
  balances.push((await now()).Balance);
  const refused = await codeOf(client.voidInvoice({ Id: invoice.Id, SyncToken: (await now()).SyncToken }));
  const { Payment: unchanged } = await client.voidPayment({ Id: payment.Id, SyncToken: more.SyncToken });
  const voiding = { url: "/payment", qs: { operation: "update", include: "void" } };
  const { Payment: emptied } = await client.request("post", voiding, { Id: payment.Id, SyncToken: more.SyncToken, sparse: true });
  balances.push((await now()).Balance);
  const { Payment: other } = await client.createPayment({ CustomerRef: { value: customer.Id }, TotalAmt: 5, Line: paying(5) });
  await client.deletePayment(other);
  balances.push((await now()).Balance);
  const { Invoice: voided } = await client.voidInvoice(await now());

  // other sales forms
  const { Estimate: estimate } = await client.createEstimate(sale(customer.Id, line(10)));
  const { SalesReceipt: receipt } = await client.createSalesReceipt({ Line: [line(10)] });
  const paper = (await client.getEstimatePdf(estimate.Id)).toString("latin1");
  await client.deleteEstimate(estimate);

  // queries, changes, batch
  const queries = {
    found: rows(await client.findCustomers({ DisplayName: "O'Neil & Söhne" })).map((each) => each.Id),
    like: rows(await client.findItems([{ field: "Name", value: "Adv%", operator: "LIKE" }])).map((each) => each.Name),
    counted: (await client.countInvoices()).QueryResponse.totalCount,
    accounts: rows(await client.findAccounts({ AccountType: "Income" })).length,
    terms: rows(await client.findTerms({ Name: "Net 7" })).length,
    codes: rows(await client.findTaxCodes()).map((each) => each.Id),
    payments: rows(await client.findPayments({ CustomerRef: customer.Id })).length,
    receipts: rows(await client.findSalesReceipts()).length,
  };
  const changes = await client.changeDataCapture(["Invoice", "Payment", "Estimate", "Item", "Term"], new Date(new Date(since).getTime() - 86400e3)); // it sends the day alone
  const batch = await client.batch([
    { bId: "1", operation: "create", Customer: { DisplayName: "Pine Ltd" } },
    { bId: "2", operation: "update", Invoice: { Id: invoice.Id, SyncToken: "0", sparse: true } },
    { bId: "3", operation: "delete", SalesReceipt: { Id: receipt.Id, SyncToken: receipt.SyncToken } },
    { bId: "4", Query: "select count(*) from Customer" },
  ]);
  const refusals = {
    name: await codeOf(client.createCustomer({ DisplayName: "Pine Grove Dental" })),
    amount: await codeOf(client.createInvoice(sale(customer.Id, line(1, { Qty: 2, UnitPrice: 3 })))),
    stale: await codeOf(client.updateInvoice({ Id: invoice.Id, SyncToken: "0", sparse: true, PrivateNote: "n" })),
    missing: await codeOf(client.getInvoice("99999")),
  };
  return {
    customer, renamed, updated: updated.map((each) => each.SyncToken), read, tax, invoice, changed, sent, pdf, gone,
    balances, refused, unchanged, emptied, voided, receipt, paper, queries, changes, batch, refusals,
  };
});
