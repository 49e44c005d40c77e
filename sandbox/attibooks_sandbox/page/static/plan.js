// The plan: how much of it is used, and the ways to a larger one. Pages to pay on are the seller's own and open beside.

import { at, get, post } from "./api.js";
import { busyWhile, prose } from "./badges.js";
import { fill, h } from "./dom.js";
import { dayOfYear } from "./format.js";
import { place } from "./route.js";
import { safeLink } from "./sheet.js";
import { toast } from "./toasts.js";

const HELPED_BY_PLAN = new Set(["limit_reached", "plan_required"]);
const LOOKS = [0, 1000, 2000, 4000, 8000];
const state = { ws: null, usage: null, standing: null, asked: 0, looks: 0, away: false };

/** The part of the settings that shows the plan; it keeps itself up to date, and asks by itself how what was bought stands. */
export function planPart(usage, ws) {
  if (state.ws !== ws) state.standing = null;
  Object.assign(state, { ws, usage });
  refreshStanding();
  return h("div", { class: "connection plan", id: "plan" }, parts());
}

function parts() {
  const { usage: { ok, body, toast: said }, standing } = state;
  if (!ok) return h("p", { role: "status" }, prose(`${said.title}. ${said.text}`));
  const name = body.plan[0].toUpperCase() + body.plan.slice(1);
  return [
    h("p", {}, h("strong", {}, name), ". Invoices in sandbox books do not count."),
    meter(body),
    standing?.fix ? h("p", { class: "plan-notice", role: "status" }, `${standing.detail} ${standing.fix}`) : [],
    body.upgrade_available ? upgradeButton() : [],
    standing ? leaveButton("Manage plan", "portal") : [],
  ];
}

/** How many of this month's invoices are made; without a limit there is nothing to fill. */
export function meter({ used, held, limit, resets_at: resets }) {
  const under = held ? `, ${held} under way` : "";
  if (limit === null) return h("p", { class: "usage", role: "status" }, `${used} invoices this month${under}, no limit.`);
  const text = `${used} of ${limit} invoices this month${under}, resets ${dayOfYear(resets)}`;
  const facts = { min: 0, max: limit, value: Math.min(used, limit), "data-full": used >= limit, "aria-label": "Invoices this month", "aria-valuetext": text };
  return h("div", { class: "usage" }, h("p", { role: "status" }, text), h("meter", facts, text));
}

/** The toast of an outcome; a refusal that a larger plan would help shows the meter and the way there. */
export function told({ toast: said, code, body }) {
  if (!HELPED_BY_PLAN.has(code)) return said;
  return { ...said, more: (close) => [body.limit ? meter(body) : [], upgradeWays(body).map(({ label, run }) => wayButton(label, async () => (await run()) && close()))] };
}

/** What can be done about a refusal of the plan, as actions of a notice; none when nothing can be bought. */
export const upgradeWays = ({ upgrade_url: url }) => (safeLink(url) ? [{ label: "Upgrade to Pro", run: () => leave("checkout"), primary: true }] : []);

const wayButton = (label, run) => h("button", { type: "button", class: "button primary small", onclick: (event) => busyWhile(event.currentTarget, run) }, label);
const upgradeButton = () => leaveButton("Upgrade to Pro", "checkout", "button primary");

function leaveButton(label, target, kind = "button") {
  return h("button", { type: "button", class: kind, "data-key": target, onclick: (event) => busyWhile(event.currentTarget, () => leave(target)) }, label);
}

/** Open a page of the seller beside, and tell whether it did. The tab is opened at the click itself: a browser allows no other. */
async function leave(target) {
  const tab = open("", "_blank");
  let url = null;
  try {
    const outcome = await post(at`/ui/api/app/${place.ws}/${target}`, { return_to: location.href });
    url = safeLink(outcome.body.url);
    if (!url) toast(outcome.toast);
  } finally {
    if (!url) tab?.close();
  }
  if (!url) return false;
  state.away = true;
  if (tab) {
    tab.opener = null;
    tab.location.replace(url);
  } else location.assign(url);
  return true;
}

/** Read the plan again when somebody comes back to this page. */
export function watchPlan() {
  addEventListener("focus", look);
  document.addEventListener("visibilitychange", look);
}

/** After a visit to the seller, more than once: what was done there may take a moment to arrive. */
async function look() {
  const mine = ++state.looks;
  for (const wait of state.away ? LOOKS : [0]) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (document.hidden || mine !== state.looks) return;
    const news = await Promise.all([refreshPlan(), state.away && refreshStanding()]);
    if (news.some(Boolean)) break;
  }
  state.away = false;
}

/** Show the plan as it is now, where it is in sight; tells whether it has changed. */
export async function refreshPlan() {
  if (!document.getElementById("plan")) return false;
  const { ws, usage: { body: before } } = state;
  const mine = ++state.asked;
  const usage = await get(at`/ui/api/app/${ws}/usage`);
  if (mine !== state.asked || ws !== state.ws || !shows({ usage })) return false;
  if (usage.body?.plan !== before?.plan) await refreshStanding();
  return true;
}

/** The same of what was bought: the host asks the books for its answer, so not at every change. */
async function refreshStanding() {
  const { ws } = state;
  if (!ws) return false;
  const { ok, body } = await get(at`/ui/api/app/${ws}/standing`);
  return ok && ws === state.ws && shows({ standing: body.standing });
}

function shows(news) {
  const known = () => JSON.stringify([state.usage, state.standing]);
  const [before, node] = [known(), document.getElementById("plan")];
  Object.assign(state, news);
  if (!node || known() === before) return false;
  fill(node, parts());
  return true;
}
