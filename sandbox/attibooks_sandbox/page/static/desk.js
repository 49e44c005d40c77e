// What every view needs of the page: the workspaces and companies, what the app is connected to, and the panes.

import { at, get } from "./api.js";
import { place } from "./route.js";

export const desk = { start: null, app: null, crm: null, books: null };

/** Load what does not change while the sandbox runs. */
export async function loadStart() {
  desk.start = await get("/ui/api/start");
}

/** Load what the app keeps in the workspace that is open. */
export async function loadApp() {
  desk.app = await get(at`/ui/api/app/${place.ws}`);
}

/** Refresh both panes and what the rail says, after something may have changed. */
export async function refreshAll() {
  await loadApp();
  await Promise.all([desk.crm.refresh(), desk.books.refresh(), desk.refreshRail(), desk.refreshBooksHead(), desk.refreshPlan()]);
}
