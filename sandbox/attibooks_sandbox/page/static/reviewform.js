// The fields of the review dialog. They write into the form and say that it changed; the dialog draws.

import { candidateText, matchOf } from "./draftparts.js";
import { amount } from "./decimal.js";
import { h, icon } from "./dom.js";
import { money } from "./format.js";
import { lineOf } from "./edits.js";
import { origin, said } from "./origins.js";
import { press } from "./sheet.js";

const MOST_LINES = 200;
const PARTS = ["description", "quantity", "rate"];

/** A control with its label, where its value came from and what is wrong with it, tied together for screen readers. */
export function field(view, { label, place, path, value, control, wide }) {
  const problems = view.problems.get(place) ?? [];
  const id = `review-${place}`;
  const facts = {
    id, class: "input", name: place, "aria-describedby": `${id}-note`, "aria-invalid": problems.length ? "true" : null,
    ".value": value, autocomplete: "off", spellcheck: "false",
  };
  const note = h("div", { id: `${id}-note` }, said(problems), problems.length ? [] : source(view, place, path, value));
  return h("div", { class: "field", "data-wide": wide }, h("label", { for: id }, label), control(facts), note);
}

/** What somebody changed since the last preview is theirs, whatever the draft said. */
function source(view, place, path, value) {
  return view.changed(place) ? origin({ source: "user" }) : origin(view.provenance[path], value);
}

export const input = (facts, set, more = {}) => h("input", { type: "text", ...facts, ...more, oninput: (event) => set(event.currentTarget.value) });

/** All fields of a draft but its lines. */
export function headFields(view) {
  const { form } = view;
  const text = (name, label, path, more = {}, wide = null) => field(view, {
    label, place: name, path, value: form[name], wide,
    control: (facts) => input(facts, (value) => view.edit(() => { form[name] = value; }), more),
  });
  return h(
    "div",
    { class: "review-fields" },
    customer(view),
    text("email", "E-mail", "customer.email", { inputmode: "email" }),
    text("currency", "Currency", "currency", { maxlength: "3", autocapitalize: "characters", placeholder: "As the customer" }),
    text("invoice_date", "Invoice date", "invoice_date", { type: "date" }),
    text("due_date", "Due date", "due_date", { type: "date" }),
    memo(view),
  );
}

function memo(view) {
  const set = (event) => view.edit(() => { view.form.memo = event.currentTarget.value; });
  const control = (facts) => h("textarea", { ...facts, rows: "2", oninput: set });
  return field(view, { label: "Memo", place: "memo", path: "memo", value: view.form.memo, control, wide: true });
}

function customer(view) {
  const { form, candidates, match } = view;
  const named = field(view, {
    label: candidates.length ? "Customer by name" : "Customer", place: "customer", path: "customer.name", value: form.customer.name,
    control: (facts) => input(facts, (value) => view.edit(() => { form.customer = { id: null, name: value }; })),
  });
  const found = view.changed("customer") ? h("p", { class: "match quiet" }, "Update the preview to see how this customer is found.") : matchOf({ match });
  if (!candidates.length) return h("div", { class: "customer", "data-wide": "true" }, named, found);
  const choice = (id, inside) => h(
    "label",
    { class: "choice" },
    h("input", { type: "radio", name: "customer-choice", value: id ?? "", ".checked": form.customer.id === id, onchange: () => view.edit(() => { form.customer = { ...form.customer, id }; }) }),
    h("span", {}, inside),
  );
  return h(
    "fieldset",
    { class: "customer", "data-wide": "true" },
    h("legend", {}, "Customer"),
    candidates.map((each) => choice(each.id, candidateText(each))),
    choice(null, "Find by this name, or make a new customer of it"),
    named,
    found,
  );
}

/** The lines: each can be edited, moved and removed; more can be added. */
export function lineFields(view) {
  const { form } = view;
  const problems = said(view.problems.get("lines"));
  const add = press([icon("plus"), "Add line"], () => view.edit(() => {
    form.lines.push(lineOf({ quantity: "1" }));
    view.focus(`lines.${form.lines.length - 1}.description`);
  }), { class: "button small", disabled: form.lines.length >= MOST_LINES, "data-focus": "add" });
  const heads = ["Description", "Quantity", "Rate", "Amount", ""].map((label) => h("span", {}, label));
  return h(
    "section",
    { class: "review-lines", "aria-label": "Lines" },
    h("div", { class: "line-heads", "aria-hidden": "true" }, heads),
    h("ol", {}, form.lines.map((line, index) => lineRow(view, line, index))),
    problems,
    add,
  );
}

function lineRow(view, line, index) {
  const cell = (part, label, control) => lineCell(view, { line, index, part, label, control });
  const value = amount(line.quantity, line.rate);
  const onkeydown = (event) => {
    const step = event.altKey ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : undefined;
    if (!step) return;
    event.preventDefault();
    move(view, index, step, event.target.dataset.part);
  };
  return h(
    "li",
    { class: "line", "data-key": line.key, role: "group", "aria-label": `Line ${index + 1}`, onkeydown },
    cell("description", "Description", (facts) => h("textarea", { ...facts, rows: "1" })),
    cell("quantity", "Quantity", (facts) => h("input", { type: "text", inputmode: "decimal", ...facts })),
    cell("rate", "Rate", (facts) => h("input", { type: "text", inputmode: "decimal", ...facts })),
    h("output", { class: "line-amount", "aria-label": `Amount of line ${index + 1}` }, value === null ? "—" : money(value, view.form.currency)),
    lineButtons(view, index),
    h("div", { class: "line-problems" }, PARTS.map((part) => h("div", { id: `review-lines.${index}.${part}-problems` }, said(view.problems.get(`lines.${index}.${part}`))))),
  );
}

function lineCell(view, { line, index, part, label, control }) {
  const place = `lines.${index}.${part}`;
  const problems = view.problems.get(place) ?? [];
  const id = `review-${place}`;
  const oninput = (event) => view.edit(() => { line[part] = event.currentTarget.value; });
  const facts = {
    id, class: "input", "aria-label": `${label} of line ${index + 1}`, "aria-describedby": `${id}-problems ${id}-note`, "data-part": part,
    "aria-invalid": problems.length ? "true" : null, ".value": line[part], oninput, autocomplete: "off", spellcheck: "false", "data-label": label,
  };
  const extra = part === "description" && line.item && !line.id ? h("p", { class: "origin" }, `Item: ${line.item}`) : [];
  const note = h("div", { id: `${id}-note` }, problems.length ? [] : lineSource(view, index, part), extra);
  return h("div", { class: "line-cell", "data-part": part }, h("span", { class: "line-label", "aria-hidden": "true" }, label), control(facts), note);
}

function lineSource(view, index, part) {
  const line = view.form.lines[index];
  const seen = view.seen.lines[index];
  if (seen?.key !== line.key || seen[part] !== line[part]) return origin({ source: "user" });
  return origin(view.provenance[`lines.${index}.${part}`], line[part]);
}

function lineButtons(view, index) {
  const last = view.form.lines.length - 1;
  const button = (name, mark, label, run, disabled) => h(
    "button",
    { type: "button", class: "button ghost small icon-only", "aria-label": `${label} line ${index + 1}`, title: label, disabled, "data-part": name, onclick: run },
    icon(mark),
  );
  return h(
    "div",
    { class: "line-buttons" },
    button("up", "up", "Move up", () => move(view, index, -1, "up"), index === 0),
    button("down", "down", "Move down", () => move(view, index, 1, "down"), index === last),
    button("remove", "close", "Remove", () => removeLine(view, index), false),
  );
}

/** Move a line; the focus goes along with it. */
function move(view, index, step, part = "description") {
  const { lines } = view.form;
  const target = index + step;
  if (target < 0 || target >= lines.length) return;
  view.edit(() => {
    [lines[index], lines[target]] = [lines[target], lines[index]];
    view.say(`Line ${index + 1} is now line ${target + 1} of ${lines.length}.`);
    view.focus(`lines.${target}.${part}`);
  });
}

function removeLine(view, index) {
  const { lines } = view.form;
  view.edit(() => {
    lines.splice(index, 1);
    view.say(`Line ${index + 1} is removed; ${lines.length} left.`);
    view.focus(lines.length ? `lines.${Math.min(index, lines.length - 1)}.remove` : "add");
  });
}
