// The faults: switches that make the world outside go wrong.

import { at, put, remove } from "./api.js";
import { h } from "./dom.js";

/** The panel of the faults; `redraw` shows what came of a switch at once. */
export function faultPanel({ presets, faults }, redraw) {
  const clear = h(
    "button",
    { class: "button small", disabled: faults === 0, onclick: () => clearAll(presets, redraw) },
    "Clear all",
  );
  const head = h("header", {}, h("h2", {}, "Faults"), clear);
  return h("section", { class: "faults", "aria-label": "Faults", "data-key": "faults" }, head, presets.map((preset) => control(preset, redraw)));
}

function control({ key, label, detail, on }, redraw) {
  const onclick = async () => redraw(await put(at`/ui/api/faults/${key}`, { on: !on }));
  return h(
    "button",
    { class: "fault", role: "switch", "aria-checked": String(on), "data-key": key, onclick },
    h("span", { class: "what" }, label),
    h("span", { class: "why" }, detail),
    h("span", { class: "track", "aria-hidden": "true" }),
  );
}

async function clearAll(presets, redraw) {
  await remove("/control/faults");
  redraw({ faults: 0, presets: presets.map((preset) => ({ ...preset, on: false })) });
}
