// Where two panes do not fit, one side is shown at a time; on a wide screen all of them are, whatever is chosen here.

import { fill, h } from "./dom.js";

const SIDES = { crm: "Attio", books: "QuickBooks", wire: "Wire" };

/** Bring a side to the front. */
export function showSide(chosen) {
  document.body.dataset.side = chosen;
  const button = ([side, label]) => {
    const facts = { class: "side", "data-side": side, "aria-pressed": String(side === chosen), onclick: () => showSide(side) };
    return h("button", facts, label);
  };
  fill(document.getElementById("sides"), Object.entries(SIDES).map(button));
}
