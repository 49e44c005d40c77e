// Exact decimals for money: a number is a whole count of units at so many places. Nothing here is ever a float.

const PLAIN = /^([+-]?)(\d{1,40})(?:\.(\d{1,20}))?$/;
const CENTS = 2;

/** A plain number `{units, places}`, or null: `1,5`, `1e3` and blanks are none, as for the host. */
export function decimal(text) {
  const found = PLAIN.exec(text.trim());
  if (!found) return null;
  const [, sign, whole, decimals = ""] = found;
  return { units: BigInt(`${sign === "-" ? "-" : ""}${whole}${decimals}`), places: decimals.length };
}

/** Rate times quantity as text with two decimals, halves rounded up as the books do, or null without two numbers. */
export function amount(quantity, rate) {
  const [one, other] = [decimal(quantity), decimal(rate)];
  return one && other ? text(cents(one.units * other.units, one.places + other.places)) : null;
}

/** The sum of amounts with two decimals; those that are not known count nothing. */
export function sum(amounts) {
  const known = amounts.filter((each) => each !== null).map((each) => decimal(each));
  return text(known.reduce((all, { units, places }) => all + cents(units, places), 0n));
}

function cents(units, places) {
  if (places <= CENTS) return units * 10n ** BigInt(CENTS - places);
  const step = 10n ** BigInt(places - CENTS);
  const size = units < 0n ? -units : units;
  const rounded = (size + step / 2n) / step;
  return units < 0n ? -rounded : rounded;
}

function text(count) {
  const digits = String(count < 0n ? -count : count).padStart(CENTS + 1, "0");
  return `${count < 0n ? "-" : ""}${digits.slice(0, -CENTS)}.${digits.slice(-CENTS)}`;
}
