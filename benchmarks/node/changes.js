// node-quickbooks' own change data capture: which invoices it tells of since an instant.
const QuickBooks = require("node-quickbooks")
const { promisify } = require("util")

const [base, realm, token, since] = process.argv.slice(2)
QuickBooks.V3_ENDPOINT_BASE_URL = base
const client = new QuickBooks("key", "secret", token, false, realm, true, false, 75, "2.0", null)
client.endpoint = base

async function main() {
    const told = await promisify(client.changeDataCapture).call(client, ["Invoice"], new Date(since))
    const groups = told.CDCResponse.flatMap((answer) => answer.QueryResponse)
    console.log(JSON.stringify(groups.flatMap((group) => group.Invoice || []).map((invoice) => invoice.Id)))
}

main().catch((error) => {
    console.error(error.response ? JSON.stringify(error.response.data) : error)
    process.exit(1)
})
