// The rail of the CRM: workspace, objects, settings, and what the app is connected to.

import { at, get } from "./api.js";
import { desk, loadApp } from "./desk.js";
import { fill, h, icon } from "./dom.js";
import { go, link, place } from "./route.js";

const ICONS = { companies: "building", deals: "deal", people: "person" };

/** Draw the rail for where the CRM is now. */
export async function drawRail() {
  const { objects } = await get(at`/ui/api/crm/${place.ws}`);
  const [here] = place.crm.split("/");
  fill(
    document.getElementById("rail"),
    h("p", { class: "side-mark" }, "Attio"),
    workspacePicker(),
    h("p", { class: "rail-label" }, "Records"),
    objects.map(({ slug, plural, count }) => entry(slug, here, ICONS[slug] ?? "object", plural, count)),
    h("p", { class: "rail-label" }, "Apps"),
    entry("settings", here, "cog", "AttiBooks"),
    connection(),
  );
}

function workspacePicker() {
  const { workspaces } = desk.start;
  const onchange = (event) => go({ ws: event.target.value, crm: "companies" });
  const options = workspaces.map(({ id, name }) => h("option", { value: id, selected: id === place.ws }, name));
  return h("select", { class: "input", "aria-label": "Workspace", onchange, ".value": place.ws }, options);
}

function entry(target, here, mark, label, count) {
  const current = target === here ? "page" : null;
  const tally = count === undefined ? [] : h("span", { class: "count" }, count);
  return link({ crm: target }, { class: "rail-link", "aria-current": current }, icon(mark), h("span", {}, label), tally);
}

function connection() {
  const { company } = desk.app;
  const said = company
    ? h("span", {}, h("strong", {}, company.name), `QuickBooks ${company.environment}`)
    : h("span", {}, h("strong", {}, "Not connected"), "QuickBooks");
  return h("div", { class: "rail-foot" }, h("span", { class: "dot", "data-state": company ? "on" : null }), said);
}

/** Load what the app keeps, and draw. */
export async function reloadRail() {
  await loadApp();
  await drawRail();
}
