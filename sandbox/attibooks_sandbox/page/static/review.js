// The review dialog of custom mode: a draft to edit, previewed as often as somebody likes, then sent as it was seen.

import { at, post } from "./api.js";
import { connect } from "./connect.js";
import { amount, sum } from "./decimal.js";
import { obstaclesOf, payloadOf, sums, warningsOf } from "./draftparts.js";
import { h } from "./dom.js";
import { changes, editsOf, settle } from "./edits.js";
import { byPlace, others } from "./origins.js";
import { FormSheet } from "./formsheet.js";
import { refusal } from "./preview.js";
import { headFields, lineFields } from "./reviewform.js";
import { notice, press, waiting } from "./sheet.js";

const PREVIEWING = "Updating the preview";
const CREATING = "Creating the invoice";

/** Review an invoice of a record, and create it. Closing the dialog leaves nothing anywhere. */
export const reviewInvoice = (record, ws) => new Review(record, ws).preview();

class Review extends FormSheet {
  constructor(record, ws) {
    super({ title: "Create QuickBooks invoice", note: record.name, mayClose: () => this.busy !== CREATING });
    this.path = at`/ui/api/crm/${ws}/${record.object.slug}/${record.id}`;
    this.shown = null; // the body of the last preview
    this.candidates = [];
  }

  // what the fields use

  get provenance() {
    return this.shown.provenance;
  }

  get match() {
    return this.shown.draft.customer.match;
  }

  changed(part) {
    return changes(this.form, this.seen).includes(part);
  }

  // the two calls

  async preview() {
    const asked = this.form ? structuredClone(this.form) : null;
    const edits = asked ? editsOf(asked, this.base) : {};
    const outcome = await this.during(PREVIEWING, () => post(`${this.path}/preview`, { edits }));
    if (!outcome || !this.sheet.open) return;
    if (outcome.ok) this.take(outcome.body, asked);
    else this.refuse(outcome);
    this.draw();
  }

  take(body, asked) {
    this.shown = body;
    Object.assign(this, settle({ form: this.form, base: this.base, asked }, body.draft));
    const found = new Map([...body.draft.customer.candidates, ...this.candidates].map((each) => [each.id, each]));
    this.candidates = [...found.values()];
    this.mark(body.obstacles);
    if (asked) this.say(body.obstacles.length ? `The preview is up to date: ${body.obstacles.length} in the way.` : "The preview is up to date.");
  }

  async create({ confirmed = false } = {}) {
    const edits = editsOf(this.form, this.seen);
    const reviewed = { draft_token: this.shown.draft_token, ...(Object.keys(edits).length ? { edits } : {}) };
    await this.send(CREATING, `${this.path}/invoice`, { reviewed, confirm_recent: confirmed });
  }

  // what the host refused

  mark(problems) {
    this.problems = byPlace(problems, this.form.lines.length);
  }

  refuse(outcome) {
    const problems = outcome.body.problems ?? [];
    if (outcome.question) this.notice = this.question(outcome.question);
    else if (problems.some(({ field }) => field === "draft_token")) this.notice = this.spent(outcome);
    else if (outcome.status === 422 && this.form) this.invalid(outcome, problems);
    else this.notice = refusal(outcome, outcome.connect ? { actions: [{ label: "Connect QuickBooks", run: () => this.connect(), primary: true }] } : {});
  }

  question(text) {
    const actions = [
      { label: "Create another", run: () => this.create({ confirmed: true }), primary: true },
      { label: "Not now", run: () => this.edit(() => { this.notice = null; }) },
    ];
    return { kind: "question", title: "Create another invoice?", text, actions };
  }

  spent({ body }) {
    const { message } = body.problems.find(({ field }) => field === "draft_token");
    const actions = [{ label: "Preview again", run: () => this.preview(), primary: true }];
    return { kind: "error", title: "This draft cannot be sent any more", text: `${message} What you entered is kept.`, actions };
  }

  invalid(outcome, problems) {
    this.mark(problems);
    this.notice = refusal(outcome, problems.length ? { text: "Mend what is marked, then create it again." } : {});
  }

  async connect() {
    this.sheet.close();
    await connect();
  }

  // drawing

  submit() {
    return this.preview();
  }

  parts() {
    if (!this.form) return this.notice ? notice(this.notice) : waiting("Asking what would be sent");
    return [
      h("p", { class: "visually-hidden", role: "status", "data-key": "live" }, this.said),
      this.notice ? notice(this.notice) : [],
      obstaclesOf(this.problems.get(null) ?? [], "In the way of this invoice"),
      warningsOf(this.shown.warnings),
      headFields(this),
      lineFields(this),
      this.sums(),
      others(this.provenance),
      payloadOf(this.shown.payload, this.isStale),
    ];
  }

  get isStale() {
    return changes(this.form, this.seen).length > 0;
  }

  sums() {
    const { draft, obstacles } = this.shown;
    const { lines, currency } = this.form;
    const subtotal = sum(lines.map(({ quantity, rate }) => amount(quantity, rate)));
    if (this.isStale) return sums({ subtotal, tax: null, total: null, currency, unsure: "Known after Update preview" });
    return sums({ ...draft, subtotal, currency, unsure: obstacles.length ? "Not known while something is in the way" : null });
  }

  foot() {
    const cancel = press("Cancel", this.sheet.shut, { disabled: this.busy === CREATING });
    const said = this.busy && this.form ? h("span", { class: "busy", role: "status" }, h("span", { class: "spinner" }), this.busy) : [];
    if (!this.form) return [cancel, press("Try again", () => this.preview(), { disabled: Boolean(this.busy) })];
    const update = h("button", { class: "button", disabled: Boolean(this.busy) }, "Update preview");
    const facts = { class: "button primary", disabled: Boolean(this.busy) || !this.shown.draft_token };
    return [said, cancel, update, press("Create invoice", () => this.create(), facts)];
  }
}
