// Cover art from an item's id: the same item always looks the same, and no image is fetched.

import { el, svg } from "./dom.js";

const WIDE = new Set(["video"]);
const TALL = new Set(["audiobook"]);

/** The cover of an item, shaped by its kind. Decorative: titles stand beside it. */
export function cover(item) {
  const random = generator(hash(item.id));
  const [width, height] = WIDE.has(item.kind) ? [160, 90] : TALL.has(item.kind) ? [68, 100] : [100, 100];
  const colors = palette(random, TALL.has(item.kind));
  const art = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    preserveAspectRatio: "xMidYMid slice",
    "aria-hidden": "true",
    focusable: "false",
  });
  art.append(box(0, 0, width, height, colors.ground), ...draw(item.kind, random, colors, width, height));
  const node = el("span", { class: `cover cover-${item.kind}`, "aria-hidden": "true" }, art);
  if (item.kind === "artist") node.append(el("span", { class: "monogram" }, initials(item.title)));
  if (TALL.has(item.kind)) node.append(el("span", { class: "spine-title" }, item.title));
  return node;
}

function draw(kind, random, colors, width, height) {
  if (kind === "artist") return glow(random, colors, width, height);
  if (kind === "playlist") return mosaic(random, colors);
  if (kind === "podcast") return pick(random, [rings, bars])(random, colors, width, height);
  if (kind === "audiobook") return belowTitle(pick(random, [hills, sun, waves, orbs])(random, colors, width, 60), height - 60);
  if (kind === "video") return pick(random, [sun, hills, beams])(random, colors, width, height);
  return pick(random, [sun, arcs, waves, orbs, stripes, dots, hills])(random, colors, width, height);
}

function belowTitle(nodes, offset) {
  return [svg("g", { transform: `translate(0 ${offset})` }, nodes)];
}

function palette(random, alwaysDark) {
  const hue = Math.floor(random() * 360);
  const turn = (random() < 0.5 ? -1 : 1) * (28 + random() * 50);
  const dark = alwaysDark || random() < 0.45;
  return {
    ground: shade(dark ? 0.36 : 0.74, dark ? 0.09 : 0.1, hue),
    first: shade(dark ? 0.56 : 0.58, 0.14, hue + turn),
    second: shade(dark ? 0.72 : 0.46, 0.12, hue + turn * 1.7),
    light: shade(0.92, 0.05, hue - turn),
  };
}

const shade = (lightness, chroma, hue) => `oklch(${lightness} ${chroma} ${Math.round((hue + 720) % 360)})`;
const pick = (random, options) => options[Math.floor(random() * options.length)];
const between = (random, low, high) => low + random() * (high - low);
const box = (x, y, width, height, fill, more = {}) => svg("rect", { x, y, width, height, fill, ...more });
const disc = (cx, cy, r, fill, more = {}) => svg("circle", { cx, cy, r, fill, ...more });

function sun(random, colors, width, height) {
  const [x, y, r] = [between(random, 0.3, 0.7) * width, between(random, 0.36, 0.52) * height, 0.24 * height];
  const horizon = between(random, 0.6, 0.72) * height;
  const bands = [0, 1, 2].map((i) =>
    box(0, horizon + i * 0.11 * height, width, height, i % 2 ? colors.second : colors.first, { opacity: 0.9 }),
  );
  return [disc(x, y, r, colors.light), ...bands];
}

function arcs(random, colors, width, height) {
  const [x, y] = [random() < 0.5 ? 0 : width, random() < 0.5 ? 0 : height];
  const fills = [colors.first, colors.light, colors.second, colors.ground, colors.first];
  return fills.map((fill, i) => disc(x, y, (0.95 - i * 0.19) * Math.max(width, height), fill));
}

function waves(random, colors, width, height) {
  const lift = between(random, 0.06, 0.14) * height;
  return [colors.light, colors.first, colors.second].map((fill, i) => {
    const y = (0.36 + i * 0.22) * height;
    const d = `M0 ${y} C${width * 0.3} ${y - lift * 2} ${width * 0.6} ${y + lift * 2} ${width} ${y - lift} V${height} H0Z`;
    return svg("path", { d, fill });
  });
}

function orbs(random, colors, width, height) {
  return [colors.first, colors.second, colors.light].map((fill, i) => {
    const r = between(random, 0.2, 0.36) * height * (i === 2 ? 0.6 : 1);
    return disc(between(random, 0.2, 0.8) * width, between(random, 0.2, 0.8) * height, r, fill, { opacity: 0.88 });
  });
}

function stripes(random, colors, width, height) {
  const angle = pick(random, [-45, 45, 20, -20]);
  const fills = [colors.first, colors.light, colors.second, colors.first];
  const bars_ = fills.map((fill, i) => box(-width, (0.12 + i * 0.22) * height, width * 3, 0.11 * height, fill));
  return [svg("g", { transform: `rotate(${angle} ${width / 2} ${height / 2})` }, ...bars_)];
}

function dots(random, colors, width, height) {
  const across = pick(random, [3, 4]);
  const step = width / across;
  const nodes = [];
  for (let i = 0; i < across * across; i += 1) {
    const [x, y] = [((i % across) + 0.5) * step, (Math.floor(i / across) + 0.5) * (height / across)];
    nodes.push(disc(x, y, between(random, 0.16, 0.44) * step, pick(random, [colors.first, colors.second, colors.light])));
  }
  return nodes;
}

function hills(random, colors, width, height) {
  const moon = disc(between(random, 0.25, 0.75) * width, 0.26 * height, 0.12 * height, colors.light);
  const layers = [colors.first, colors.second].map((fill, i) => {
    const base = (0.56 + i * 0.2) * height;
    const peak = between(random, 0.2, 0.8) * width;
    const d = `M0 ${base + 0.1 * height} L${peak} ${base - 0.18 * height} L${width} ${base + 0.16 * height} V${height} H0Z`;
    return svg("path", { d, fill });
  });
  return [moon, ...layers];
}

function rings(random, colors, width, height) {
  const [x, y] = [between(random, 0.3, 0.7) * width, between(random, 0.3, 0.7) * height];
  return [0.52, 0.4, 0.28, 0.16].map((r, i) =>
    disc(x, y, r * height, i === 3 ? colors.light : "none", { stroke: i % 2 ? colors.second : colors.first, "stroke-width": 6 }),
  );
}

function bars(random, colors, width, height) {
  return Array.from({ length: 7 }, (_, i) => {
    const tall = between(random, 0.18, 0.72) * height;
    const fill = pick(random, [colors.first, colors.light, colors.second]);
    return box((0.13 + i * 0.11) * width, (height - tall) / 2, 0.06 * width, tall, fill, { rx: 0.03 * width });
  });
}

function beams(random, colors, width, height) {
  const x = between(random, 0.1, 0.9) * width;
  return [colors.first, colors.second, colors.light].map((fill, i) => {
    const from = (0.05 + i * 0.34) * width;
    const d = `M${x} 0 L${from} ${height} H${from + 0.2 * width}Z`;
    return svg("path", { d, fill, opacity: 0.85 });
  });
}

function mosaic(random, colors) {
  const fills = [colors.first, colors.second, colors.light, colors.ground];
  return fills.flatMap((fill, i) => {
    const [x, y] = [(i % 2) * 50, Math.floor(i / 2) * 50];
    const mark = disc(x + 25, y + 25, between(random, 8, 18), fills[(i + 1 + Math.floor(random() * 2)) % 4]);
    return [box(x, y, 50, 50, fill), mark];
  });
}

function glow(random, colors, width, height) {
  const [x, y] = [between(random, 0.15, 0.85) * width, between(random, 0.1, 0.4) * height];
  return [disc(x, y, 0.72 * height, colors.first, { opacity: 0.75 }), disc(x, y, 0.4 * height, colors.second, { opacity: 0.7 })];
}

function initials(name) {
  const parts = name.replace(/^the\s+(?=\S)/i, "").split(/\s+/).filter((part) => /[\p{L}\p{N}]/u.test(part));
  const letters = parts.map((part) => Array.from(part).find((letter) => /[\p{L}\p{N}]/u.test(letter)));
  return letters.slice(0, 2).join("").toUpperCase();
}

function hash(text) {
  let value = 2166136261; // FNV-1a
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 16777619);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b); // neighbouring ids should not look alike
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function generator(seed) {
  let state = seed || 1; // mulberry32
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
