// The list of an object's records.

import { at, get } from "./api.js";
import { avatar, none, statusBadge } from "./badges.js";
import { h, icon } from "./dom.js";
import { money, number } from "./format.js";
import { link, place } from "./route.js";

/** The view of an object's records. */
export function recordsView(slug) {
  const { ws } = place;
  const view = {
    key: `records ${ws} ${slug}`,
    load: () => get(at`/ui/api/crm/${ws}/${slug}`),
    render: (data) => render(data),
  };
  return view;
}

function render({ object, records }) {
  const rows = records.map((record) => row(object, record));
  const search = h("input", {
    class: "input", type: "search", placeholder: "Filter", "aria-label": `Filter ${object.plural.toLowerCase()}`,
    oninput: (event) => filter(event.currentTarget),
  });
  const head = h(
    "div",
    { class: "view-head" },
    h("div", { class: "title-row" }, h("h1", { tabindex: "-1" }, object.plural), search),
  );
  return [head, records.length ? table(rows) : empty(object)];
}

function table(rows) {
  const heads = h(
    "tr",
    {},
    h("th", { scope: "col" }, "Name"),
    h("th", { scope: "col", class: "num w-money" }, "Rate × quantity"),
    h("th", { scope: "col", class: "w-invoice" }, "Invoice"),
  );
  return h("table", { class: "table fixed" }, h("thead", {}, heads), h("tbody", {}, rows));
}

function row(object, record) {
  const name = link({ crm: `${object.slug}/${record.id}` }, { class: "row-link clip name" }, record.name);
  const who = h("div", { class: "who" }, avatar(record.name), h("span", {}, name, h("span", { class: "clip detail" }, record.detail ?? " ")));
  return h(
    "tr",
    { "data-key": record.id, "data-text": `${record.name} ${record.detail ?? ""}`.toLowerCase() },
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

function empty(object) {
  const text = `This workspace has no ${object.plural.toLowerCase()} yet.`;
  return h("div", { class: "empty" }, h("strong", {}, `No ${object.plural.toLowerCase()}`), h("p", {}, text));
}

function filter(input) {
  const wanted = input.value.trim().toLowerCase();
  const list = input.closest(".pane-main");
  for (const each of list.querySelectorAll("tbody tr")) each.hidden = !each.dataset.text.includes(wanted);
}
