// Messages in the corner. What went well goes by itself, later the more it says; an error stays until it is dismissed.

import { prose } from "./badges.js";
import { fill, h, icon } from "./dom.js";

const MARKS = { success: "check", error: "alert", warning: "alert", neutral: "info" };
const SECONDS = { success: 8, warning: 14, neutral: 10 };
const LETTERS_A_SECOND = 20;

/** Show a toast `{kind, title, text, more}`, `more` gives nodes and gets what closes it; the answer can `update` and `close` it. Kind `busy` turns until updated. */
export function toast(said) {
  const node = h("div", { class: "toast" });
  const shown = { node, timer: 0, update: (next) => say(shown, next), close: () => close(shown) };
  node.onmouseenter = () => clearTimeout(shown.timer);
  node.onmouseleave = () => wait(shown);
  say(shown, said);
  document.getElementById("toasts").append(node);
  return shown;
}

function say(shown, { kind, title, text, more }) {
  const { node } = shown;
  node.dataset.kind = kind;
  node.setAttribute("role", kind === "error" ? "alert" : "status");
  fill(
    node,
    kind === "busy" ? h("span", { class: "spinner", "data-key": "spinner" }) : icon(MARKS[kind]),
    h("p", { class: "toast-title" }, title),
    h("button", { class: "button ghost small icon-only", "aria-label": "Dismiss", onclick: shown.close }, icon("close")),
    text ? h("p", { class: "toast-text" }, prose(text)) : [],
    more ? h("div", { class: "toast-more" }, more(shown.close)) : [],
  );
  wait(shown);
}

function wait(shown) {
  clearTimeout(shown.timer);
  const seconds = SECONDS[shown.node.dataset.kind];
  if (seconds) shown.timer = setTimeout(shown.close, (seconds + shown.node.textContent.length / LETTERS_A_SECOND) * 1000);
}

function close(shown) {
  clearTimeout(shown.timer);
  shown.node.remove();
}

/** Show an error that somebody threw. */
export const complain = (error) => toast({ kind: "error", title: "That did not work", text: error.message });
