// An invoice in the books, with its lines, and the accountant's hand: paid, edited, voided, deleted.

import { at, get, post } from "./api.js";
import { editInBooks } from "./bookedit.js";
import { busyWhile, crumbs, none, statusBadge } from "./badges.js";
import { refreshAll } from "./desk.js";
import { h } from "./dom.js";
import { day, moment, money, number } from "./format.js";
import { confirm, menuButton } from "./overlays.js";
import { go } from "./route.js";
import { toast } from "./toasts.js";

/** The view of an invoice. */
export function invoiceView(environment, realm, id) {
  return {
    key: `invoice ${environment} ${realm} ${id}`,
    load: () => get(at`/ui/api/books/${environment}/${realm}/invoices/${id}`),
    render,
  };
}

const name = (invoice) => `Invoice ${invoice.number ?? `Id ${invoice.id}`}`;

function render(invoice) {
  const { environment, realm } = invoice.company;
  const payable = invoice.status === "Open" || invoice.status === "Overdue";
  const onclick = (event) => busyWhile(event.currentTarget, () => markAsPaid(invoice));
  const pay = h("button", { class: "button primary", disabled: !payable, onclick }, "Mark as paid");
  const more = menuButton("More", () => hands(invoice), { class: "button" });
  const head = h(
    "div",
    { class: "view-head" },
    crumbs({ books: `${environment}/${realm}` }, "Invoices"),
    h("div", { class: "title-row" }, h("h1", { tabindex: "-1" }, name(invoice)), statusBadge(invoice.status), h("span", { class: "title-buttons" }, pay, more)),
  );
  return [head, h("div", { class: "view-body" }, sheet(invoice), lines(invoice), sums(invoice), notes(invoice))];
}

/** What else an accountant does with an invoice. */
function hands(invoice) {
  const isVoided = invoice.status === "Voided";
  return [
    { label: "Edit in the books", icon: "edit", disabled: isVoided, run: () => editInBooks(invoice, name(invoice)) },
    { label: "Void", icon: "void", disabled: isVoided, run: () => byHand(invoice, "void", "is voided", "Its number stays, its amounts become zero.") },
    { label: "Delete", icon: "close", run: () => byHand(invoice, "delete", "is deleted", "The books forget it for good. AttiBooks itself never does this.") },
  ];
}

async function byHand(invoice, verb, done, text) {
  const { environment, realm } = invoice.company;
  const label = `${verb[0].toUpperCase()}${verb.slice(1)}`;
  if (!(await confirm(`${label} ${name(invoice)} in the books?`, text, label))) return;
  await post(`/control/quickbooks/${verb}`, { environment, realm, invoice_id: invoice.id });
  if (verb === "delete") go({ books: `${environment}/${realm}` });
  toast({ kind: "success", title: `${name(invoice)} ${done}` });
  await refreshAll();
}

async function markAsPaid(invoice) {
  const { environment, realm } = invoice.company;
  await post("/control/quickbooks/pay", { environment, realm, invoice_id: invoice.id });
  toast({ kind: "success", title: `${name(invoice)} is paid`, text: `${money(invoice.balance, invoice.currency)} received in the books.` });
  await refreshAll();
}

const fact = (label, value, wide = false) =>
  h("div", { class: "fact", "data-wide": wide }, h("dt", {}, label), h("dd", {}, value || none()));

function sheet(invoice) {
  const balance = h("span", { class: "big" }, money(invoice.balance, invoice.currency));
  return h(
    "dl",
    { class: "sheet" },
    fact("Balance due", balance, true),
    fact("Customer", invoice.customer),
    fact("Date", day(invoice.date)),
    fact("Due", day(invoice.due)),
    fact("Terms", invoice.terms),
    fact("E-mail", invoice.email),
    fact("Changed", `${moment(invoice.changed)}, version ${invoice.version}`),
  );
}

function lines({ lines: list, currency }) {
  const row = (line) => h(
    "tr",
    {},
    h("td", {}, line.description ?? line.item, line.description ? h("div", { class: "quiet" }, line.item) : []),
    h("td", { class: "num" }, line.quantity === null ? none() : number(line.quantity)),
    h("td", { class: "num" }, line.rate === null ? none() : number(line.rate)),
    h("td", { class: "num" }, money(line.amount, currency)),
  );
  const heads = [["Description", ""], ["Quantity", "num"], ["Rate", "num"], ["Amount", "num"]];
  const cells = heads.map(([label, kind]) => h("th", { scope: "col", class: kind }, label));
  return h("div", { class: "lines" }, h("table", { class: "table" }, h("thead", {}, h("tr", {}, cells)), h("tbody", {}, list.map(row))));
}

function sums(invoice) {
  const rows = [
    ["Subtotal", invoice.subtotal], ["Tax", invoice.tax], ["Total", invoice.total, true], ["Balance", invoice.balance],
  ].filter(([, amount]) => amount !== null);
  const pair = ([label, amount, strong]) => [
    h("dt", { class: strong ? "strong" : null }, label),
    h("dd", { class: strong ? "strong" : null }, money(amount, invoice.currency)),
  ];
  return h("dl", { class: "sums" }, rows.map(pair));
}

function notes({ memo, note, email_status: sent }) {
  const words = { NotSet: "Not e-mailed", NeedToSend: "Waiting to be e-mailed", EmailSent: "E-mailed" };
  const rows = [["Delivery", words[sent] ?? sent], ["Message to the customer", memo], ["Private note", note]];
  const kept = rows.filter(([, text]) => text);
  return h("dl", { class: "sheet" }, kept.map(([label, text]) => fact(label, h("span", { class: "plain-note" }, text), true)));
}
