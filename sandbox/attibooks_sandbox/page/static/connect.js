// The connection to the books: connect, check, disconnect.

import { at } from "./api.js";
import { carry } from "./carry.js";
import { desk } from "./desk.js";
import { confirm, pickCompany } from "./overlays.js";
import { go, place } from "./route.js";

/** Do it, and draw the record anew: what it offers depends on the connection. */
async function change(title, path, body) {
  try {
    return await carry(title, path, body);
  } finally {
    await desk.crm.redraw();
  }
}

/** Pick a company, connect it, and open its books beside. */
export async function connect() {
  const company = await pickCompany(desk.start.companies, desk.app.company);
  if (!company) return;
  const { environment, realm } = company;
  const outcome = await change("Connecting QuickBooks", at`/ui/api/app/${place.ws}/connect`, { environment, realm });
  if (outcome.ok) go({ books: `${environment}/${realm}` });
}

export const checkStatus = () => change("Checking the connection", at`/ui/api/app/${place.ws}/status`);

export async function disconnect() {
  const text = "AttiBooks forgets the tokens of this workspace. Invoices stay in the books and on the records.";
  if (await confirm("Disconnect QuickBooks?", text, "Disconnect")) {
    await change("Disconnecting", at`/ui/api/app/${place.ws}/disconnect`);
  }
}
