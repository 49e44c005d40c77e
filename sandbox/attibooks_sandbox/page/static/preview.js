// The preview of an invoice: what a create would send, where every value came from, and what is in the way.

import { at, post } from "./api.js";
import { none } from "./badges.js";
import { candidateText, matchOf, obstaclesOf, payloadOf, sums, warningsOf } from "./draftparts.js";
import { h } from "./dom.js";
import { day, money, number } from "./format.js";
import { origin, others } from "./origins.js";
import { meter, upgradeWays } from "./plan.js";
import { notice, openSheet, press, safeLink, waiting } from "./sheet.js";

/** Show what a click on *Create QuickBooks invoice* would send. Nothing is written anywhere; `edit` opens the review. */
export async function previewInvoice(record, { ws, edit }) {
  const sheet = openSheet({ title: "Preview of the invoice", note: record.name });
  const close = press("Close", sheet.shut);
  const look = async () => {
    sheet.draw(waiting("Asking what would be sent"), close);
    const outcome = await post(at`/ui/api/crm/${ws}/${record.object.slug}/${record.id}/preview`).catch(failed);
    if (!sheet.open) return;
    if (!outcome.ok) return sheet.draw(notice(refusal(outcome)), [close, press("Try again", look)]);
    const review = () => {
      sheet.close();
      edit();
    };
    sheet.draw(shown(outcome.body), [close, press("Review and create...", review, { class: "button primary" })]);
  };
  await look();
}

/** A call of the page that failed, as an outcome. */
export const failed = (error) => ({ ok: false, toast: { title: "That did not work", text: error.message }, body: {} });

/** What the host refused, as a notice with the way out that it names. */
export function refusal({ toast, code, body }, more = {}) {
  const said = { kind: "error", title: toast.title, text: toast.text };
  if (code === "limit_reached") return { ...said, more: meter(body), actions: upgradeWays(body), ...more };
  return { ...said, link: safeLink(body.upgrade_url), ...more };
}

function shown({ draft, provenance, obstacles, warnings, payload }) {
  const count = obstacles.length === 1 ? "One thing is" : `${obstacles.length} things are`;
  return [
    obstaclesOf(obstacles, `${count} in the way of this invoice`),
    warningsOf(warnings),
    facts(draft, provenance),
    candidates(draft.customer),
    lines(draft, provenance),
    sums({ ...draft, unsure: obstacles.length ? "Not known while something is in the way" : null }),
    others(provenance),
    payloadOf(payload),
  ];
}

function facts(draft, provenance) {
  const { customer } = draft;
  const fact = (label, value, path, more = [], wide = null) => h("div", { class: "fact", "data-wide": wide }, h("dt", {}, label), h("dd", {}, value || none()), more, origin(provenance[path], value));
  return h(
    "dl",
    { class: "facts" },
    fact("Customer", customer.name, "customer.name", matchOf(customer), true),
    fact("E-mail", customer.email, "customer.email"),
    fact("Currency", draft.currency, "currency"),
    fact("Invoice date", day(draft.invoice_date), "invoice_date"),
    fact("Due date", day(draft.due_date), "due_date"),
    fact("Memo", draft.memo, "memo", [], true),
  );
}

function candidates({ candidates: list }) {
  if (!list.length) return [];
  return h("section", { "aria-label": "Customers that could be meant" }, h("h3", {}, "Customers that could be meant"), h("ul", { class: "candidates" }, list.map((each) => h("li", {}, candidateText(each)))));
}

function lines({ lines: list, currency }, provenance) {
  const cell = (index, part, value, text) => [text ?? value ?? none(), origin(provenance[`lines.${index}.${part}`], value)];
  const row = (line, index) => h(
    "tr",
    {},
    h("td", {}, cell(index, "description", line.description)),
    h("td", { class: "num" }, cell(index, "quantity", line.quantity, line.quantity && number(line.quantity))),
    h("td", { class: "num" }, cell(index, "rate", line.rate, line.rate && number(line.rate))),
    h("td", { class: "num" }, line.amount === null ? none() : money(line.amount, currency)),
  );
  const heads = [["Description", ""], ["Quantity", "num"], ["Rate", "num"], ["Amount", "num"]];
  const cells = heads.map(([label, kind]) => h("th", { scope: "col", class: kind }, label));
  return h("table", { class: "table draft-lines" }, h("thead", {}, h("tr", {}, cells)), h("tbody", {}, list.map(row)));
}
