// Where the values of a draft came from, what is wrong with them, and where that is shown.

import { prose } from "./badges.js";
import { h } from "./dom.js";

const FIELDS = {
  customer_name: "customer", customer_email: "email", currency: "currency", due_days: "due_date", due_date: "due_date",
  invoice_date: "invoice_date", memo: "memo", lines: "lines", service_description: "lines.0.description",
  rate: "lines.0.rate", quantity: "lines.0.quantity",
};

/** The place in a form that a problem is about; null is the draft as a whole. */
export function placeOf(field, lines) {
  const found = /^lines\.(\d+)\.(?:service_)?(description|rate|quantity)/.exec(field);
  const at = found ? `lines.${found[1]}.${found[2]}` : FIELDS[field];
  const row = /^lines\.(\d+)/.exec(at ?? field);
  if (row) return Number(row[1]) < lines ? (at ?? "lines") : "lines";
  return at ?? null;
}

/** Problems by the place that they are about. */
export function byPlace(problems, lines) {
  return Map.groupBy(problems, ({ field }) => placeOf(field, lines));
}

/** Problems as text beside what they are about: what is wrong, and the one next step. */
export function said(problems = []) {
  return problems.map(({ message, fix, severity }) => h("p", { class: "problem", "data-severity": severity ?? "error" }, prose([message, fix].filter(Boolean).join(" "))));
}

/** Where a value came from, in small print. */
export function origin(found, value) {
  return found ? h("p", { class: "origin", "data-source": found.source }, prose(WORDS[found.source]?.(found, value ?? "") ?? found.source)) : [];
}

const WORDS = {
  attribute: ({ slug, text }, value) => `From \`${slug}\`${text && text !== value ? `: ${text.replaceAll("`", "'")}` : ""}`,
  template: ({ text }, value) => `From the template${text && text !== value ? `: ${text.replaceAll("`", "'")}` : ""}`,
  default: () => "Default",
  user: () => "Changed by you",
  plugin: ({ text }) => `Set by the plugin \`${text}\``,
};

const SHOWN = /^(customer\.(name|email|id)|currency|invoice_date|due_date|memo|lines\.\d+\.(description|rate|quantity|item|tax_code))$/;

/** What else goes onto the invoice, without a field of its own here: mapped fields of the books. */
export function others(provenance) {
  const rows = Object.entries(provenance).filter(([path]) => !SHOWN.test(path));
  const fact = ([path, found]) => h("div", { class: "fact" }, h("dt", {}, path.replace(/^fields\./, "")), h("dd", {}, found.text), origin(found, found.text));
  return rows.length ? h("section", { "aria-label": "Other fields" }, h("h3", {}, "Other fields"), h("dl", { class: "facts" }, rows.map(fact))) : [];
}

/** The line below a customer: how it was found. */
export const HOW = {
  remembered: ["Remembered", "good"], name: ["Found by name", "good"], email: ["Found by e-mail", "good"],
  new: ["New customer", "info"], chosen: ["Chosen by you", "good"],
};
