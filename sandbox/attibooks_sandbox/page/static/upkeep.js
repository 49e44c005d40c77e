// What the app does with invoices that exist, beyond editing them: void, sync, and the setup of the invoice object.

import { at } from "./api.js";
import { carry } from "./carry.js";
import { connect } from "./connect.js";
import { desk } from "./desk.js";
import { h } from "./dom.js";
import { money } from "./format.js";
import { confirm } from "./overlays.js";
import { place } from "./route.js";

/** Bring everything that has changed in the books: *Sync Now*, and the record action of the same effect. */
export async function syncInvoices() {
  const outcome = await carry("Syncing invoices", at`/ui/api/app/${place.ws}/sync`);
  if (outcome.connect) await connect();
}

/** Give the invoice object all that it needs. */
export async function runSetup() {
  const outcome = await carry("Setting up the invoice object", at`/ui/api/app/${place.ws}/setup`);
  if (outcome.connect) await connect();
  else if (outcome.ok) await desk.crm.redraw();
}

/** Void an invoice: ask the host what would be voided, then somebody, then do it. */
export async function voidInvoice(record) {
  const path = at`/ui/api/crm/${place.ws}/${record.object.slug}/${record.id}/void`;
  const asked = await carry("Asking QuickBooks", path);
  if (asked.connect) return connect();
  const facts = asked.body.confirm;
  if (!facts || !(await confirm(`Void invoice ${facts.number ?? ""}?`.replace(" ?", "?"), ask(facts, record), "Void invoice"))) return;
  await carry("Voiding the invoice", path, { confirm_token: facts.token });
}

function ask({ customer_name: customer, total, balance, warning }, record) {
  const currency = currencyOf(record);
  const row = (label, value) => h("div", { class: "fact" }, h("dt", {}, label), h("dd", {}, value));
  return [
    h("dl", { class: "facts" }, row("Customer", customer), row("Total", money(total, currency)), row("Balance", money(balance, currency))),
    warning ? h("p", {}, warning) : [],
    h("p", {}, "The invoice keeps its number and stays in the books with amounts of zero. This cannot be undone here."),
  ];
}

const currencyOf = (record) => record.groups.flatMap(({ fields }) => fields).find(({ slug }) => slug === "currency")?.items[0]?.text;
