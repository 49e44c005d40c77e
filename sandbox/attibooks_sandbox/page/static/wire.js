// The drawer below: every call that crossed the wire, newest first, and the faults that can be switched on.

import { at, get } from "./api.js";
import { fill, h, icon } from "./dom.js";
import { callDetail, serviceName } from "./call.js";
import { faultPanel } from "./faults.js";
import { clock } from "./format.js";

const KEPT = 400;
const calls = new Map();
const view = { open: localStorage.getItem("wire") !== "closed", tall: false, chosen: null, detail: null, pulse: null };

/** Note what a pulse brought and draw. */
export function drawWire(pulse) {
  view.pulse = pulse;
  for (const call of [...pulse.calls, ...pulse.host_calls]) calls.set(call.id, call);
  draw();
}

function draw() {
  const root = document.getElementById("wire");
  root.dataset.open = String(view.open);
  root.dataset.tall = String(view.tall);
  const parts = [list(), view.chosen ? callDetail(view.chosen, view.detail, close) : [], faultPanel(view.pulse, drawPresets)];
  const onkeydown = (event) => event.key === "Escape" && view.chosen && close();
  const body = h("div", { onkeydown, class: "wire-body", "data-detail": view.chosen ? "true" : null }, parts);
  fill(root, head(), body);
}

function head() {
  const { counts, faults } = view.pulse;
  const sum = (service) => Object.values(counts[service] ?? {}).reduce((one, other) => one + other, 0);
  const tally = (service) => h("span", { class: "tally", "data-service": service }, serviceName(service), h("strong", {}, sum(service)));
  const armed = faults ? h("span", { class: "badge", "data-tone": "bad" }, `${faults} ${faults === 1 ? "fault" : "faults"} on`) : [];
  const toggle = h("button", { class: "wire-title", "aria-expanded": String(view.open), onclick: flip }, icon("down"), "Wire");
  const clear = h("button", { class: "button ghost small", onclick: clearList }, "Clear list");
  const facts = { class: "button ghost small tall", "aria-pressed": String(view.tall), onclick: stretch, disabled: !view.open };
  const end = h("span", { class: "end" }, armed, clear, h("button", facts, icon("tall"), view.tall ? "Shorter" : "Taller"));
  return h("div", { class: "wire-head" }, toggle, ["host", "attio", "quickbooks", ...(counts.stripe ? ["stripe"] : [])].map(tally), end);
}

function flip() {
  view.open = !view.open;
  localStorage.setItem("wire", view.open ? "open" : "closed");
  draw();
}

function stretch() {
  view.tall = !view.tall;
  draw();
}

function clearList() {
  calls.clear();
  view.chosen = null;
  draw();
}

function newestFirst() {
  const sorted = [...calls.values()].sort((one, other) => other.at.localeCompare(one.at) || other.number - one.number);
  for (const old of sorted.splice(KEPT)) calls.delete(old.id);
  return sorted;
}

function list() {
  const rows = newestFirst().map((call) => h("li", { "data-key": call.id }, row(call)));
  if (!rows.length) return h("div", { class: "wire-list", "data-key": "list" }, h("p", { class: "wire-empty" }, "No call has crossed the wire yet."));
  return h("div", { class: "wire-list", "data-key": "list" }, h("ol", { "aria-label": "Calls, newest first" }, rows));
}

function row(call) {
  const facts = {
    class: "call", "data-service": call.service, "data-class": call.class,
    "aria-expanded": String(view.chosen === call.id), onclick: () => choose(call.id),
  };
  const target = call.query ? `${call.path}?${call.query}` : call.path;
  return h(
    "button",
    facts,
    h("span", { class: "at mono" }, clock(call.at)),
    h("span", { class: "service" }, serviceName(call.service)),
    h("span", { class: "method mono" }, call.method),
    h("span", { class: "clip mono", title: target }, short(target)),
    h("span", { class: "kind" }, call.class),
    result(call),
  );
}

/** A path with its long ids cut, so that the end, where calls differ, is in sight; the title has all of it. */
function short(target) {
  return target.replace(/\d{8,}(\d{4})/g, "…$1").replace(/([0-9a-f]{8})-[0-9a-f-]{27}/g, "$1…");
}

function result({ status, outcome, fault }) {
  const words = { open: "waiting", cut: "cut", lost: "no answer", refused: "not there" };
  const shade = status === null ? (outcome === "open" ? "mute" : "bad") : status < 300 ? "good" : status < 500 ? "warn" : "bad";
  const struck = fault ? h("span", { class: "struck", title: `fault: ${fault}` }, "fault") : [];
  return h("span", {}, h("span", { class: "result", "data-tone": shade }, status ?? words[outcome] ?? outcome), struck);
}

async function choose(id) {
  if (view.chosen === id) return close();
  Object.assign(view, { chosen: id, detail: null });
  draw();
  const detail = await get(at`/ui/api/calls/${id}`);
  if (view.chosen === id) view.detail = detail;
  draw();
}

function close() {
  const button = document.querySelector(`.wire [data-key="${view.chosen}"] button`);
  view.chosen = null;
  draw();
  button?.focus();
}

function drawPresets(changed) {
  Object.assign(view.pulse, changed);
  draw();
}
