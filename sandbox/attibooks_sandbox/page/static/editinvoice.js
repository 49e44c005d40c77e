// The dialog of *Edit Invoice in QuickBooks*: the live invoice, what can be changed of it, and both versions on a conflict.

import { at, post } from "./api.js";
import { none, prose, statusBadge } from "./badges.js";
import { connect } from "./connect.js";
import { amount, sum } from "./decimal.js";
import { h, icon } from "./dom.js";
import { lineOf, sentLine } from "./edits.js";
import { day, money, number } from "./format.js";
import { FormSheet } from "./formsheet.js";
import { byPlace } from "./origins.js";
import { refusal } from "./preview.js";
import { field, input, lineFields } from "./reviewform.js";
import { notice, press, waiting } from "./sheet.js";

const LOADING = "Reading the invoice in QuickBooks";
const SAVING = "Changing the invoice";
const PARTS = ["due_date", "memo", "lines"];
const NAMES = { due_date: "Due date", memo: "Memo", lines: "Lines" };

/** Edit the invoice that a record stands for. */
export const editInvoice = (record, ws) => new Edit(record, ws).load();

/** What can be edited of an invoice; a line that has only an amount is one of that amount. */
function formOf(live) {
  const line = (each) => lineOf({ ...each, quantity: each.quantity ?? "1", rate: each.rate ?? each.amount });
  return { currency: live.currency, due_date: live.due_date ?? "", memo: live.memo ?? "", lines: (live.lines ?? []).map(line) };
}

const sent = (form, part) => (part === "lines" ? form.lines.map(sentLine) : form[part] || null);

const differs = (one, other, part) => JSON.stringify(sent(one, part)) !== JSON.stringify(sent(other, part));

class Edit extends FormSheet {
  constructor(record, ws) {
    super({ title: "Edit Invoice in QuickBooks", note: record.name, mayClose: () => this.busy !== SAVING });
    Object.assign(this, { ws, path: at`/ui/api/crm/${ws}/${record.object.slug}/${record.id}`, live: null, provenance: {} });
  }

  changed(part) {
    return PARTS.includes(part) && differs(this.form, this.seen, part);
  }

  get changes() {
    return PARTS.filter((part) => this.live.editable[part] && this.changed(part));
  }

  // the two calls

  async load() {
    const outcome = await this.during(LOADING, () => post(`${this.path}/live`));
    if (!outcome || !this.sheet.open) return;
    if (outcome.ok) this.take(outcome.body);
    else this.refuse(outcome);
    this.draw();
  }

  /** Begin with an invoice as the books have it. */
  take(live) {
    this.live = live;
    this.seen = formOf(live);
    this.form = structuredClone(this.seen);
    this.problems = new Map();
  }

  async submit() {
    if (!this.live || !this.changes.length) return;
    const changes = Object.fromEntries(this.changes.map((part) => [part, sent(this.form, part)]));
    await this.send(SAVING, `${this.path}/edit`, { version: this.live.version, changes });
  }

  // what the host refused

  async refuse(outcome) {
    const problems = outcome.body.problems ?? [];
    if (outcome.code === "conflict") return this.contradict(outcome);
    if (outcome.status === 422 && this.form) this.problems = byPlace(problems, this.form.lines.length);
    const actions = outcome.connect ? [{ label: "Connect QuickBooks", run: () => this.connect(), primary: true }] : [];
    const said = (this.problems.get(null) ?? []).map(({ message, fix }) => `${message} ${fix ?? ""}`);
    this.notice = refusal(outcome, { actions, text: [outcome.toast.text, ...said].join(" ") });
  }

  /** Somebody was faster: show both versions, and let the person say which counts. */
  async contradict(outcome) {
    const { current } = outcome.body;
    const whole = current?.lines && current.editable ? current : (await post(`${this.path}/live`)).body;
    if (!whole.editable) {
      this.notice = refusal(outcome, { actions: [{ label: "Read it again", run: () => this.load(), primary: true }] });
      return;
    }
    const mine = this.form;
    const actions = [
      { label: "Keep my version", run: () => this.edit(() => this.choose(whole, mine)), primary: true },
      { label: "Take QuickBooks' version", run: () => this.edit(() => this.choose(whole, null)) },
    ];
    this.notice = { kind: "question", title: "There are two versions of this invoice", text: outcome.toast.text, actions, more: versions(mine, formOf(whole), this.seen) };
  }

  choose(whole, mine) {
    this.notice = null;
    const seen = this.seen;
    this.take(whole);
    if (!mine) return;
    for (const part of PARTS) if (whole.editable[part] && differs(mine, seen, part)) this.form[part] = mine[part];
    this.say("Your version is kept. Save it to send it.");
  }

  async connect() {
    this.sheet.close();
    await connect();
  }

  // drawing

  parts() {
    if (!this.live) return this.notice ? notice(this.notice) : waiting(LOADING);
    const { editable } = this.live;
    return [
      h("p", { class: "visually-hidden", role: "status", "data-key": "live" }, this.said),
      this.notice ? notice(this.notice) : [],
      this.locks(),
      this.hints(),
      this.facts(),
      h("div", { class: "review-fields" }, this.dueDate(), this.memo()),
      editable.lines ? lineFields(this) : this.lines(),
      this.sums(),
    ];
  }

  /** Why something cannot be changed; one reason for several parts is said once. */
  locks() {
    const locked = PARTS.filter((part) => !this.live.editable[part]);
    const reasons = [...Map.groupBy(locked, (part) => this.live.reasons[part] ?? "").entries()];
    const row = ([reason, parts]) => h("p", {}, h("strong", {}, `${parts.map((part) => NAMES[part]).join(", ")}: `), prose(reason));
    return locked.length ? h("section", { class: "notice locked", "data-kind": "warning", role: "note", "aria-label": "Locked" }, icon("info"), h("div", {}, h("strong", {}, "Not everything can be changed"), reasons.map(row))) : [];
  }

  /** What the host says of the invoice as a whole, as that it was e-mailed already. */
  hints() {
    const said = Object.entries(this.live.reasons).filter(([part]) => !PARTS.includes(part));
    return said.length ? h("section", { class: "notice", "data-kind": "question", role: "note", "aria-label": "Good to know" }, icon("info"), h("div", {}, said.map(([, text]) => h("p", {}, prose(text))))) : [];
  }

  facts() {
    const { customer_name: customer, status, total, balance, currency, invoice_date: date } = this.live;
    const fact = (label, value) => h("div", { class: "fact" }, h("dt", {}, label), h("dd", {}, value));
    return h("dl", { class: "facts" }, fact("Customer", customer), fact("Status", statusBadge(status)), fact("Invoice date", day(date) || none()), fact("Balance", `${money(balance, currency)} of ${money(total, currency)}`));
  }

  dueDate() {
    const set = (value) => this.edit(() => { this.form.due_date = value; });
    return field(this, {
      label: "Due date", place: "due_date", path: "due_date", value: this.form.due_date,
      control: (facts) => input(facts, set, { type: "date", disabled: !this.live.editable.due_date }),
    });
  }

  memo() {
    const oninput = (event) => this.edit(() => { this.form.memo = event.currentTarget.value; });
    return field(this, {
      label: "Memo", place: "memo", path: "memo", value: this.form.memo, wide: true,
      control: (facts) => h("textarea", { ...facts, rows: "2", disabled: !this.live.editable.memo, oninput }),
    });
  }

  lines() {
    const { lines, currency } = this.live;
    const row = (line) => h("tr", {}, h("td", {}, line.description), h("td", { class: "num" }, line.quantity === null ? none() : number(line.quantity)), h("td", { class: "num" }, line.rate === null ? none() : number(line.rate)), h("td", { class: "num" }, money(line.amount, currency)));
    const heads = [["Description", ""], ["Quantity", "num"], ["Rate", "num"], ["Amount", "num"]];
    const cells = heads.map(([label, kind]) => h("th", { scope: "col", class: kind }, label));
    return h("table", { class: "table draft-lines", "aria-label": "Lines" }, h("thead", {}, h("tr", {}, cells)), h("tbody", {}, lines.map(row)));
  }

  sums() {
    const { total, currency } = this.live;
    const subtotal = sum(this.form.lines.map(({ quantity, rate }) => amount(quantity, rate)));
    const later = this.changed("lines") ? h("span", { class: "quiet" }, "Known when it is saved") : money(total, currency);
    const rows = [["Lines", money(subtotal, currency), null], ["Total", later, "strong"]];
    return h("dl", { class: "sums", "aria-label": "Sums" }, rows.map(([label, value, tone]) => [h("dt", { class: tone }, label), h("dd", { class: tone }, value)]));
  }

  foot() {
    const cancel = press("Cancel", this.sheet.shut, { disabled: this.busy === SAVING });
    if (!this.live) return [cancel, press("Try again", () => this.load(), { disabled: Boolean(this.busy) })];
    const said = this.busy ? h("span", { class: "busy", role: "status" }, h("span", { class: "spinner" }), this.busy) : [];
    const facts = { class: "button primary", disabled: Boolean(this.busy) || !this.changes.length };
    return [said, cancel, h("button", facts, "Save to QuickBooks")];
  }
}

/** The parts in which two versions differ, side by side. */
function versions(mine, theirs, seen) {
  const parts = PARTS.filter((part) => differs(mine, theirs, part) || differs(theirs, seen, part));
  const text = { due_date: (form) => day(form.due_date), memo: (form) => form.memo, lines: (form) => h("ul", {}, form.lines.map((line) => h("li", {}, `${line.description}: ${line.quantity} × ${line.rate}`))) };
  const row = (part) => h("tr", {}, h("th", { scope: "row" }, NAMES[part]), h("td", {}, differs(mine, seen, part) ? text[part](mine) || none() : h("span", { class: "quiet" }, "Not changed by you")), h("td", {}, text[part](theirs) || none()));
  const heads = ["", "Yours", "In QuickBooks"].map((label) => h("th", { scope: "col" }, label));
  return h("table", { class: "versions", "aria-label": "Both versions" }, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, parts.map(row)));
}
