// What the preview and the review dialog both show of a draft.

import { badge, prose } from "./badges.js";
import { h, icon } from "./dom.js";
import { money } from "./format.js";
import { HOW, said } from "./origins.js";

/** How the customer was found. */
export function matchOf({ match }) {
  if (!match) return [];
  const [label, tone] = HOW[match.how] ?? [match.how, "mute"];
  return h("p", { class: "match" }, badge(label, tone), " ", prose(match.reason ?? ""));
}

/** What a candidate is, on one line. */
export const candidateText = ({ name, email, reason }) => [h("strong", {}, name), email ? h("span", { class: "quiet" }, ` ${email}`) : [], h("span", { class: "reason" }, reason)];

/** Warnings of the host: the invoice can be made all the same. */
export function warningsOf(warnings) {
  return warnings.length ? h("section", { class: "notice", "data-kind": "warning", role: "note" }, icon("info"), h("div", {}, h("strong", {}, "Good to know"), said(warnings))) : [];
}

/** Problems of the draft as a whole, or all of them. */
export function obstaclesOf(problems, title) {
  return problems.length ? h("section", { class: "notice", "data-kind": "error", "aria-label": title }, icon("alert"), h("div", {}, h("strong", {}, title), said(problems))) : [];
}

/** Subtotal, tax and total; what only the books know, or only the next preview, is said in words. */
export function sums({ subtotal, tax, total, currency, unsure }) {
  const known = (value, words) => (value === null ? h("span", { class: "quiet" }, words) : money(value, currency));
  const rows = [
    ["Subtotal", money(subtotal, currency)],
    ["Tax", known(tax, unsure ?? "Only QuickBooks will know the tax")],
    ["Total", known(total, unsure ? "—" : "Subtotal plus tax"), "strong"],
  ];
  return h("dl", { class: "sums", "aria-label": "Sums" }, rows.map(([label, value, tone]) => [h("dt", { class: tone }, label), h("dd", { class: tone }, value)]));
}

/** The very bytes that a create sends, request by request, in a fold. */
export function payloadOf(payload, stale) {
  const request = ({ method, path, body }) => h("li", {}, h("p", { class: "mono" }, `${method} ${path}`), h("pre", { tabindex: "0", "aria-label": `Body of ${method} ${path}` }, body || "(empty)"));
  const empty = h("p", { class: "quiet" }, "Nothing would be sent: something is in the way.");
  const note = stale ? h("p", { class: "quiet" }, "As of the last preview, without what you changed since.") : [];
  const count = payload.length === 1 ? "1 request" : `${payload.length} requests`;
  return h(
    "details",
    { class: "payload", "data-key": "payload" },
    h("summary", {}, "What is sent to QuickBooks ", h("span", { class: "quiet" }, count)),
    note,
    payload.length ? h("ol", {}, payload.map(request)) : empty,
  );
}
