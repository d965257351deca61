// How a page was made: what is proven about it, its probability, where the time went, and what was left out.

import { getDecision } from "./api.js";
import { digits, el, icon, milliseconds, whole, words } from "./dom.js";
import { explanation } from "./explanation.js";

const STATUS = {
  optimal: ["check", "Proven optimal"],
  feasible: ["check", "Valid, close to the bound"],
  relaxed: ["alert", "Some rules gave way"],
  fallback: ["alert", "Fallback page"],
  infeasible: ["alert", "No page exists"],
};
const LISTED = 12;

let asking = new AbortController();
const wide = matchMedia("(min-width: 1180px)");

/** Describe `page` in `aside`. */
export function inspect(aside, page) {
  asking.abort();
  asking = new AbortController();
  const rest = el("div", { class: "left-out" });
  const opened = aside.querySelector("details")?.open ?? false;
  const details = el(
    "details",
    { open: wide.matches || opened },
    el("summary", {}, headline(page)),
    el("div", { class: "inspector-body" }, sentence(page), figures(page), latency(page.diagnostics.seconds), payments(page), troubles(page), explanation(page, asking.signal), rest, trail(page)),
  );
  const ask = () => details.open && !rest.hasChildNodes() && leftOut(rest, page.decision_id, asking.signal);
  details.addEventListener("toggle", ask);
  aside.replaceChildren(details);
  aside.hidden = false;
}

wide.addEventListener("change", () => {
  const details = document.querySelector("#inspector details");
  if (details) details.open = wide.matches;
});

function headline(page) {
  const [name, text] = STATUS[page.layout.status] ?? ["alert", page.layout.status];
  const badge = el("span", { class: `badge ${name === "check" ? "good" : "warn"}` }, icon(name), text);
  const facts = [page.explored ? "explored" : null, milliseconds(page.diagnostics.seconds.total)].filter(Boolean).join(" · ");
  return [badge, el("span", { class: "headline-facts" }, facts), icon("chevron")];
}

function sentence(page) {
  if (page.explored) {
    return el("p", { class: "explored" }, icon("dice"), "Drawn by exploration, to learn what the best page cannot teach.");
  }
  const optimal = page.layout.status === "optimal";
  return el("p", {}, optimal ? "Served at its optimum: no shelf was moved to explore." : "Served as arranged: no shelf was moved to explore.");
}

function figures(page) {
  const fact = (name, value, hint) => el("div", { title: hint }, el("dt", {}, name), el("dd", {}, value));
  const { layout, diagnostics, versions, propensity } = page;
  return el(
    "dl",
    { class: "figures" },
    fact("Probability", propensity === null ? "unknown" : digits(propensity), "Exact probability of this page under the policy that drew it"),
    fact("Gap", layout.gap === 0 ? "0" : `${digits(layout.gap * 100)} %`, `Objective ${whole(layout.objective)}, bound ${whole(layout.bound)}`),
    fact("Shelves", `${page.page.length} of ${diagnostics.candidate_shelves}`, "Placed, of those proposed"),
    fact("Model", `v${versions.policy}`, `Rulebook ${versions.rules}, grid ${versions.grid}`),
  );
}

function latency(seconds) {
  const stages = Object.entries(seconds).filter(([stage]) => stage !== "total");
  const sum = stages.reduce((total, [, value]) => total + value, 0) || 1;
  const bar = el("div", { class: "latency-bar", "aria-hidden": "true" });
  const legend = el("ul", { class: "latency-legend" });
  stages.forEach(([stage, value], i) => {
    const part = el("span", { class: `stage-${i % 6}` });
    part.style.flexGrow = String(value / sum);
    bar.append(part);
    legend.append(el("li", {}, el("i", { class: `stage-${i % 6}`, "aria-hidden": "true" }), words(stage), el("b", {}, milliseconds(value))));
  });
  return el("div", {}, el("h3", {}, "Where the time went"), bar, legend);
}

/** What the page pays for soft rules, in % of what it would be worth without paying. */
function payments(page) {
  const paid = Object.entries(page.layout.paid);
  if (paid.length === 0) return false;
  const total = paid.reduce((sum, [, cost]) => sum + cost, 0);
  const gross = Math.max(1, page.layout.objective + total);
  const percent = (cost) => `${digits((100 * cost) / gross)} %`;
  const line = ([rule, cost]) => el("li", {}, el("span", { class: "chip" }, words(rule)), el("b", {}, percent(cost)));
  const intro = el("p", { class: "quiet" }, `The optimum gives up ${percent(total)} of its shelves' worth.`);
  return el("div", {}, el("h3", {}, "Paid for soft rules"), intro, el("ul", { class: "payments" }, paid.map(line)));
}

function troubles(page) {
  const { dropped_sources: dropped, violations, fallback } = page.diagnostics;
  const lines = [
    ...page.layout.relaxed.map((rule) => `Rule dropped so that a page exists: ${words(rule)}`),
    ...dropped.map((one) => `Source ${words(one.source)} was left out: ${one.detail || one.reason}`),
    ...violations.map((rule) => `Rule broken: ${rule}`),
    ...(fallback ? [`Worked around: ${fallback}`] : []),
  ];
  return lines.length > 0 && el("ul", { class: "troubles" }, lines.map((line) => el("li", {}, icon("alert"), el("span", {}, line))));
}

function trail(page) {
  const path = `/v1/decisions/${encodeURIComponent(page.decision_id)}`;
  return el("p", { class: "trail" }, "Decision ", el("a", { href: path }, el("code", {}, page.decision_id)));
}

async function leftOut(node, decisionId, signal) {
  node.replaceChildren(el("h3", {}, "Not placed"), el("p", { class: "quiet" }, "Looking …"));
  try {
    const { candidates } = await getDecision(decisionId, signal);
    showLeftOut(node, notPlaced(candidates));
  } catch (error) {
    if (error.name === "AbortError") return;
    node.replaceChildren(el("h3", {}, "Not placed"), el("p", { class: "quiet" }, error.message));
  }
}

const worth = (candidate) => Math.max(...candidate.values);

/** One candidate for each shelf that is nowhere on the page: in the presentation worth most. */
function notPlaced(candidates) {
  const placed = new Set(candidates.filter((one) => one.slot !== null).map((one) => one.shelf_id));
  const best = new Map();
  for (const one of candidates) {
    if (placed.has(one.shelf_id)) continue;
    if (!best.has(one.shelf_id) || worth(one) > worth(best.get(one.shelf_id))) best.set(one.shelf_id, one);
  }
  return [...best.values()];
}

function showLeftOut(node, shelves) {
  const sorted = shelves.toSorted((a, b) => worth(b) - worth(a));
  const line = (shelf) =>
    el("li", { title: shelf.reason }, el("span", {}, el("b", {}, shelf.title), el("small", {}, words(shelf.source))), el("output", {}, digits(worth(shelf))));
  const list = el("ol", {}, sorted.slice(0, LISTED).map(line));
  const more = el("button", { class: "link", type: "button", click: () => {
    list.append(...sorted.slice(LISTED).map(line));
    more.remove();
  } }, `Show all ${sorted.length}`);
  const intro = el("p", { class: "quiet" }, "Proposed and scored, with the predicted value of each.");
  node.replaceChildren(
    el("h3", {}, `Not placed (${sorted.length})`),
    ...(sorted.length > 0 ? [intro, list] : [el("p", { class: "quiet" }, "Every shelf that was proposed is on the page.")]),
    ...(sorted.length > LISTED ? [more] : []),
  );
}
