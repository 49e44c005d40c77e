// Small pieces that several views show.

import { h, icon } from "./dom.js";
import { hue, initials, tone } from "./format.js";
import { link } from "./route.js";

export const badge = (text, shade = "mute") => h("span", { class: "badge", "data-tone": shade }, text);

export const statusBadge = (status) => badge(status, tone(status));

export function avatar(name, size = "s") {
  return h("span", { class: "avatar", "data-hue": hue(name), "data-size": size, "aria-hidden": "true" }, initials(name));
}

export const none = () => h("span", { class: "none" }, "—");

export const trouble = (text) => h("div", { class: "trouble" }, icon("alert"), h("span", {}, prose(text)));

/** A sentence in which names between backticks stand out, and addresses are links without their long queries. */
export function prose(text) {
  const parts = text.split("`");
  return parts.length % 2 ? parts.map((part, index) => (index % 2 ? h("code", {}, part) : linked(part))) : [text];
}

const ADDRESS = /(https?:\/\/[^\s,;]*[^\s,;.:!?)])/;

const linked = (text) => text.split(ADDRESS).map((part, index) => (index % 2 ? outside(part) : part));

const outside = (url) => h("a", { class: "link", href: url, target: "_blank", rel: "noopener noreferrer" }, url.split("?")[0]);

export function crumbs(change, label) {
  return h("nav", { class: "crumbs", "aria-label": "Breadcrumb" }, icon("back"), link(change, {}, label));
}

const busy = new WeakSet();

/** Do what a button is for, once at a time however often it is pressed. */
export async function busyWhile(button, work) {
  if (busy.has(button)) return;
  busy.add(button);
  try {
    await work();
  } finally {
    busy.delete(button);
  }
}
