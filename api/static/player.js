// A player without sound: it keeps time and reports what a real one would.

import { cover } from "./covers.js";
import { el, iconButton } from "./dom.js";
import { report } from "./events.js";

const LISTEN_S = 30;

let ticking = 0;

/** Play an item: reports the play, and a longer listen once 30 seconds have passed. */
export function play(subject) {
  stop();
  tell("play", subject);
  const progress = el("progress", { max: LISTEN_S, value: "0", "aria-label": "Towards a 30 second listen" });
  const { item } = subject;
  const text = el(
    "div",
    { class: "player-text" },
    el("strong", {}, item.title),
    el("span", {}, [item.creator !== item.title && item.creator, "no sound in this demo"].filter(Boolean).join(" · ")),
    progress,
  );
  const bar = document.getElementById("player");
  bar.replaceChildren(cover(item), text, iconButton("skip", `Skip ${item.title}`, () => skip(subject)), iconButton("dismiss", "Stop", stop));
  bar.hidden = false;
  ticking = setInterval(() => {
    progress.value += 1;
    if (progress.value === LISTEN_S) tell("play_30s", subject);
    if (progress.value >= LISTEN_S) clearInterval(ticking);
  }, 1000);
}

/** Stop playing. */
export function stop() {
  clearInterval(ticking);
  document.getElementById("player").hidden = true;
}

function skip(subject) {
  const { items } = subject.shelf;
  tell("skip", subject);
  const next = items[items.findIndex((item) => item.id === subject.item.id) + 1];
  if (next) play({ ...subject, item: next });
  else stop();
}

function tell(kind, { item, shelf, decisionId }) {
  report(kind, decisionId, shelf.shelf_id, item.id);
}
