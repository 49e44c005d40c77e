// A large dialog over the page. It is modal: the rest of the page is out of reach until it is closed, and the focus goes back then.

import { prose } from "./badges.js";
import { fill, h, icon } from "./dom.js";

/**
 * Open a sheet `{title, note, mayClose, onclose}`. The answer can `draw(parts, foot, onsubmit)`, `close()`, and tells
 * whether it is `open`. Escape closes it unless `mayClose` says no.
 */
export function openSheet({ title, note, mayClose = () => true, onclose = () => {} }) {
  const form = h("form", { novalidate: true });
  const dialog = h("dialog", { class: "sheet-dialog", "aria-labelledby": "sheet-title" }, form);
  const shut = () => mayClose() && dialog.close();
  dialog.oncancel = (event) => mayClose() || event.preventDefault();
  dialog.onclose = () => {
    dialog.remove();
    if (document.activeElement === document.body) document.getElementById("crm-main").focus();
    onclose();
  };
  const head = () => h(
    "header",
    { class: "sheet-head" },
    h("div", {}, h("h2", { id: "sheet-title", tabindex: "-1" }, title), h("p", { class: "quiet clip" }, note)),
    h("button", { type: "button", class: "button ghost icon-only", "aria-label": "Close", onclick: shut }, icon("close")),
  );
  const draw = (parts, foot, onsubmit = null) => {
    form.onsubmit = (event) => {
      event.preventDefault();
      onsubmit?.();
    };
    const readable = onsubmit ? {} : { tabindex: "0", role: "group", "aria-labelledby": "sheet-title" }; // scrolls by keyboard
    fill(form, head(), h("div", { class: "sheet-body", ...readable }, parts), h("footer", { class: "sheet-foot" }, foot));
  };
  draw([], []);
  document.body.append(dialog);
  dialog.showModal();
  form.querySelector("h2").focus();
  return { dialog, draw, shut, close: () => dialog.close(), get open() { return dialog.open; } };
}

export const press = (label, onclick, props = {}) => h("button", { type: "button", class: "button", onclick, ...props }, label);

/** What a sheet shows while it waits. */
export const waiting = (text) => h("p", { class: "waiting", role: "status" }, h("span", { class: "spinner" }), text);

/** A message inside a sheet `{kind, title, text, more, link, actions: [{label, run, primary}]}`; it is read out at once. */
export function notice({ kind, title, text, more = [], link, actions = [] }) {
  const follow = link ? h("a", { class: "link", href: link, target: "_blank", rel: "noopener noreferrer" }, "Upgrade to Pro") : [];
  const buttons = actions.map(({ label, run, primary }) => press(label, run, { class: primary ? "button primary small" : "button small" }));
  const foot = link || actions.length ? h("div", { class: "notice-foot" }, buttons, follow) : [];
  const facts = { class: "notice", "data-kind": kind, "data-key": `notice ${title}`, role: "alert" };
  return h("section", facts, icon(kind === "question" ? "info" : "alert"), h("div", {}, h("strong", {}, title), h("p", {}, prose(text)), more, foot));
}

/** An address that may be followed: a refusal holds whatever the host's billing says. */
export const safeLink = (url) => (/^https?:/i.test(url ?? "") ? url : null);
