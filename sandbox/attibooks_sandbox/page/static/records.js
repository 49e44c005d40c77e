// The list of an object's records.

import { at, get } from "./api.js";
import { avatar, none, statusBadge } from "./badges.js";
import { createBatch, MOST } from "./batch.js";
import { desk } from "./desk.js";
import { h, icon } from "./dom.js";
import { money, number } from "./format.js";
import { invoiceTable } from "./invoicelist.js";
import { link, place } from "./route.js";

/** The view of an object's records; what is filtered for is asked of the sandbox, which may have thousands. */
export function recordsView(slug) {
  const { ws } = place;
  const asked = { find: "" };
  const chosen = new Map(); // names by record id; what is chosen stays so while the filter hides it
  return {
    key: `records ${ws} ${slug}`,
    load: () => get(`${at`/ui/api/crm/${ws}/${slug}`}?${new URLSearchParams(asked)}`),
    render: (data) => render(data, asked, chosen),
  };
}

function render({ object, records, total, invoices }, asked, chosen) {
  const plural = object.plural.toLowerCase();
  const oninput = (event) => {
    asked.find = event.currentTarget.value;
    desk.crm.refresh();
  };
  const search = h("input", { class: "input", type: "search", placeholder: "Filter", "aria-label": `Filter ${plural}`, oninput });
  const head = h(
    "div",
    { class: "view-head" },
    h("div", { class: "title-row" }, h("h1", { tabindex: "-1" }, object.plural), search),
    selection(object, chosen),
  );
  if (!total) return [head, empty(`No ${plural}`, `This workspace has no ${plural} yet.`)];
  if (!records.length) return [head, empty("Nothing found", `No ${plural} with this text.`)];
  if (invoices) return [head, invoiceTable(object, records), more(records.length, total, asked.find)];
  return [head, table(records.map((record) => row(object, record, chosen)), pickAll(records, chosen)), more(records.length, total, asked.find)];
}

/** What can be done with the chosen records. */
function selection(object, chosen) {
  if (!chosen.size) return [];
  const clear = () => {
    chosen.clear();
    desk.crm.draw();
  };
  const create = () => createBatch(object, [...chosen].map(([id, name]) => ({ id, name })), { ws: place.ws, onStart: clear });
  const many = chosen.size === 1 ? "1 record" : `${number(chosen.size)} records`;
  const over = chosen.size > MOST ? h("span", { class: "problem" }, `At most ${MOST} at once.`) : [];
  return h(
    "div",
    { class: "selection", role: "group", "aria-label": "Selection", "data-key": "selection" },
    h("span", { role: "status" }, `${many} selected`),
    over,
    h("button", { class: "button small ghost", onclick: clear }, "Clear selection"),
    h("button", { class: "button small primary", disabled: chosen.size > MOST, onclick: create }, `Create invoices for ${many}`),
  );
}

function pickAll(records, chosen) {
  const count = records.filter(({ id }) => chosen.has(id)).length;
  const all = count === records.length;
  const onchange = () => {
    for (const { id, name } of records) all ? chosen.delete(id) : chosen.set(id, name);
    desk.crm.draw();
  };
  return h("input", { type: "checkbox", "aria-label": "Select all shown", ".checked": all, ".indeterminate": count > 0 && !all, onchange });
}

function pick({ id, name }, chosen) {
  const onchange = (event) => {
    if (event.currentTarget.checked) chosen.set(id, name);
    else chosen.delete(id);
    desk.crm.draw();
  };
  return h("input", { type: "checkbox", "aria-label": `Select ${name}`, ".checked": chosen.has(id), onchange });
}

function more(shown, total, find) {
  if (find || shown === total) return [];
  return h("p", { class: "more" }, `The first ${number(shown)} of ${number(total)}. Filter to find the others.`);
}

function table(rows, all) {
  const heads = h(
    "tr",
    {},
    h("th", { scope: "col", class: "pick" }, all),
    h("th", { scope: "col" }, "Name"),
    h("th", { scope: "col", class: "num w-money" }, "Rate × quantity"),
    h("th", { scope: "col", class: "w-invoice" }, "Invoice"),
  );
  return h("table", { class: "table fixed" }, h("thead", {}, heads), h("tbody", {}, rows));
}

function row(object, record, chosen) {
  const name = link({ crm: `${object.slug}/${record.id}` }, { class: "row-link clip name" }, record.name);
  const who = h("div", { class: "who" }, avatar(record.name), h("span", {}, name, h("span", { class: "clip detail" }, record.detail ?? " ")));
  return h(
    "tr",
    { "data-key": record.id, "data-chosen": chosen.has(record.id) },
    h("td", { class: "pick" }, h("label", {}, pick(record, chosen))),
    h("td", {}, who),
    h("td", { class: "num" }, price(record)),
    h("td", {}, invoice(record)),
  );
}

function price({ rate, quantity, currency }) {
  if (rate === null) return none();
  const amount = currency ? money(rate, currency) : number(rate);
  return `${amount} × ${quantity === null ? "1" : number(quantity)}`;
}

function invoice({ number: label, status, error }) {
  if (error) return h("span", { class: "cell-invoice", title: error }, h("span", { class: "badge", "data-tone": "bad" }, icon("alert"), "Error"));
  if (!label && !status) return none();
  return h("span", { class: "cell-invoice" }, h("span", {}, label), status ? statusBadge(status) : []);
}

const empty = (title, text) => h("div", { class: "empty" }, h("strong", {}, title), h("p", {}, text));
