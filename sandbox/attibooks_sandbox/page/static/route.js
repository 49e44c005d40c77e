// Where both panes are, kept in the address: #ws=<workspace>&crm=<object>/<record>&books=<environment>/<realm>/...

import { h } from "./dom.js";
import { showSide } from "./sides.js";

export const place = { ws: "", crm: "companies", books: "" };

export function readAddress(defaults) {
  const given = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  Object.assign(place, defaults, Object.fromEntries(Object.keys(place).filter((k) => given[k]).map((k) => [k, given[k]])));
}

const address = (change) => `#${new URLSearchParams({ ...place, ...change })}`.replaceAll("%2F", "/");

export function go(change) {
  location.hash = address(change);
}

/** A link that moves one pane and leaves the other where it is when the link is followed. */
export function link(change, props, ...children) {
  const onclick = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    showSide(change.books ? "books" : "crm");
    go(change);
  };
  return h("a", { href: address(change), onclick, ...props }, ...children);
}
