// The connection to the books: connect, check, disconnect.

import { at, post } from "./api.js";
import { desk, refreshAll } from "./desk.js";
import { confirm, pickCompany } from "./overlays.js";
import { go, place } from "./route.js";
import { toast } from "./toasts.js";

async function carry(title, path, body) {
  const note = toast({ kind: "busy", title });
  try {
    const outcome = await post(path, body);
    note.update(outcome.toast);
    return outcome;
  } catch (error) {
    note.close();
    throw error;
  } finally {
    await refreshAll();
    await desk.crm.redraw();
  }
}

/** Pick a company, connect it, and open its books beside. */
export async function connect() {
  const company = await pickCompany(desk.start.companies, desk.app.company);
  if (!company) return;
  const { environment, realm } = company;
  const outcome = await carry("Connecting QuickBooks", at`/ui/api/app/${place.ws}/connect`, { environment, realm });
  if (outcome.ok) go({ books: `${environment}/${realm}` });
}

export const checkStatus = () => carry("Checking the connection", at`/ui/api/app/${place.ws}/status`);

export async function disconnect() {
  const text = "AttiBooks forgets the tokens of this workspace. Invoices stay in the books and on the records.";
  if (await confirm("Disconnect QuickBooks?", text, "Disconnect")) {
    await carry("Disconnecting", at`/ui/api/app/${place.ws}/disconnect`);
  }
}
