// What can be done with a record, as its menu lists it: an action of the app is a label and what it runs.

import { at, post } from "./api.js";
import { connect } from "./connect.js";
import { desk, refreshAll } from "./desk.js";
import { editInvoice } from "./editinvoice.js";
import { confirm } from "./overlays.js";
import { told } from "./plan.js";
import { previewInvoice } from "./preview.js";
import { reviewInvoice } from "./review.js";
import { place } from "./route.js";
import { toast } from "./toasts.js";
import { syncInvoices, voidInvoice } from "./upkeep.js";

const review = (record) => reviewInvoice(record, place.ws);
const COPY = { label: "Copy record ID", icon: "copy", run: copyId };
const SYNC = { label: "Sync Invoices from QuickBooks", icon: "sync", run: syncInvoices };
const ACTIONS = [
  { label: "Create QuickBooks invoice", icon: "invoice", once: true, run: (record) => (isCustom() ? review(record) : createInvoice(record)) },
  { label: "Review and create...", icon: "edit", quickOnly: true, run: review },
  { label: "Preview invoice", icon: "eye", run: (record) => previewInvoice(record, { ws: place.ws, edit: () => review(record) }) },
  SYNC,
  COPY,
];
const OF_INVOICES = [
  { label: "Edit Invoice in QuickBooks", icon: "edit", run: (record) => editInvoice(record, place.ws) },
  { label: "Void in QuickBooks", icon: "void", run: voidInvoice },
];
const running = new Set();

const isCustom = () => String(desk.app.settings.invoice_mode ?? "").trim().toLowerCase() === "custom";

/**
 * The entries of a record's menu; what runs for it already cannot be chosen again, and custom mode always reviews.
 * A record of an invoice is edited and voided, any other becomes an invoice.
 */
export function actionsOf(record) {
  const wanted = record.invoice ? [...(record.invoice.actions ? OF_INVOICES : []), SYNC, COPY] : ACTIONS;
  const offered = wanted.filter(({ quickOnly }) => !quickOnly || !isCustom());
  return offered.map(({ label, icon, once, run }) => ({ label, icon, disabled: once && running.has(record.id), run: () => run(record) }));
}

async function copyId(record) {
  await navigator.clipboard.writeText(record.id);
  toast({ kind: "success", title: "Record ID copied", text: record.id });
}

async function createInvoice(record, more = {}) {
  if (running.has(record.id)) return;
  running.add(record.id);
  const note = toast({ kind: "busy", title: "Creating invoice", text: record.name });
  try {
    const path = at`/ui/api/crm/${place.ws}/${record.object.slug}/${record.id}/invoice`;
    const outcome = await post(path, more);
    running.delete(record.id);
    await tell(outcome, note, record);
  } catch (error) {
    note.close();
    throw error;
  } finally {
    running.delete(record.id);
    await refreshAll();
  }
}

async function tell(outcome, note, record) {
  if (outcome.question) {
    note.close();
    const sure = await confirm("Create another invoice?", outcome.question, "Create another");
    if (sure) await createInvoice(record, { confirm_recent: true });
    return;
  }
  note.update(told(outcome));
  if (outcome.connect) await connect();
}
