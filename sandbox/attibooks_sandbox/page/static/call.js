// One call in full: what was sent and what came back. Secrets are masked by the log already.

import { h, icon } from "./dom.js";

const NAMES = { attio: "Attio", quickbooks: "QuickBooks", stripe: "Stripe", host: "AttiBooks", app: "App" };

export const serviceName = (service) => NAMES[service] ?? service;

/** The panel of a call; `detail` is null while it is loaded. */
export function callDetail(id, detail, close) {
  const shut = h("button", { class: "button ghost small icon-only", "aria-label": "Close", onclick: close }, icon("close"));
  const title = detail ? `${detail.method} ${detail.path}` : "";
  const head = h("header", {}, h("strong", {}, detail ? serviceName(detail.service) : ""), h("span", { class: "mono", title }, title), shut);
  const facts = { class: "call-detail", "data-key": `detail ${id}`, "aria-label": "Call" };
  return h("section", facts, head, h("div", { class: "call-parts" }, detail ? parts(detail) : []));
}

function parts(call) {
  const status = call.status === null ? `No answer (${call.outcome})` : `Answer ${call.status}`;
  const headers = Object.entries(call.headers).map(([name, value]) => `${name}: ${value}`).join("\n");
  return [
    call.fault ? part("Fault", call.fault, true) : [],
    part("Sent", pretty(call.request_body)),
    part(status, pretty(call.response_body)),
    call.query ? part("Query", decoded(call.query), true) : [],
    part("Headers", headers, true),
  ];
}

const part = (title, text, wide = false) => h("div", { "data-wide": wide }, h("h3", {}, title), h("pre", { tabindex: "0" }, text || "(empty)"));

function decoded(query) {
  try {
    return decodeURIComponent(query.replaceAll("+", " "));
  } catch {
    return query; // a client may send anything
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // no JSON, or cut at the log's limit
  }
}
