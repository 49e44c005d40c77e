// The records of the invoice object: what they say of each invoice, and the record that it came from.

import { none, statusBadge } from "./badges.js";
import { h } from "./dom.js";
import { day, money } from "./format.js";
import { link } from "./route.js";

const HEADS = [["Invoice", ""], ["Source", "hide-520"], ["Due", "w-date hide-760"], ["Total", "num w-sum hide-760"], ["Balance", "num w-sum"], ["Status", "w-status"]];

export function invoiceTable(object, records) {
  const heads = h("tr", {}, HEADS.map(([label, kind]) => h("th", { scope: "col", class: kind }, label)));
  return h("table", { class: "table fixed" }, h("thead", {}, heads), h("tbody", {}, records.map((record) => row(object, record))));
}

function row({ slug }, record) {
  const { name, customer_name: customer, status, due_date: due, total, balance, currency, source } = record;
  const title = link({ crm: `${slug}/${record.id}` }, { class: "row-link clip name" }, name);
  const from = source ? link({ crm: `${source.object}/${source.record_id}` }, { class: "chip-link source" }, source.text) : none();
  const sum = (value) => (value === null ? none() : money(value, currency));
  return h(
    "tr",
    { "data-key": record.id },
    h("td", {}, h("div", { class: "who" }, h("span", {}, title, h("span", { class: "clip detail" }, customer ?? " ")))),
    h("td", { class: "hide-520" }, from),
    h("td", { class: "hide-760" }, day(due) || none()),
    h("td", { class: "num hide-760" }, sum(total)),
    h("td", { class: "num" }, sum(balance)),
    h("td", {}, status ? statusBadge(status) : none()),
  );
}
