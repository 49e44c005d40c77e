// A pane shows one view at a time: it loads what the view needs, and renders again only when that has changed.

import { fill, h } from "./dom.js";

export class Pane {
  constructor(root) {
    this.root = root;
    this.view = null;
    this.shown = "";
    this.turn = 0;
    this.loading = null;
  }

  /**
   * Show a view `{key, load, render, still}`; the same key again only refreshes it.
   * A still view is loaded once: somebody fills in a form, or loading it asks the host.
   */
  async show(view, { focus = false } = {}) {
    const moved = this.view?.key !== view.key;
    this.view = view;
    if (moved) this.forget();
    await this.refresh();
    if (!moved || this.view !== view) return;
    this.root.scrollTop = 0;
    if (focus) this.root.querySelector("h1")?.focus();
  }

  /** Load again; a still view that is being loaded is only waited for, else what happens meanwhile would draw it twice. */
  refresh() {
    const { view } = this;
    if (!view || (view.still && this.shown)) return undefined;
    if (!view.still || !this.loading) this.loading = this.load(view, ++this.turn);
    return this.loading;
  }

  /** An answer that a later load has overtaken is dropped. */
  async load(view, turn) {
    let data;
    try {
      data = await view.load();
    } catch (error) {
      if (turn === this.turn) this.fail(error);
      return;
    }
    const seen = JSON.stringify(data);
    if (turn !== this.turn) return;
    this.loading = null;
    if (seen === this.shown) return;
    Object.assign(this, { shown: seen, data });
    this.draw();
  }

  /** Render what is loaded, after something in the view itself has changed. */
  draw() {
    fill(this.root, h("div", { "data-key": this.view.key }, this.view.render(this.data)));
  }

  /** Load and render again, after something beside it has changed. */
  redraw() {
    this.forget();
    return this.refresh();
  }

  forget() {
    Object.assign(this, { shown: "", loading: null });
  }

  fail(error) {
    this.forget();
    const again = h("button", { class: "button small", onclick: () => this.refresh() }, "Try again");
    fill(this.root, h("div", { class: "empty", role: "alert" }, h("strong", {}, "This cannot be shown"), h("p", {}, error.message), again));
  }
}
