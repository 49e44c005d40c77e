// The faults: switches that make the world outside go wrong.

import { at, put, remove } from "./api.js";
import { h } from "./dom.js";

/** The panel of the faults; `redraw` shows what came of a switch at once. */
export function faultPanel({ presets, faults, handler }, redraw) {
  const clear = h(
    "button",
    { class: "button small", disabled: faults === 0, onclick: () => clearAll(presets, redraw) },
    "Clear all",
  );
  const head = h("header", {}, h("h2", {}, "Faults"), clear);
  return h("section", { class: "faults", "aria-label": "Faults", "data-key": "faults" }, head, presets.map((preset) => control(preset, redraw)), handlerChoice(handler, redraw));
}

const HANDLER = {
  answers: "answers", expired: "says the connection expired", silent: "hands no tokens over", fails: "fails", hangs: "hangs", gone: "is gone",
};

/** How the app's webhook handler behaves when the host asks it for tokens. */
function handlerChoice(current, redraw) {
  const onchange = async (event) => redraw(await put("/ui/api/handler", { mode: event.currentTarget.value }));
  const option = ([mode, label]) => h("option", { value: mode, selected: mode === current }, label);
  const select = h("select", { id: "handler", class: "input", ".value": current, onchange }, Object.entries(HANDLER).map(option));
  return h("div", { class: "handler", "data-key": "handler" }, h("label", { for: "handler" }, "The app's webhook handler"), select);
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
