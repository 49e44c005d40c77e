// A pane shows one view at a time: it loads what the view needs, and renders again only when that has changed.

import { fill, h } from "./dom.js";

export class Pane {
  constructor(root) {
    this.root = root;
    this.view = null;
    this.shown = "";
    this.turn = 0;
  }

  /**
   * Show a view `{key, load, render, still}`; the same key again only refreshes it.
   * A still view is loaded once: somebody fills in a form, or loading it asks the host.
   */
  async show(view, { focus = false } = {}) {
    const moved = this.view?.key !== view.key;
    this.view = view;
    if (moved) this.shown = "";
    await this.refresh();
    if (!moved || this.view !== view) return;
    this.root.scrollTop = 0;
    if (focus) this.root.querySelector("h1")?.focus();
  }

  /** Load again; an answer that a later load has overtaken is dropped. */
  async refresh() {
    const { view } = this;
    if (!view || (view.still && this.shown)) return;
    const turn = ++this.turn;
    let data;
    try {
      data = await view.load();
    } catch (error) {
      if (turn === this.turn) this.fail(error);
      return;
    }
    const seen = JSON.stringify(data);
    if (turn !== this.turn || seen === this.shown) return;
    Object.assign(this, { shown: seen, data });
    this.draw();
  }

  /** Render what is loaded, after something in the view itself has changed. */
  draw() {
    fill(this.root, h("div", { "data-key": this.view.key }, this.view.render(this.data)));
  }

  /** Load and render again, after something beside it has changed. */
  redraw() {
    this.shown = "";
    return this.refresh();
  }

  fail(error) {
    this.shown = "";
    const again = h("button", { class: "button small", onclick: () => this.refresh() }, "Try again");
    fill(this.root, h("div", { class: "empty", role: "alert" }, h("strong", {}, "This cannot be shown"), h("p", {}, error.message), again));
  }
}
