// Form controls by the type of a setting, and what somebody entered in them.

import { h } from "./dom.js";

/** The control of a setting; a blank one means that it is not set. */
export function control(field, invalid) {
  const facts = {
    id: `setting-${field.key}`, name: field.key, class: "input",
    "aria-describedby": `help-${field.key} note-${field.key}`, "aria-invalid": invalid ? "true" : null,
  };
  if (field.type === "boolean") return checkbox(field, facts);
  if (field.type === "choice") return choice(field, facts);
  if (field.type === "object") return h("textarea", { ...facts, rows: 3, spellcheck: "false" }, text(field.value));
  const more = field.type === "slug" ? { list: "slugs" } : field.type === "number" ? { inputmode: "decimal" } : {};
  const hint = field.default === null ? "" : text(field.default);
  return h("input", { ...facts, ...more, type: "text", value: text(field.value), placeholder: hint, spellcheck: "false", autocomplete: "off" });
}

function checkbox(field, facts) {
  const box = h("input", { ...facts, class: null, type: "checkbox", checked: field.value ?? field.default ?? false });
  return h("div", { class: "check" }, box);
}

function choice(field, facts) {
  const unset = field.default ? `Default (${field.default})` : "Not set";
  const option = (value, label) => h("option", { value, selected: (field.value ?? "") === value }, label);
  return h("select", facts, option("", unset), field.options.map((value) => option(value, value)));
}

function text(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "object" ? JSON.stringify(value, null, 2) : String(value);
}

/** What somebody entered, or null when the setting is not set. */
export function entered(field, input) {
  if (field.type !== "boolean") return input.value.trim() || null;
  return field.value === null && input.checked === Boolean(field.default) ? null : input.checked;
}
