// Invoices for a selection of records: asked for once, followed as a job, told record by record.

import { at, get, post } from "./api.js";
import { badge, prose } from "./badges.js";
import { connect } from "./connect.js";
import { desk, refreshAll } from "./desk.js";
import { h } from "./dom.js";
import { money } from "./format.js";
import { upgradeWays } from "./plan.js";
import { failed, refusal } from "./preview.js";
import { link } from "./route.js";
import { notice, openSheet, press, waiting } from "./sheet.js";
import { toast } from "./toasts.js";

export const MOST = 250;
const BEAT = 700;
const SILENCES = 20;
const ENDED = new Set(["succeeded", "failed"]);
const OUTCOMES = { created: ["Created", "good"], refused: ["Refused", "warn"], failed: ["Failed", "bad"] };

/** Ask, then create an invoice for each of `records`, `{id, name}`. `onStart` is called when the host has taken them. */
export function createBatch(object, records, { ws, onStart }) {
  return new Batch(object, records, ws, onStart).ask();
}

const some = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

class Batch {
  constructor(object, records, ws, onStart) {
    Object.assign(this, { object, records, ws, onStart, running: false });
    this.names = new Map(records.map(({ id, name }) => [id, name]));
    this.sheet = openSheet({ title: `Create invoices for ${some(records.length, "record")}`, note: object.plural });
  }

  ask() {
    const go = press(`Create ${some(this.records.length, "invoice")}`, () => this.start(this.records.map(({ id }) => id)), { class: "button primary" });
    const names = h("ul", { class: "names" }, this.records.map(({ name }) => h("li", {}, name)));
    const text = "Each record gets an invoice in QuickBooks. What is refused is said here and on its record; the others go through.";
    this.sheet.draw([h("p", {}, text), names], [press("Cancel", this.sheet.shut), go]);
  }

  async start(ids, more = {}) {
    if (this.running) return;
    this.running = true;
    this.sheet.draw(waiting("Handing the records over"), []);
    const path = at`/ui/api/crm/${this.ws}/${this.object.slug}/batch`;
    const outcome = await post(path, { record_ids: ids, ...more }).catch(failed);
    if (outcome.ok) {
      this.onStart();
      await this.follow(outcome.body.job_id, ids.length);
    } else this.refuse(outcome);
    this.running = false;
    await refreshAll();
  }

  async follow(id, total) {
    let job = { state: "queued", progress: { done: 0, total } };
    for (let silences = 0; !ENDED.has(job.state);) {
      this.drawProgress(job);
      await new Promise((resolve) => setTimeout(resolve, BEAT));
      const outcome = await get(at`/ui/api/app/${this.ws}/jobs/${id}`).catch(failed);
      silences = outcome.ok ? 0 : silences + 1;
      if (outcome.ok) job = outcome.body;
      else if ((outcome.status && outcome.status < 500) || silences === SILENCES) return this.refuse(outcome);
    }
    this.tell(job);
  }

  drawProgress({ state, progress: { done, total } }) {
    const words = { queued: "Waiting for its turn", waiting_for_lease: "Waiting for the connection" };
    const text = `${words[state] ?? "Creating invoices"}: ${done} of ${total} done`;
    const bar = h("progress", { max: total, ".value": done, "aria-label": "Records done" });
    const parts = h("div", { class: "progress" }, h("p", { role: "status" }, text), bar, h("p", { class: "quiet" }, "The work goes on when this is closed."));
    if (this.sheet.open) this.sheet.draw(parts, press("Close", this.sheet.shut));
  }

  refuse(outcome) {
    if (!this.sheet.open) return toast({ ...outcome.toast, kind: "error" });
    const actions = outcome.connect ? [{ label: "Connect QuickBooks", run: () => this.connect(), primary: true }] : [];
    this.sheet.draw(notice(refusal(outcome, { actions })), press("Close", this.sheet.shut));
  }

  async connect() {
    this.sheet.close();
    await connect();
  }

  tell({ state, result, error }) {
    if (!result) return this.refuse({ toast: { title: "Invoices not created", text: error?.detail ?? `The job ended as ${state}.` }, body: error ?? {} });
    const said = ["created", "refused", "failed"].filter((each) => result[each]).map((each) => `${result[each]} ${each}`).join(", ");
    const kind = result.refused || result.failed ? "warning" : "success";
    if (!this.sheet.open) return toast({ kind, title: "Invoices of the selection", text: `${said}.` });
    this.sheet.draw(this.results(result, said), this.after(result));
  }

  results({ records }, said) {
    const onclick = (event) => event.target.closest("a") && this.sheet.close(); // it leads somewhere on the page behind
    const list = h("ul", { class: "outcomes", "aria-label": "Outcomes", onclick }, records.map((each) => this.outcome(each)));
    return [h("p", { role: "status" }, h("strong", {}, said)), list];
  }

  outcome({ record_id: id, outcome, invoice, error }) {
    const [label, tone] = OUTCOMES[outcome] ?? [outcome, "mute"];
    const name = link({ crm: `${this.object.slug}/${id}` }, { class: "link" }, this.names.get(id) ?? id);
    const text = invoice ? this.made(invoice) : h("p", {}, prose(error?.detail ?? ""));
    return h("li", { "data-key": id }, badge(label, tone), h("div", {}, name, text));
  }

  made({ id, number, total, currency, environment }) {
    const books = `${environment}/${desk.app.company.realm}/invoices/${id}`;
    return h("p", {}, link({ books }, { class: "link" }, `Invoice ${number ?? id}`), `, ${money(total, currency)}`);
  }

  /** Those that were asked about because they have a recent invoice can be created all the same. */
  after({ records }) {
    const recent = records.filter(({ error }) => error?.code === "recent_invoice").map(({ record_id: id }) => id);
    const again = press(`Create ${some(recent.length, "invoice")} again`, () => this.start(recent, { confirm_recent: true }));
    const full = records.find(({ error }) => error?.code === "limit_reached");
    const ways = full ? upgradeWays(full.error).map(({ label, run }) => press(label, run)) : [];
    return [recent.length ? again : [], ways, press("Close", this.sheet.shut, { class: "button primary" })];
  }
}
