// A large dialog with a form that draws itself anew at each change: what the review and the edit dialogs share.

import { post } from "./api.js";
import { refreshAll } from "./desk.js";
import { failed } from "./preview.js";
import { openSheet } from "./sheet.js";
import { toast } from "./toasts.js";

export class FormSheet {
  /** `mayClose` tells whether the dialog can be closed now. */
  constructor({ title, note, mayClose }) {
    Object.assign(this, { problems: new Map(), notice: null, busy: null, said: "", target: null, sent: null });
    this.sheet = openSheet({ title, note, mayClose });
  }

  edit(change) {
    change();
    this.draw();
  }

  /** Tell something to those who do not see it. */
  say(text) {
    this.said = text;
  }

  /** Put the focus on a field or a button of a line after the next drawing. */
  focus(place) {
    this.target = place;
  }

  /** Do one thing at a time, and say what it is. */
  async during(what, work) {
    if (this.busy) return null;
    Object.assign(this, { busy: what, notice: null });
    this.draw();
    try {
      return await work();
    } catch (error) {
      return failed(error);
    } finally {
      this.busy = null;
    }
  }

  /** Send what was filled in: the same once more, while nobody knows what came of it, is the same click again. */
  async send(what, path, body) {
    const text = JSON.stringify(body);
    const key = this.sent?.text === text ? this.sent.key : null;
    const outcome = await this.during(what, () => post(path, { ...body, key }));
    if (!outcome) return;
    this.sent = outcome.code === "answer_lost" || outcome.status >= 500 ? { text, key: outcome.key } : null;
    await this.settled(outcome);
  }

  async settled(outcome) {
    if (outcome.ok) {
      this.sheet.close();
      toast(outcome.toast);
    } else {
      await this.refuse(outcome);
      this.draw();
      this.toTrouble();
    }
    await refreshAll();
  }

  draw() {
    if (!this.sheet.open) return;
    const { activeElement } = document;
    this.sheet.draw(this.parts(), this.foot(), () => this.submit());
    if (this.target) this.seek(this.target);
    else if (!activeElement.isConnected) this.sheet.dialog.querySelector("h2").focus();
    this.target = null;
  }

  seek(place) {
    const [, index, part] = place.split(".");
    const row = this.sheet.dialog.querySelectorAll("li.line")[index];
    const wanted = row ? row.querySelector(`.line-buttons [data-part="${part}"]:not(:disabled), .input[data-part="${part}"]`) : null;
    (wanted ?? row?.querySelector(".input") ?? this.sheet.dialog.querySelector(`[data-focus="${place}"]`))?.focus();
  }

  /** Go to the first thing that is wrong. */
  toTrouble() {
    const { dialog } = this.sheet;
    const first = dialog.querySelector(".notice[role=alert] .button, .notice[role=alert] a") ?? dialog.querySelector("[aria-invalid]");
    (first ?? dialog.querySelector("h2")).focus();
    first?.scrollIntoView({ block: "center" });
  }
}
