// One record with every field readable, and the menu of what can be done with it.

import { actionsOf } from "./actions.js";
import { at, get } from "./api.js";
import { avatar, badge, crumbs, none, statusBadge, trouble } from "./badges.js";
import { desk } from "./desk.js";
import { h } from "./dom.js";
import { day, moment, money, number } from "./format.js";
import { menuButton } from "./overlays.js";
import { link, place } from "./route.js";

/** The view of a record. */
export function recordView(slug, id) {
  const { ws } = place;
  const seen = new Map();
  return {
    key: `record ${ws} ${slug} ${id}`,
    load: () => get(at`/ui/api/crm/${ws}/${slug}/${id}`),
    render: (record) => render(record, seen),
  };
}

function render(record, seen) {
  const fresh = seen.size > 0;
  const groups = record.groups.filter(({ fields }) => fields.length);
  const cards = groups.map((group) => card(group, (field) => fresh && seen.get(field.slug) !== words(field)));
  for (const { fields } of groups) for (const field of fields) seen.set(field.slug, words(field));
  return [head(record), h("div", { class: "view-body" }, cards)];
}

function head(record) {
  return h(
    "div",
    { class: "view-head" },
    crumbs({ crm: record.object.slug }, record.object.plural),
    h(
      "div",
      { class: "title-row" },
      avatar(record.name, "l"),
      h("h1", { tabindex: "-1", title: record.name }, record.name),
      record.invoice?.deleted ? badge("Deleted in QuickBooks", "warn") : [],
      menuButton("Actions", () => actionsOf(record)),
    ),
  );
}

// Fields

function card({ key, title, fields }, isFresh) {
  const facts = fields.map((field) => fact(field, isFresh(field)));
  return h("section", { class: "card", "aria-label": title }, h("header", {}, h("h2", {}, title), state(key, fields)), h("dl", { class: "facts" }, facts));
}

function state(key, fields) {
  if (key !== "invoice") return [];
  const has = fields.some(({ role, items }) => role === "writeback_invoice_number" && items.length);
  return has ? [] : badge("No invoice yet");
}

function fact(field, fresh) {
  const wide = field.role === "writeback_sync_error" || field.slug === "description";
  const double = field.role === "writeback_invoice_url";
  const value = field.items.length ? h("span", { class: "items" }, field.items.map((item) => shown(item, field))) : none();
  return h(
    "div",
    { class: fresh ? "fact fresh" : "fact", "data-wide": wide, "data-double": double, "data-field": field.slug },
    h("dt", {}, field.title),
    h("dd", {}, value),
  );
}

function shown(item, { role, type }) {
  if (role === "writeback_invoice_status") return statusBadge(item.text);
  if (role === "writeback_sync_error") return trouble(item.text);
  if (role === "writeback_invoice_url") return invoiceLink(item.text);
  if (item.object) return link({ crm: `${item.object}/${item.record_id}` }, { class: "chip-link" }, item.text);
  if (item.currency) return money(item.text, item.currency);
  if (type === "number") return number(item.text);
  const special = { badge, rating, date: day, moment }[item.as];
  return special ? special(item.text) : item.text;
}

function rating(text) {
  const stars = Number(text);
  const dim = h("span", { class: "off" }, "★".repeat(5 - stars));
  return h("span", { class: "stars", role: "img", "aria-label": `${stars} of 5` }, "★".repeat(stars), dim);
}

/** The record holds QuickBooks' own address; here the books stand beside, so following it opens them. */
function invoiceLink(url) {
  const id = /[?&]txnId=(\d+)$/.exec(url)?.[1];
  const { company } = desk.app;
  if (!id || !company) return url;
  const books = `${company.environment}/${company.realm}/invoices/${id}`;
  return link({ books }, { class: "link", title: `${url} (opens in the books beside)` }, url.replace(/^https:\/\//, ""));
}

const words = ({ items }) => items.map(({ text }) => text).join("\n");
