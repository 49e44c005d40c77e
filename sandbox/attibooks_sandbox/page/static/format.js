// How values read. One locale for all, so that a screenshot means the same everywhere.

const LOCALE = "en-US";
const DAY = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeZone: "UTC" });
const DAY_OF_YEAR = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", timeZone: "UTC" });
const MOMENT = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });
const CLOCK = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3,
});

/** An amount with its currency, which may be unknown; books keep two decimals of every currency. */
export function money(amount, currency) {
  if (!currency) return number(amount);
  const style = { style: "currency", currency, minimumFractionDigits: 2, maximumFractionDigits: 2 };
  try {
    return new Intl.NumberFormat(LOCALE, style).format(amount); // text keeps every digit
  } catch {
    return `${amount} ${currency}`; // an attribute may hold any text as its currency
  }
}

/** A number with every digit that it has. */
export function number(text) {
  const [whole, decimals] = String(text).split(".");
  const grouped = /^-?\d+$/.test(whole) ? whole.replace(/\B(?=(\d{3})+$)/g, ",") : whole;
  return decimals === undefined ? grouped : `${grouped}.${decimals}`;
}

export const day = (text) => (text ? DAY.format(new Date(`${text.slice(0, 10)}T00:00:00Z`)) : "");

/** A day of this year or the next, without the year: "1 December". */
export const dayOfYear = (text) => DAY_OF_YEAR.format(new Date(text));

export function moment(text) {
  const instant = new Date(text.replace(/(\.\d{3})\d+/, "$1"));
  return Number.isNaN(instant.getTime()) ? text : MOMENT.format(instant);
}

export const clock = (text) => CLOCK.format(new Date(text));

const TONES = { Open: "info", Paid: "good", Voided: "mute", Deleted: "mute", Overdue: "bad" };

export const tone = (status) => TONES[status] ?? "mute";

/** A letter or two, and one of six colours, for a name. */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters = words.slice(0, 2).map((word) => [...word.replace(/^[^\p{L}\p{N}]+/u, "")][0] ?? "");
  return letters.join("").toUpperCase() || "?";
}

export const hue = (name) => [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 6;
