// The app's settings, section by section, as the host describes them.

import { at, get, put } from "./api.js";
import { badge, busyWhile, prose } from "./badges.js";
import { checkStatus, connect, disconnect } from "./connect.js";
import { desk, loadApp } from "./desk.js";
import { h } from "./dom.js";
import { place } from "./route.js";
import { control, entered } from "./fields.js";
import { planPart } from "./plan.js";
import { toast } from "./toasts.js";
import { runSetup, syncInvoices } from "./upkeep.js";

const CONNECTION = 1;
const SYNC = 6;
const ADVANCED = 7;
const EXTRA_AFTER = { [ADVANCED]: "invoice_object_slug" };
const PLAN = 8;

/** The view of the settings. */
export function settingsView() {
  const { ws } = place;
  return { key: `settings ${ws}`, load: () => load(ws), render, still: true };
}

async function load(ws) {
  const [settings, { slugs }] = await Promise.all([get(at`/ui/api/app/${ws}/settings`), get(at`/ui/api/crm/${ws}`)]);
  const usage = settings.ok ? await get(at`/ui/api/app/${ws}/usage`) : null;
  return { settings, slugs, usage, company: desk.app.company };
}

function render(data) {
  return [head(data.company), data.settings.ok ? form(data) : closed(data)];
}

/** The app's header: what it is connected to, and the way to connect it. */
function head(company) {
  const state = company ? badge(`Connected, ${company.environment}`, company.environment === "production" ? "warn" : "good") : badge("Not connected");
  const join = press("Connect QuickBooks", connect, { class: company ? "button" : "button primary" });
  const row = h("div", { class: "title-row" }, h("h1", { tabindex: "-1" }, "AttiBooks settings"), state, join);
  return h("div", { class: "view-head" }, row);
}

function press(label, run, props = {}) {
  const onclick = (event) => busyWhile(event.currentTarget, run);
  return h("button", { type: "button", class: "button", onclick, ...props }, label);
}

/** Without settings from the host there is the connection, and why there is no more. */
function closed({ settings, company }) {
  const why = h("div", { class: "empty", role: "status" }, h("strong", {}, settings.toast.title), h("p", {}, prose(settings.toast.text)));
  const section = h("section", { class: "card" }, h("header", {}, h("h2", {}, "QuickBooks Connection")), connection(company));
  return h("div", { class: "view-body" }, section, why);
}

function form({ settings, slugs, usage, company }) {
  const { sections, problems } = settings.body;
  const extras = { [CONNECTION]: connection(company), [SYNC]: sync(), [ADVANCED]: setup(settings.body), [PLAN]: usage ? planPart(usage, place.ws) : [] };
  const cards = sections.map((section) => card(section, problems, extras[section.number] ?? []));
  const save = h("button", { class: "button primary", disabled: true }, "Save settings");
  const note = h("span", { class: "quiet", role: "status" });
  const onsubmit = (event) => {
    event.preventDefault();
    busyWhile(save, () => store(settings.body, event.currentTarget));
  };
  const oninput = () => {
    save.disabled = false;
    note.textContent = "Unsaved changes";
  };
  const known = h("datalist", { id: "slugs" }, slugs.map((slug) => h("option", { value: slug })));
  const bar = h("div", { class: "save-bar" }, note, save);
  return h("form", { class: "view-body", novalidate: true, onsubmit, oninput }, cards, known, bar);
}

function card({ number, title, fields }, problems, extra) {
  if (!fields.length && Array.isArray(extra)) return [];
  const rows = fields.map((field) => row(field, problems.filter((problem) => problem.field === field.key)));
  const after = fields.findIndex(({ key }) => key === EXTRA_AFTER[number]) + 1;
  const heading = h("header", {}, h("span", { class: "section-number" }, number), h("h2", {}, title));
  return h("section", { class: "card", "aria-label": title }, heading, [...rows.slice(0, after), extra, ...rows.slice(after)]);
}

function row(field, problems) {
  const said = problems.map(({ message, fix, severity }) => h("p", { class: "problem", "data-severity": severity }, prose(`${message} ${fix}`)));
  const note = h("div", { id: `note-${field.key}` }, said);
  const pro = field.plan === "free" ? "" : ` (${field.plan[0].toUpperCase()}${field.plan.slice(1)})`;
  return h(
    "div",
    { class: "setting", "data-setting": field.key },
    h("label", { for: `setting-${field.key}` }, field.title + pro),
    h("p", { class: "help", id: `help-${field.key}` }, field.help),
    h("div", { class: "control" }, control(field, problems.some(({ severity }) => severity === "error")), note),
  );
}

function connection(company) {
  const said = company
    ? [h("strong", {}, company.name), ` ${company.environment}, company ${company.realm}`]
    : [h("strong", {}, "Not connected")];
  return h(
    "div",
    { class: "connection" },
    h("p", {}, said),
    press("Check Status", checkStatus),
    company ? press("Disconnect", disconnect, { class: "button ghost" }) : [],
  );
}

function sync() {
  const text = "Brings what has changed in QuickBooks: status, balance, dates and customer of every invoice. The same runs by itself at every change and each night.";
  return h("div", { class: "connection" }, h("p", {}, text), press("Sync Now", syncInvoices));
}

/** The setup acts on what is stored, so what was just entered is stored first. */
function setup(shown) {
  const run = async (node) => {
    const isDirty = !node.querySelector(".save-bar .button").disabled;
    if (!isDirty || (await store(shown, node))) await runSetup();
  };
  const onclick = ({ currentTarget: button }) => busyWhile(button, () => run(button.form));
  const text = "Makes the invoice object with its attributes, or adds what is missing. Nothing of yours is changed or removed.";
  return h("div", { class: "connection" }, h("p", {}, text), h("button", { type: "button", class: "button", onclick }, "Run Setup"));
}

async function store({ settings, sections }, node) {
  const changed = { ...settings };
  for (const field of sections.flatMap(({ fields }) => fields)) {
    const value = entered(field, node.elements[field.key]);
    if (value === null) delete changed[field.key];
    else changed[field.key] = value;
  }
  const outcome = await put(at`/ui/api/app/${place.ws}/settings`, { settings: changed });
  toast(outcome.toast);
  if (!outcome.ok) {
    mark(node, outcome.body.problems ?? []);
    return false;
  }
  await loadApp();
  await desk.crm.redraw();
  await desk.refreshRail();
  return true;
}

/** Put the host's problems beside their fields, and go to the first of them. */
function mark(node, problems) {
  for (const each of node.querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
  for (const each of node.querySelectorAll(".problem")) each.remove();
  for (const { field, message, fix } of problems) {
    const input = node.elements[field];
    input?.setAttribute("aria-invalid", "true");
    document.getElementById(`note-${field}`)?.append(h("p", { class: "problem" }, prose(`${message} ${fix}`)));
  }
  const first = node.querySelector("[aria-invalid]");
  first?.focus();
  first?.scrollIntoView({ block: "center" });
}
