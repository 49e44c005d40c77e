// The accountant's hand: an invoice edited in the books themselves, as somebody in QuickBooks does.

import { at, post } from "./api.js";
import { refreshAll } from "./desk.js";
import { h } from "./dom.js";
import { lineOf } from "./edits.js";
import { FormSheet } from "./formsheet.js";
import { refusal } from "./preview.js";
import { field, input, lineFields } from "./reviewform.js";
import { notice, press } from "./sheet.js";
import { toast } from "./toasts.js";

const SAVING = "Saving";

/** Edit an invoice in the books. */
export const editInBooks = (invoice, name) => new BookEdit(invoice, name).draw();

class BookEdit extends FormSheet {
  constructor(invoice, name) {
    super({ title: `Edit ${name} in the books`, note: `${invoice.customer}, as an accountant in QuickBooks`, mayClose: () => this.busy !== SAVING });
    const lines = invoice.lines.map((line) => lineOf({ ...line, description: line.description ?? line.item, item: null, quantity: line.quantity ?? "1", rate: line.rate ?? line.amount }));
    this.form = { currency: invoice.currency, due_date: invoice.due, memo: invoice.memo ?? "", lines };
    Object.assign(this, { invoice, name, provenance: {}, seen: structuredClone(this.form) });
  }

  changed(part) {
    return this.form[part] !== this.seen[part];
  }

  async submit() {
    const { environment, realm } = this.invoice.company;
    const line = ({ id, description, quantity, rate }) => ({ id, description, quantity, rate });
    const isSame = JSON.stringify(this.form.lines) === JSON.stringify(this.seen.lines);
    const body = { due_date: this.form.due_date, memo: this.form.memo, lines: isSame ? null : this.form.lines.map(line) };
    const path = at`/ui/api/books/${environment}/${realm}/invoices/${this.invoice.id}/edit`;
    const outcome = await this.during(SAVING, () => post(path, body));
    if (outcome?.toast) this.notice = refusal(outcome);
    else {
      this.sheet.close();
      toast({ kind: "success", title: `${this.name} is changed in the books` });
    }
    this.draw();
    await refreshAll();
  }

  parts() {
    const set = (value) => this.edit(() => { this.form.due_date = value; });
    const oninput = (event) => this.edit(() => { this.form.memo = event.currentTarget.value; });
    const due = field(this, { label: "Due date", place: "due_date", path: "due_date", value: this.form.due_date, control: (facts) => input(facts, set, { type: "date" }) });
    const memo = field(this, { label: "Message to the customer", place: "memo", path: "memo", value: this.form.memo, wide: true, control: (facts) => h("textarea", { ...facts, rows: "2", oninput }) });
    return [this.notice ? notice(this.notice) : [], h("div", { class: "review-fields" }, due, memo), lineFields(this)];
  }

  foot() {
    const facts = { class: "button primary", disabled: Boolean(this.busy) };
    return [press("Cancel", this.sheet.shut), h("button", facts, "Save in the books")];
  }
}
