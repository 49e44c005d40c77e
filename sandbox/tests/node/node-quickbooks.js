// node-quickbooks from npm: lists, the life of an invoice, payments, sales forms, queries, changes, batch, PDF, refusals.
const QuickBooks = require("node-quickbooks");

const line = (Amount, more = {}) => ({
  Amount,
  DetailType: "SalesItemLineDetail",
  SalesItemLineDetail: { ItemRef: { value: "3" }, ...more },
});
const sale = (customer, ...lines) => ({ CustomerRef: { value: customer }, Line: lines });

require("./answer")(async ({ api, realm, token, since }) => {
  QuickBooks.V3_ENDPOINT_BASE_URL = `${api}/v3/company/`;
  const client = new QuickBooks("key", "secret", token, false, realm, true, false, null, "2.0", "refresh");
  const call = (name, ...given) =>
    new Promise((resolve, reject) => {
      client[name](...given, (error, body) => (error ? reject(error.response?.data ?? error) : resolve(body)));
    });
  const codeOf = (promise) => promise.then(() => "none", (body) => body.Fault.Error[0].code);
  const rows = async (name, ...given) => Object.values((await call(name, ...given)).QueryResponse).find(Array.isArray) ?? [];

  // lists
  const customer = await call("createCustomer", { DisplayName: "O'Neil & Söhne" });
  const renamed = await call("updateCustomer", { Id: customer.Id, SyncToken: "0", Notes: "changed" });
  const found = await rows("findCustomers", { DisplayName: "O'Neil & Söhne" });
  const vendor = await call("createVendor", { DisplayName: "Paper Mill" });
  const employee = await call("createEmployee", { GivenName: "Noor", FamilyName: "Haddad" });
  const item = await call("createItem", { Name: "Advice", Type: "Service", IncomeAccountRef: { value: "1" } });
  const account = await call("createAccount", { Name: "Retainers", AccountType: "Income" });
  const term = await call("createTerm", { Name: "Net 7", DueDays: 7 });
  const tax = await call("createTaxService", { TaxCode: "Seven", TaxRateDetails: [{ TaxRateName: "Seven", RateValue: 7, TaxAgencyId: "1" }] });
  const updated = [
    await call("updateVendor", { ...vendor, Notes: "v" }),
    await call("updateEmployee", { ...employee, EmployeeNumber: "9" }),
    await call("updateItem", { ...item, Description: "Good advice" }),
    await call("updateAccount", { ...account, Description: "a" }),
    await call("updateTerm", { ...term, DueDays: 8 }),
  ];
  const read = {
    company: (await call("getCompanyInfo", realm)).CompanyName,
    currency: (await call("getPreferences")).CurrencyPrefs.HomeCurrency.value,
    customer: (await call("getCustomer", customer.Id)).DisplayName,
    vendor: (await call("getVendor", vendor.Id)).DisplayName,
    employee: (await call("getEmployee", employee.Id)).DisplayName,
    item: (await call("getItem", item.Id)).Description,
    account: (await call("getAccount", account.Id)).AccountSubType,
    term: (await call("getTerm", term.Id)).DueDays,
    code: (await call("getTaxCode", tax.TaxCodeId)).Name,
    rate: (await call("getTaxRate", tax.TaxRateDetails[0].TaxRateId)).RateValue,
  };

  // the life of an invoice
  const invoice = await call("createInvoice", { ...sale(customer.Id, line(1861.08, { Qty: 128.35, UnitPrice: 14.5 })), requestId: "job-1" });
  const again = await call("createInvoice", { ...sale(customer.Id, line(5)), requestId: "job-1" });
  const changed = await call("updateInvoice", { Id: invoice.Id, SyncToken: "0", DueDate: "2027-02-01" });
  const sent = await call("sendInvoicePdf", invoice.Id, "pay@oneil.example");
  const pdf = Buffer.from(await call("getInvoicePdf", invoice.Id)).toString("latin1");
  const doubled = { ...sale(customer.Id, line(5)), DocNumber: invoice.DocNumber };
  const duplicate = await codeOf(call("createInvoice", { ...doubled }));
  const allowed = await call("createInvoice", { ...doubled, allowDuplicateDocNum: true });
  const gone = await call("deleteInvoice", allowed.Id);

  // payments
  const paying = (amount) => [{ Amount: amount, LinkedTxn: [{ TxnId: invoice.Id, TxnType: "Invoice" }] }];
  const balance = async () => (await call("getInvoice", invoice.Id)).Balance;
  const balances = [await balance()];
  const payment = await call("createPayment", { CustomerRef: { value: customer.Id }, TotalAmt: 61.08, Line: paying(61.08) });
  balances.push(await balance());
  const more = await call("updatePayment", { Id: payment.Id, SyncToken: "0", TotalAmt: 861.08, Line: paying(861.08) });
  balances.push(await balance());
  const refused = await codeOf(call("voidInvoice", { Id: invoice.Id, SyncToken: (await call("getInvoice", invoice.Id)).SyncToken }));
  const emptied = await call("voidPayment", { Id: payment.Id, SyncToken: more.SyncToken });
  balances.push(await balance());
  const other = await call("createPayment", { CustomerRef: { value: customer.Id }, TotalAmt: 5, Line: paying(5) });
  await call("deletePayment", other.Id);
  balances.push(await balance());
  const voided = (await call("voidInvoice", invoice.Id)).Invoice;

  // other sales forms
  const estimate = await call("createEstimate", sale(customer.Id, line(10)));
  const receipt = await call("createSalesReceipt", { Line: [line(10)] });
  const accepted = await call("updateEstimate", { Id: estimate.Id, SyncToken: "0", TxnStatus: "Accepted" });
  const paper = Buffer.from(await call("getEstimatePdf", estimate.Id)).toString("latin1");
  await call("deleteEstimate", accepted);
  const receiptChanged = await call("updateSalesReceipt", { Id: receipt.Id, SyncToken: "0", PrivateNote: "n" });

  // queries, changes, batch
  const queries = {
    all: (await rows("findCustomers", { fetchAll: true, limit: 5 })).length,
    like: (await rows("findItems", [{ field: "Name", value: "Adv%", operator: "LIKE" }])).map((each) => each.Name),
    page: (await rows("findInvoices", [{ field: "TotalAmt", value: 400, operator: ">" }, { asc: "TotalAmt" }, { limit: 2 }, { offset: 1 }])).length,
    counted: (await call("findInvoices", { count: true })).QueryResponse.totalCount,
    accounts: (await rows("findAccounts", { AccountType: "Income" })).length,
    terms: (await rows("findTerms", { Name: "Net 7" })).length,
    codes: (await rows("findTaxCodes")).map((each) => each.Id),
    rates: (await rows("findTaxRates")).length,
    payments: (await rows("findPayments", { CustomerRef: customer.Id })).length,
    receipts: (await rows("findSalesReceipts")).length,
    vendors: (await rows("findVendors")).length,
    employees: (await rows("findEmployees")).length,
    company: (await rows("findCompanyInfos"))[0].CompanyName,
    preferences: (await rows("findPreferenceses")).length,
    unknown: (await rows("findBills")).length,
  };
  const changes = await call("changeDataCapture", ["Invoice", "Payment", "Estimate", "Item", "Term"], new Date(since));
  const batch = await call("batch", [
    { bId: "1", operation: "create", Customer: { DisplayName: "Pine Ltd" } },
    { bId: "2", operation: "update", Invoice: { Id: invoice.Id, SyncToken: "0", sparse: true } },
    { bId: "3", operation: "delete", SalesReceipt: { Id: receipt.Id, SyncToken: receiptChanged.SyncToken } },
    { bId: "4", Query: "select count(*) from Customer" },
  ]);

  const refusals = {
    name: await codeOf(call("createCustomer", { DisplayName: "Pine Grove Dental" })),
    amount: await codeOf(call("createInvoice", sale(customer.Id, line(1, { Qty: 2, UnitPrice: 3 })))),
    stale: await codeOf(call("updateInvoice", { Id: invoice.Id, SyncToken: "0", PrivateNote: "n" })),
    missing: await codeOf(call("getInvoice", "99999")),
    bill: (await call("batch", [{ bId: "1", operation: "void", Bill: { Id: "1" } }])).BatchItemResponse[0].Fault.Error[0].code,
  };
  return {
    customer, renamed, found: found.map((each) => each.Id), updated: updated.map((each) => each.SyncToken), read, tax,
    invoice, again, changed, sent, pdf, duplicate, gone, balances, refused, emptied, voided, receipt, paper,
    queries, changes, batch, refusals,
  };
});
