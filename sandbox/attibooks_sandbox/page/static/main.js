// The page: where both panes are, and what brings them up to date.

import { get } from "./api.js";
import { booksPlace, booksView, drawBooksHead } from "./books.js";
import { desk, loadApp, loadStart, refreshAll } from "./desk.js";
import { fill, h } from "./dom.js";
import { invoiceView } from "./invoice.js";
import { Pane } from "./pane.js";
import { refreshPlan, watchPlan } from "./plan.js";
import { startPulse } from "./pulse.js";
import { drawRail } from "./rail.js";
import { recordView } from "./record.js";
import { recordsView } from "./records.js";
import { place, readAddress } from "./route.js";
import { settingsView } from "./settings.js";
import { showSide } from "./sides.js";
import { complain, toast } from "./toasts.js";
import { drawWire } from "./wire.js";

const HOST_BEAT = 8000;
const shown = { crm: "", books: "", silent: null, epoch: null };

function crmView() {
  const [slug, id] = place.crm.split("/");
  if (slug === "settings") return settingsView();
  return id ? recordView(slug, id) : recordsView(slug);
}

function bookView() {
  const { environment, realm, tab, invoice } = booksPlace();
  return invoice ? invoiceView(environment, realm, invoice) : booksView(environment, realm, tab);
}

/** Show what the address says; focus goes along with the pane that moved. */
async function follow({ first = false } = {}) {
  const before = place.ws;
  readAddress({ ws: desk.start.workspaces[0].id, crm: "companies" });
  if (before !== place.ws) await loadApp();
  if (!place.books) place.books = homeBooks();
  const moved = { crm: shown.crm !== `${place.ws} ${place.crm}`, books: shown.books !== place.books };
  Object.assign(shown, { crm: `${place.ws} ${place.crm}`, books: place.books });
  drawBooksHead();
  await Promise.all([
    drawRail(),
    moved.crm ? desk.crm.show(crmView(), { focus: !first }) : null,
    moved.books ? desk.books.show(bookView(), { focus: !first && !moved.crm }) : null,
  ]);
}

function homeBooks() {
  const { environment, realm } = desk.app.company ?? desk.start.companies[0];
  return `${environment}/${realm}`;
}

async function onBeat(pulse, { changed, fresh }) {
  shown.silent?.close();
  shown.silent = null;
  if (fresh && shown.epoch) return startAnew();
  shown.epoch = pulse.epoch;
  drawWire(pulse);
  if (changed) await refreshAll();
}

/** After a reset, or under another sandbox at the same address, nothing of the old world may stay in sight. */
function startAnew() {
  history.replaceState(null, "", "/");
  location.reload();
}

/** Say once what is wrong; the next beat that comes through takes it back. */
function onSilence(error) {
  const title = error.status === 0 ? "The sandbox does not answer" : "The page cannot be brought up to date";
  shown.silent ??= toast({ kind: "error", title, text: error.message });
}

async function watchHost() {
  for (;;) {
    if (!document.hidden) await drawHost();
    await new Promise((resolve) => setTimeout(resolve, HOST_BEAT));
  }
}

async function drawHost() {
  const { url, answers } = await get("/ui/api/host").catch(() => ({ url: desk.start.host_url, answers: false }));
  const said = answers
    ? h("span", {}, "Host", h("span", { class: "host-url" }, ` at ${url}`))
    : h("span", {}, `The host does not answer at ${url}. Start it with: make demo`);
  fill(document.getElementById("host"), h("span", { class: "dot", "data-state": answers ? "on" : "off" }), said);
}

/** The address says where the panes are, so the link must not write its own target into it. */
function skip(event) {
  event.preventDefault();
  showSide("crm");
  document.getElementById("crm-main").focus();
}

async function begin() {
  showSide("crm");
  desk.crm = new Pane(document.getElementById("crm-main"));
  desk.books = new Pane(document.getElementById("books-main"));
  desk.refreshRail = drawRail;
  desk.refreshBooksHead = drawBooksHead;
  desk.refreshPlan = refreshPlan;
  await loadStart();
  const opened = location.hash;
  await follow({ first: true });
  addEventListener("hashchange", () => follow());
  if (location.hash !== opened) follow(); // somebody was faster than the first answers
  document.querySelector(".skip").addEventListener("click", skip);
  startPulse(onBeat, onSilence);
  watchHost();
  watchPlan();
}

addEventListener("unhandledrejection", (event) => complain(event.reason));
addEventListener("error", (event) => complain(event.error ?? event));
begin();
