// What somebody changed in a draft. A form holds texts only: `{customer, email, currency, invoice_date, due_date, memo, lines}`.

const TEXTS = ["email", "currency", "invoice_date", "due_date", "memo"];
const PARTS = ["customer", ...TEXTS, "lines"];
let lineCount = 0;

/** A line of the form; its key tells it from the others wherever it is moved. */
export function lineOf({ id, description, quantity, rate, item, tax_code: taxCode } = {}) {
  return {
    key: `line-${++lineCount}`, id: id ?? null, description: description ?? "", quantity: quantity ?? "", rate: rate ?? "",
    item: item ?? null, tax_code: taxCode ?? null,
  };
}

/** The form of a draft that a preview gave; `id` is the customer that was picked for it. */
export function formOf(draft, id = null) {
  const texts = Object.fromEntries(TEXTS.map((name) => [name, (name === "email" ? draft.customer.email : draft[name]) ?? ""]));
  return { customer: { id, name: draft.customer.name ?? "" }, ...texts, lines: draft.lines.map(lineOf) };
}

/** A line as it is sent; its id names the line of the books that it was. */
export const sentLine = ({ id, description, quantity, rate, item, tax_code: taxCode }) => ({ id, description, quantity, rate, item, tax_code: taxCode });

/** One part of a form as it is compared and sent. */
function part(form, name) {
  if (name === "lines") return form.lines.map(sentLine);
  if (name !== "customer") return form[name] || null;
  return form.customer.id ? { customer_id: form.customer.id } : { customer_name: form.customer.name };
}

const same = (one, other, name) => JSON.stringify(part(one, name)) === JSON.stringify(part(other, name));

/** The names of the parts in which two forms differ. */
export const changes = (form, base) => PARTS.filter((name) => !same(form, base, name));

/** The edits that make a form of a base (contract §3.1): absent is as it was, null is without. */
export function editsOf(form, base) {
  const edits = {};
  for (const name of changes(form, base)) Object.assign(edits, name === "customer" ? part(form, name) : { [name]: part(form, name) });
  return edits;
}

/**
 * Bring a form up to date with a preview of it. `base` is the draft without edits, `asked` the form as it was sent:
 * what was edited stays as it was written, the rest is as the host drafted it now.
 */
export function settle({ form, base, asked }, draft) {
  const fresh = formOf(draft, asked?.customer.id);
  if (!asked) return { form: fresh, base: structuredClone(fresh), seen: structuredClone(fresh) };
  const settled = { form: { ...form }, base: { ...base }, seen: { ...asked } };
  for (const name of PARTS) {
    if (!same(asked, base, name)) continue;
    const untouched = same(form, asked, name);
    if (same(fresh, asked, name)) continue; // the same in other lines would lose the keys, and with them the focus
    settled.base[name] = settled.seen[name] = fresh[name];
    if (untouched) settled.form[name] = structuredClone(fresh[name]);
  }
  return settled;
}
