// Building elements without markup: text stays text, whatever it holds.

const SVG = "http://www.w3.org/2000/svg";

/** An element. `props` are attributes; functions become listeners, true and false set or leave out. */
export function el(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** An SVG element. */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const ICONS = {
  refresh: "M20 11a8 8 0 1 0-2.3 6.3M20 4v7h-7",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M19 5l-1.4 1.4M6.4 17.6 5 19",
  save: "M7 4h10a1 1 0 0 1 1 1v15l-6-4-6 4V5a1 1 0 0 1 1-1Z",
  dismiss: "M6 6l12 12M18 6 6 18",
  chevron: "m7 10 5 5 5-5",
  left: "m14 6-6 6 6 6",
  right: "m10 6 6 6-6 6",
  play: "M8 5.5v13l11-6.5Z",
  skip: "M6 6v12l9-6ZM18 6v12",
  check: "m5 12.5 4.5 4.5L19 7.5",
  alert: "M12 8v5M12 16.5v.5M12 3 2.5 20h19Z",
  dice: "M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1ZM9 9h.01M15 15h.01M15 9h.01M9 15h.01",
};

/** A line icon, hidden from assistive technology: its button carries the label. */
export function icon(name) {
  const path = svg("path", { d: ICONS[name] });
  return svg("svg", { class: `icon icon-${name}`, viewBox: "0 0 24 24", "aria-hidden": "true" }, path);
}

/** A button that shows only an icon. */
export function iconButton(name, label, onClick, props = {}) {
  const common = { type: "button", class: "icon-button", "aria-label": label, title: label, click: onClick };
  return el("button", { ...common, ...props }, icon(name));
}

let toastTimer = 0;

/** Say something short, for eyes and screen readers. */
export function toast(text) {
  const node = document.getElementById("toast");
  node.textContent = text;
  node.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => node.classList.remove("shown"), 3200);
}

const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const count = new Intl.NumberFormat("en");

/** A number with three significant digits; very small ones as a power of ten. */
export function digits(value) {
  const size = Math.abs(value);
  return size > 0 && size < 0.001 ? value.toExponential(1) : number.format(value);
}

/** Seconds as milliseconds, as precise as one cares to read. */
export function milliseconds(seconds) {
  const value = seconds * 1000;
  return `${value < 0.1 ? value.toFixed(2) : value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

/** A whole number. */
export function whole(value) {
  return count.format(value);
}

/** A name in code as words: because_you_listened becomes "because you listened". */
export function words(name) {
  return name.replaceAll(/[_-]+/g, " ");
}
