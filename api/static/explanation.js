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
  return [
    rules(found.rules, share),
    brings(found.placed, share),
    absent(found.absent, share),
  ];
}

function rules(all, share) {
  const costly = all.filter((rule) => rule.price > 0 || rule.paid > 0);
  const free = all.length - costly.length;
  const most = Math.max(...costly.map((rule) => rule.price), 1);
  const line = (rule) => {
    const paid = rule.paid > 0 ? `This page pays ${percent(share(rule.paid))}. ` : "";
    return entry(words(rule.rule), `${paid}${rule.reason}`, worth(share(rule.price), rule.proven), rule.price / most);
  };
  const rest = free > 0 && el("p", { class: "quiet" }, `${free} other rules cost this page nothing.`);
  return section("What rules cost", "How much better the page could be without each, in % of its worth.", costly.map(line), rest);
}

function brings(placed, share) {
  const most = Math.max(...placed.map((one) => one.loss ?? 0), 1);
  const line = (one) =>
    entry(
      one.title,
      one.instead_title ? `else ${one.instead_title} in slot ${one.slot}` : "no page does without it",
      one.loss === null ? "needed" : worth(share(one.loss), one.proven),
      (one.loss ?? most) / most,
    );
  return section("What shelves bring", "What the page would lose without each.", placed.map(line));
}

function absent(all, share) {
  const line = (one) => {
    const why = one.kept_out_by.length > 0 ? `kept out by ${one.kept_out_by.map(words).join(", ")}` : one.slot ? `at best in slot ${one.slot}` : "";
    return entry(one.title, why, one.cost === null ? "no page" : worth(share(one.cost), one.proven), null, one.text);
  };
  return section("What others would cost", "What the page would lose with each of them on it.", all.map(line));
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

function worth(part, proven) {
  return `${proven ? "" : "about "}${percent(part)}`;
}

function percent(part) {
  return part === 0 ? "0" : `${(100 * part).toFixed(part < 0.001 ? 3 : 2)} %`;
}
