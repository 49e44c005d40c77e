// The recipe of node-quickbooks' own examples: find the customer, make it, find the item, make the invoice.
const QuickBooks = require("node-quickbooks")
const { promisify } = require("util")

const [base, realm, token, name] = process.argv.slice(2)
QuickBooks.V3_ENDPOINT_BASE_URL = base
const client = new QuickBooks("key", "secret", token, false, realm, true, false, 75, "2.0", null)
client.endpoint = base
const call = (method, ...values) => promisify(client[method]).call(client, ...values)

async function main() {
    const started = performance.now()
    await call("findCustomers", { DisplayName: name })
    const customer = await call("createCustomer", { DisplayName: name })
    const items = await call("findItems", { Type: "Service" })
    await call("createInvoice", {
        CustomerRef: { value: customer.Id },
        Line: [
            {
                DetailType: "SalesItemLineDetail",
                Amount: 100,
                SalesItemLineDetail: { ItemRef: { value: items.QueryResponse.Item[0].Id }, Qty: 1, UnitPrice: 100 },
            },
        ],
    })
    console.log(performance.now() - started)
}

main().catch((error) => {
    console.error(error.response ? JSON.stringify(error.response.data) : error)
    process.exit(1)
})
