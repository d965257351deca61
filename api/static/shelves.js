// The shelves of a page, and what one can do with them.

import { cover } from "./covers.js";
import { digits, el, icon, iconButton, toast, words } from "./dom.js";
import { flush, report } from "./events.js";
import { play } from "./player.js";
import { openSheet } from "./sheet.js";

const SEEN_MS = 500;
const SEEN_SHARE = 0.5;

let observer = null;

/** Show the shelves of `page` in `feed`. */
export function showShelves(feed, page) {
  observer?.disconnect();
  observer = watchImpressions(page.decision_id);
  const nodes = page.page.map((shelf) => shelfNode(shelf, page.decision_id));
  feed.replaceChildren(...nodes);
  nodes.forEach((node) => observer.observe(node));
}

/** Grey shapes while the first page is composed. */
export function showSkeleton(feed) {
  const cards = () => Array.from({ length: 8 }, () => el("span", { class: "bone bone-cover" }));
  const shelf = () =>
    el("div", { class: "shelf", "aria-hidden": "true" }, el("span", { class: "bone bone-title" }), el("div", { class: "row" }, cards()));
  feed.replaceChildren(shelf(), shelf(), shelf());
}

function watchImpressions(decisionId) {
  const timers = new Map();
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { target, intersectionRatio } of entries) {
        clearTimeout(timers.get(target));
        if (intersectionRatio < SEEN_SHARE) continue;
        const count = () => {
          seen.unobserve(target);
          report("impression", decisionId, target.dataset.shelf);
        };
        timers.set(target, setTimeout(count, SEEN_MS));
      }
    },
    { threshold: [0, SEEN_SHARE] },
  );
  const disconnect = () => {
    timers.forEach((timer) => clearTimeout(timer));
    seen.disconnect();
  };
  return { observe: (node) => seen.observe(node), disconnect };
}

function shelfNode(shelf, decisionId) {
  const id = `shelf-${shelf.slot}`;
  const row = el("ul", { class: "row", "aria-labelledby": id }, shelf.items.map((item) => itemNode(item, shelf, decisionId)));
  const node = el("section", { class: `shelf shown-as-${shelf.presentation || "carousel"}`, "aria-labelledby": id, "data-shelf": shelf.shelf_id });
  const why = whyHere(shelf);
  const sponsor = shelf.items.length > 0 && shelf.items.every((item) => item.sponsor) ? shelf.items[0].sponsor : null;
  const heading = el(
    "div",
    { class: "shelf-heading" },
    el("h2", { id, tabindex: "-1" }, shelf.title),
    el("p", {}, sponsor && el("span", { class: "sponsored" }, `Sponsored by ${sponsor}`), shelf.reason, " ", why.button),
  );
  const save = iconButton("save", `Save ${shelf.title}`, () => {
    if (save.getAttribute("aria-pressed") === "true") return;
    save.setAttribute("aria-pressed", "true");
    report("save", decisionId, shelf.shelf_id);
    toast("Saved. More like this from now on.");
  }, { "aria-pressed": "false" });
  const dismiss = iconButton("dismiss", `Dismiss ${shelf.title}`, () => dismissShelf(node, decisionId));
  const actions = el("div", { class: "shelf-actions" }, arrows(row), save, dismiss);
  node.append(el("header", { class: "shelf-header" }, heading, actions), why.panel, row);
  return node;
}

function arrows(row) {
  const step = (direction) => () => row.scrollBy({ left: direction * row.clientWidth * 0.8, behavior: "smooth" });
  const props = { tabindex: "-1", "aria-hidden": "true" }; // the keyboard reaches every card without them
  return el("span", { class: "arrows" }, iconButton("left", "Back", step(-1), props), iconButton("right", "Forward", step(1), props));
}

function whyHere(shelf) {
  const id = `why-${shelf.slot}`;
  const fact = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));
  const panel = el(
    "div",
    { class: "why", id, hidden: true },
    el("p", {}, `${shelf.reason}.`.replace(/\.\.$/, "."), " ", shelf.slot_reason),
    el(
      "dl",
      {},
      fact("Source", words(shelf.source)),
      fact("Slot", String(shelf.slot)),
      shelf.presentation && fact("Shown as", words(shelf.presentation)),
      fact("Predicted value", digits(shelf.value)),
      fact("Probability here", digits(shelf.conditional)),
      shelf.rules.length > 0 && fact("Rules", el("span", { class: "chips" }, shelf.rules.map((rule) => el("span", { class: "chip" }, words(rule))))),
    ),
  );
  const toggle = () => {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
  };
  const label = [el("span", {}, "Why here"), el("span", { class: "hidden" }, `: ${shelf.title}`), icon("chevron")];
  const button = el("button", { class: "why-button", type: "button", "aria-expanded": "false", "aria-controls": id, click: toggle }, label);
  return { button, panel };
}

async function dismissShelf(node, decisionId) {
  report("dismiss", decisionId, node.dataset.shelf);
  const next = node.nextElementSibling ?? node.previousElementSibling;
  await leave(node);
  next?.querySelector("h2")?.focus({ preventScroll: true });
  const sent = await flush();
  toast(sent ? "Gone, from the next page too." : "Hidden here; the server will hear of it once it answers.");
}

async function leave(node) {
  node.style.height = `${node.offsetHeight}px`;
  node.classList.add("leaving");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (!still) await node.animate([{ opacity: 1 }, { opacity: 0, height: "0px", paddingBlock: "0px" }], { duration: 260, easing: "ease" }).finished;
  node.remove();
}

const KINDS = { artist: "Artist", album: "Album", track: "Song", playlist: "Playlist", podcast: "Podcast", audiobook: "Audiobook", video: "Video" };

function itemNode(item, shelf, decisionId) {
  const subject = { item, shelf, decisionId };
  const byline = item.creator && item.creator !== item.title ? item.creator : KINDS[item.kind];
  const node = el("li", { class: `item item-${item.kind}` });
  const open = () => {
    report("click", decisionId, shelf.shelf_id, item.id);
    openSheet(subject, { kind: KINDS[item.kind], onDismiss: () => dismissItem(node, subject) });
  };
  const playNow = () => play(subject);
  node.append(
    el(
      "button",
      { class: "card", type: "button", "aria-haspopup": "dialog", click: open },
      cover(item),
      el("span", { class: "item-title" }, item.title),
      el(
        "span",
        { class: "item-byline" },
        item.explicit && el("span", { class: "explicit", title: "Explicit" }, "E", el("span", { class: "hidden" }, "xplicit, ")),
        byline,
      ),
    ),
    el("button", { class: "play", type: "button", "aria-label": `Play ${item.title}`, title: "Play", click: playNow }, icon("play")),
  );
  return node;
}

function dismissItem(node, { item, shelf, decisionId }) {
  report("dismiss", decisionId, shelf.shelf_id, item.id);
  const next = node.nextElementSibling ?? node.previousElementSibling;
  node.remove();
  next?.querySelector("button")?.focus();
  flush();
  toast("Gone, from the next page too.");
}
