// A large dialog with a form that draws itself anew at each change: what the review and the edit dialogs share.

import { failed } from "./preview.js";
import { openSheet } from "./sheet.js";

export class FormSheet {
  /** `mayClose` tells whether the dialog can be closed now. */
  constructor({ title, note, mayClose }) {
    Object.assign(this, { problems: new Map(), notice: null, busy: null, said: "", target: null });
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
