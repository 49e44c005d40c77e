// The books: which company, its invoices, its customers and its payments.

import { at, get } from "./api.js";
import { badge, none, statusBadge } from "./badges.js";
import { desk } from "./desk.js";
import { fill, h } from "./dom.js";
import { day, money, number } from "./format.js";
import { go, link, place } from "./route.js";

const TABS = { invoices: "Invoices", customers: "Customers", payments: "Payments" };

/** Where the books are: `{environment, realm, tab, invoice}`. */
export function booksPlace() {
  const [environment, realm, tab = "invoices", invoice] = place.books.split("/");
  return { environment, realm, tab, invoice };
}

/** Draw the company picker and the tabs. */
export function drawBooksHead() {
  const { environment, realm, tab } = booksPlace();
  const kind = environment === "production" ? badge("Production", "warn") : badge("Sandbox");
  const row = h("div", { class: "books-row" }, h("p", { class: "side-mark" }, "QuickBooks"), kind);
  document.getElementById("books-main").setAttribute("aria-labelledby", `tab-${tab}`);
  fill(document.getElementById("books-head"), row, picker(environment, realm), tabs(environment, realm, tab));
}

function picker(environment, realm) {
  const here = `${environment}/${realm}`;
  const connected = desk.app.company;
  const option = (company) => {
    const value = `${company.environment}/${company.realm}`;
    const mine = connected?.realm === company.realm && connected.environment === company.environment;
    const text = `${company.name} (${company.country}, ${company.currency})${mine ? ", connected" : ""}`;
    return h("option", { value, selected: value === here }, text);
  };
  const group = (name, label) => h("optgroup", { label }, desk.start.companies.filter((each) => each.environment === name).map(option));
  const onchange = (event) => go({ books: event.target.value });
  const facts = { class: "input", "aria-label": "Company", onchange, ".value": here };
  return h("select", facts, group("sandbox", "Sandbox"), group("production", "Production"));
}

function tabs(environment, realm, current) {
  const names = Object.keys(TABS);
  const onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const next = names[(names.indexOf(current) + step + names.length) % names.length];
    go({ books: `${environment}/${realm}/${next}` });
    document.getElementById(`tab-${next}`).focus();
  };
  const tab = (name) => h(
    "button",
    {
      id: `tab-${name}`, class: "tab", role: "tab", "aria-selected": String(name === current), "aria-controls": "books-main",
      tabindex: name === current ? "0" : "-1", onclick: () => go({ books: `${environment}/${realm}/${name}` }),
    },
    TABS[name],
  );
  return h("div", { class: "tabs", role: "tablist", "aria-label": "Books", onkeydown }, names.map(tab));
}

/** The view of one tab of a company's books. */
export function booksView(environment, realm, tab) {
  return {
    key: `books ${environment} ${realm} ${tab}`,
    load: () => get(at`/ui/api/books/${environment}/${realm}`),
    render: (data) => [(RENDER[tab] ?? invoices)(data), more(data, tab), gone(data, tab)],
  };
}

const RENDER = { invoices, customers, payments };

function more({ totals, ...lists }, tab) {
  const [shown, total] = [lists[tab]?.length, totals[tab]];
  return shown === total ? [] : h("p", { class: "more" }, `The newest ${number(shown)} of ${number(total)}.`);
}

/** Deleted invoices leave no row, only a trace. */
function gone({ deleted }, tab) {
  return tab === "invoices" && deleted ? h("p", { class: "more" }, `${number(deleted)} ${deleted === 1 ? "invoice was" : "invoices were"} deleted.`) : [];
}

function table(heads, rows, empty) {
  if (!rows.length) return h("div", { class: "empty" }, h("p", {}, empty));
  const cells = heads.map(([label, kind]) => h("th", { scope: "col", class: kind }, label));
  return h("table", { class: "table dense fixed" }, h("thead", {}, h("tr", {}, cells)), h("tbody", {}, rows));
}

function invoices({ company, invoices: list }) {
  const heads = [
    ["No.", "w-no"], ["Customer", ""], ["Date", "w-date hide-760"], ["Due", "w-date hide-640"],
    ["Total", "num w-sum"], ["Balance", "num w-sum hide-520"], ["Status", "w-status"],
  ];
  const row = (invoice) => {
    const label = invoice.number ?? `Id ${invoice.id}`;
    const books = `${company.environment}/${company.realm}/invoices/${invoice.id}`;
    return h(
      "tr",
      { "data-key": invoice.id },
      h("td", {}, link({ books }, { class: "row-link", "aria-label": `Invoice ${label}, ${invoice.customer}` }, label)),
      h("td", {}, h("span", { class: "clip", title: invoice.customer }, invoice.customer)),
      h("td", { class: "hide-760" }, day(invoice.date)),
      h("td", { class: "hide-640" }, day(invoice.due)),
      h("td", { class: "num" }, money(invoice.total, invoice.currency)),
      h("td", { class: "num hide-520" }, money(invoice.balance, invoice.currency)),
      h("td", {}, statusBadge(invoice.status)),
    );
  };
  return table(heads, list.map(row), "There are no invoices in these books.");
}

function customers({ customers: list }) {
  const heads = [["Name", ""], ["E-mail", "hide-520"], ["Balance", "num w-sum"], ["", "w-status"]];
  const row = (customer) => h(
    "tr",
    { "data-key": customer.id },
    h("td", {}, h("span", { class: "clip", title: customer.name }, customer.name)),
    h("td", { class: "hide-520" }, customer.email ? h("span", { class: "clip" }, customer.email) : none()),
    h("td", { class: "num" }, money(customer.balance, customer.currency)),
    h("td", {}, customer.active ? [] : h("span", { class: "badge" }, "Inactive")),
  );
  return table(heads, list.map(row), "There are no customers in these books.");
}

function payments({ company, payments: list }) {
  const heads = [["Date", "w-date"], ["Customer", ""], ["Pays", "w-no"], ["Unapplied", "num w-sum hide-520"], ["Amount", "num w-sum"]];
  const books = (id) => `${company.environment}/${company.realm}/invoices/${id}`;
  const paid = ({ id, number }) => link({ books: books(id) }, { class: "link" }, number ?? `Id ${id}`);
  const row = (payment) => h(
    "tr",
    { "data-key": payment.id },
    h("td", { class: "day" }, day(payment.date)),
    h("td", {}, h("span", { class: "clip", title: payment.customer }, payment.customer)),
    h("td", {}, payment.pays.length ? h("span", { class: "items" }, payment.pays.map(paid)) : none()),
    h("td", { class: "num hide-520" }, Number(payment.unapplied) ? money(payment.unapplied, payment.currency) : none()),
    h("td", { class: "num" }, money(payment.amount, payment.currency)),
  );
  return table(heads, list.map(row), "No payment has been received in these books.");
}
