// What a page is made of: what its rules cost, what its shelves bring, what those left out would cost.

import { getExplanation } from "./api.js";
import { el, words } from "./dom.js";

const LISTED = 10;

/** A button that explains `page` in its own place. */
export function explanation(page, signal) {
  const node = el("div", { class: "explanation" });
  const ask = async () => {
    const waiting = el("p", { class: "quiet", role: "status" }, "Laying the page out again without each rule and shelf …");
    node.replaceChildren(waiting);
    try {
      node.replaceChildren(...sections(await getExplanation(page.decision_id, signal)));
      node.querySelector("h3").focus({ preventScroll: true });
    } catch (error) {
      if (error.name !== "AbortError") waiting.textContent = error.message;
    }
  };
  node.append(el("button", { class: "button explain", type: "button", click: ask }, "Explain this page"));
  return node;
}

function sections(found) {
  const share = (part) => part / Math.max(1, Math.abs(found.best));
  const unknown = found.left_out.length;
  const torn = found.contradicting.map(words).join(", ");
  return [
    ...(torn ? [el("p", {}, `No whole page obeys these rules together: ${torn}.`)] : []),
    rules(found.rules, share),
    brings(found.placed, share),
    absent(found.absent, share),
    ...(unknown > 0 ? [el("p", { class: "quiet" }, `There was no time to find out everything about ${unknown} rules and shelves.`)] : []),
  ];
}

function rules(all, share) {
  const costly = all.filter((rule) => rule.price > 0 || rule.paid > 0);
  const free = all.filter((rule) => rule.price === 0 && rule.paid === 0).length;
  const most = Math.max(...costly.map((rule) => rule.price), 1);
  const line = (rule) => {
    const paid = rule.paid > 0 ? `This page pays ${percent(share(rule.paid))}. ` : "";
    return entry(words(rule.rule), `${paid}${rule.reason}`, timed(rule.price, share, rule.proven), (rule.price ?? 0) / most);
  };
  const rest = free > 0 && el("p", { class: "quiet" }, `${free} other rules cost this page nothing.`);
  return section("What rules cost", "How much better the page could be without each, in % of its worth.", costly.map(line), rest);
}

function brings(placed, share) {
  const most = Math.max(...placed.map((one) => one.loss ?? 0), 1);
  const line = (one) =>
    entry(
      one.title,
      one.instead_title ? `else ${one.instead_title} in slot ${one.slot}` : one.needed ? "no page does without it" : "",
      one.needed ? "needed" : timed(one.loss, share, one.proven),
      (one.loss ?? most) / most,
    );
  return section("What shelves bring", "What the page would lose without each.", placed.map(line));
}

function absent(all, share) {
  const line = (one) => {
    const cost = one.absence === "impossible" ? "no page" : timed(one.cost, share, one.proven);
    const item = entry(one.title, absence(one), cost, null, one.text);
    if (one.page) item.querySelector("span").append(pageWith(one));
    return item;
  };
  return section("What others would cost", "What the page would lose with each of them on it.", all.map(line));
}

function absence(one) {
  if (one.kept_out_by.length > 0) return `kept out by ${one.kept_out_by.map(words).join(", ")}`;
  return one.absence === "worth less" ? "no rule keeps it out" : one.absence;
}

/** The best page that has the shelf, to be unfolded. */
function pageWith(one) {
  const shelves = one.page.map((shelf) => el("li", { class: shelf.shelf_id === one.shelf_id && "here" }, shelf.title));
  return el("details", {}, el("summary", {}, one.proven ? "The best page with it" : "A page with it"), el("ol", {}, shelves));
}

function section(title, intro, lines, rest = false) {
  const list = el("ol", {}, lines.slice(0, LISTED));
  const more = el("button", { class: "link", type: "button", click: () => {
    list.append(...lines.slice(LISTED));
    more.remove();
  } }, `Show all ${lines.length}`);
  return el(
    "section",
    {},
    el("h3", { tabindex: "-1" }, title),
    lines.length > 0 && el("p", { class: "quiet" }, intro),
    list,
    lines.length > LISTED && more,
    rest,
  );
}

function entry(name, detail, value, part, hint) {
  const bar = part === null ? false : el("i", { class: "price-bar", "aria-hidden": "true" });
  if (bar) bar.style.width = `${Math.max(1, 100 * part)}%`;
  return el("li", { title: hint ?? detail }, el("span", {}, el("b", {}, name), el("small", {}, detail), bar), el("output", {}, value));
}

function timed(part, share, proven) {
  return part === null ? "no time" : worth(share(part), proven);
}

function worth(part, proven) {
  return `${proven ? "" : "about "}${percent(part)}`;
}

function percent(part) {
  return part === 0 ? "0" : `${(100 * part).toFixed(part < 0.001 ? 3 : 2)} %`;
}
