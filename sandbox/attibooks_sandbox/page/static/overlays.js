// What lies over the page: a menu beside its button, and dialogs.

import { prose } from "./badges.js";
import { h, icon } from "./dom.js";

/** A button that opens a menu of what `items` gives then, `{label, icon, run, disabled}`; arrow keys, Home, End, letters, Enter and Escape work. */
export function menuButton(label, items, props = {}) {
  const onclick = (event) => openMenu(event.currentTarget, items);
  const onkeydown = (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    openMenu(event.currentTarget, items, event.key === "ArrowUp" ? -1 : 0);
  };
  const facts = { type: "button", class: "button primary", "aria-haspopup": "menu", "aria-expanded": "false" };
  return h("button", { ...facts, onclick, onkeydown, ...props }, label, icon("down"));
}

function openMenu(button, itemsNow, first = 0) {
  const items = itemsNow();
  const menu = h("div", { class: "menu", role: "menu", popover: "auto", "aria-label": button.textContent });
  const entries = items.map((item) => entry(item, menu));
  menu.append(...entries);
  menu.onkeydown = (event) => moveInMenu(event, entries);
  menu.ontoggle = (event) => {
    button.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState !== "open") menu.remove();
  };
  document.body.append(menu);
  menu.showPopover();
  const box = button.getBoundingClientRect();
  menu.style.top = `${box.bottom + 4}px`;
  menu.style.left = `${Math.max(8, box.right - menu.offsetWidth)}px`;
  entries.at(first).focus();
}

function entry(item, menu) {
  const onclick = () => {
    if (item.disabled) return;
    menu.hidePopover();
    item.run();
  };
  const facts = { type: "button", class: "menu-item", role: "menuitem", tabindex: "-1" };
  return h("button", { ...facts, "aria-disabled": item.disabled ? "true" : null, onclick }, icon(item.icon), item.label);
}

function moveInMenu(event, entries) {
  const here = entries.indexOf(document.activeElement);
  const count = entries.length;
  const targets = { ArrowDown: (here + 1) % count, ArrowUp: (here - 1 + count) % count, Home: 0, End: count - 1 };
  const starts = (entry) => entry.textContent.toLowerCase().startsWith(event.key.toLowerCase());
  let target = targets[event.key];
  if (target === undefined && event.key.length === 1 && event.key !== " ") target = entries.findIndex(starts);
  if (event.key === "Tab") event.currentTarget.hidePopover();
  if (target === undefined || target < 0) return;
  event.preventDefault();
  entries[target].focus();
}

/** Ask in a dialog; resolves with what `answer` gives, or null when it was closed. Escape closes it. */
function ask(title, body, accept, answer) {
  return new Promise((resolve) => {
    const cancel = h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel");
    const foot = h("div", { class: "dialog-foot" }, cancel, h("button", { class: "button primary" }, accept));
    const heading = h("h2", { id: "dialog-title" }, title);
    let result = null;
    const onsubmit = (event) => {
      event.preventDefault();
      result = answer(event.currentTarget);
      dialog.close();
    };
    const form = h("form", { onsubmit }, h("div", { class: "dialog-body" }, heading, body), foot);
    const onclose = () => {
      dialog.remove();
      resolve(result);
    };
    const dialog = h("dialog", { "aria-labelledby": "dialog-title", onclose }, form);
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Ask a yes-or-no question; what is asked about is a text, or nodes. */
export const confirm = (title, said, accept) => ask(title, typeof said === "string" ? h("p", {}, prose(said)) : said, accept, () => true);

/** Let somebody pick a company; stands in for Intuit's sign-in, where one is picked too. */
export function pickCompany(companies, current) {
  const same = (one, other) => one?.environment === other?.environment && one?.realm === other?.realm;
  const chosen = companies.findIndex((company) => same(company, current));
  const choice = (company, index) => h(
    "label",
    { class: "choice" },
    h("input", { type: "radio", name: "company", value: index, checked: index === Math.max(chosen, 0) }),
    h("span", {}, company.name),
    h("span", { class: "quiet" }, `${company.country}, ${company.currency}${company.multicurrency ? " and others" : ""}`),
  );
  const group = (environment, title) => h(
    "fieldset",
    {},
    h("legend", {}, title),
    companies.map((company, index) => (company.environment === environment ? choice(company, index) : null)),
  );
  const body = [
    h("p", {}, "In Attio, Intuit's sign-in opens here and you pick a company. The sandbox lets you pick it at once."),
    h("div", { class: "choices" }, group("sandbox", "Sandbox companies"), group("production", "Production companies")),
  ];
  return ask("Connect QuickBooks", body, "Connect", (form) => companies[Number(new FormData(form).get("company"))]);
}
