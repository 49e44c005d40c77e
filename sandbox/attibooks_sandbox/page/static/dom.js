// The whole of our "framework": build nodes, and make an old tree like a new one without losing focus or scroll.
// Text only ever becomes text nodes and attributes, so nothing that a record holds can become markup.

const SVG = "http://www.w3.org/2000/svg";

/** Build an element. `on...` are handlers, names with a dot before them are properties, the rest are attributes. */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) apply(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function apply(node, name, value) {
  if (name.startsWith("on") || name.startsWith(".")) {
    const property = name.replace(/^\./, "");
    node[property] = value;
    (node.ours ??= new Map()).set(property, value);
  } else if (value !== undefined && value !== null && value !== false) {
    node.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Build an icon that says nothing to a screen reader. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

const ICONS = {
  actions: "M8.6 1.5 3.5 9h4l-.6 5.5L12.5 7H8.4z",
  alert: "M8 1.8 14.6 13.6H1.4zM8 6.2v3.4M8 11.6v.1",
  back: "M9.8 3.5 5.3 8l4.5 4.5",
  building: "M2.8 13.8h10.4M4.2 13.8V2.6h7.6v11.2M6.6 5.4h.1M9.4 5.4h.1M6.6 8h.1M9.4 8h.1M6.8 13.6v-2.8h2.4v2.8",
  check: "M8 1.9a6.1 6.1 0 1 1 0 12.2A6.1 6.1 0 0 1 8 1.9M5.4 8.2l1.8 1.8 3.5-3.8",
  close: "m4.2 4.2 7.6 7.6m0-7.6-7.6 7.6",
  cog: "M8 5.6a2.4 2.4 0 1 1 0 4.8 2.4 2.4 0 0 1 0-4.8M8 1.6v1.8M8 12.6v1.8M14.4 8h-1.8M3.4 8H1.6M12.5 3.5l-1.3 1.3M4.8 11.2l-1.3 1.3M12.5 12.5l-1.3-1.3M4.8 4.8 3.5 3.5",
  copy: "M5.8 5.8h7.4v7.4H5.8zM10.2 5.6V2.8H2.8v7.4h2.8",
  deal: "M2.2 5.2 8 2l5.8 3.2v5.6L8 14l-5.8-3.2zM2.4 5.3 8 8.4l5.6-3.1M8 8.4v5.4",
  down: "m4.5 6.5 3.5 3.5 3.5-3.5",
  edit: "M3 13l.6-2.8 7.2-7.2 2.2 2.2-7.2 7.2zM9.4 4.4l2.2 2.2",
  eye: "M1.6 8C3 5.2 5.2 3.8 8 3.8S13 5.2 14.4 8C13 10.8 10.8 12.2 8 12.2S3 10.8 1.6 8zM8 6.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6",
  info: "M8 1.9a6.1 6.1 0 1 1 0 12.2A6.1 6.1 0 0 1 8 1.9M8 7.4v3.6M8 5v.1",
  invoice: "M3.4 1.8h6.4l2.8 2.8v9.6H3.4zM9.6 2v2.8h2.8M5.6 8h4.8M5.6 10.8h4.8",
  next: "M6.2 3.5 10.7 8l-4.5 4.5",
  object: "M2.4 2.4h4.4v4.4H2.4zM9.2 2.4h4.4v4.4H9.2zM2.4 9.2h4.4v4.4H2.4zM9.2 9.2h4.4v4.4H9.2z",
  plus: "M8 3.2v9.6M3.2 8h9.6",
  sync: "M13.4 7a5.5 5.5 0 0 0-9.9-2.2L2.4 6.4M2.4 3v3.4h3.4M2.6 9a5.5 5.5 0 0 0 9.9 2.2l1.1-1.6M13.6 13V9.6h-3.4",
  tall: "M4.8 6.2 8 3l3.2 3.2M4.8 9.8 8 13l3.2-3.2",
  void: "M8 1.9a6.1 6.1 0 1 1 0 12.2A6.1 6.1 0 0 1 8 1.9M3.8 12.2l8.4-8.4",
  up: "m4.5 9.5 3.5-3.5 3.5 3.5",
  person: "M8 2.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M2.6 13.8c.5-2.8 2.5-4.2 5.4-4.2s4.9 1.4 5.4 4.2",
};

/** Make what an element shows like a new list of nodes. */
export function fill(parent, ...wanted) {
  patchChildren(parent, wanted.flat(Infinity));
}

function patch(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  patchAttributes(old, fresh);
  patchOurs(old, fresh);
  patchChildren(old, [...fresh.childNodes]);
}

function patchAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
}

function patchOurs(old, fresh) {
  for (const name of old.ours?.keys() ?? []) if (!fresh.ours?.has(name)) old[name] = null;
  for (const [name, value] of fresh.ours ?? []) if (old[name] !== value) old[name] = value;
  old.ours = fresh.ours;
}

function patchChildren(parent, wanted) {
  const keyed = new Map([...parent.children].filter((child) => child.dataset.key).map((c) => [c.dataset.key, c]));
  let at = parent.firstChild;
  for (const fresh of wanted) {
    const match = counterpart(fresh, at, keyed);
    if (!match) {
      parent.insertBefore(fresh, at);
      continue;
    }
    if (match === at) at = at.nextSibling;
    else parent.insertBefore(match, at);
    patch(match, fresh);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/** The old node that a new one stands for: by its key, else the one at the same place if it is of the same kind. */
function counterpart(fresh, at, keyed) {
  const key = fresh.dataset?.key;
  if (key) return keyed.get(key)?.nodeName === fresh.nodeName ? keyed.get(key) : null;
  return at && !at.dataset?.key && at.nodeName === fresh.nodeName ? at : null;
}
