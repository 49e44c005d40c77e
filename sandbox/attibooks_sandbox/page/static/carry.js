// Doing a thing of the app under a toast.

import { post } from "./api.js";
import { refreshAll } from "./desk.js";
import { told } from "./plan.js";
import { toast } from "./toasts.js";

/** Do it under a toast that turns until it is done; the outcome's own toast follows. */
export async function carry(title, path, body) {
  const note = toast({ kind: "busy", title });
  try {
    const outcome = await post(path, body);
    if (outcome.toast) note.update(told(outcome));
    else note.close();
    return outcome;
  } catch (error) {
    note.close();
    throw error;
  } finally {
    await refreshAll();
  }
}
