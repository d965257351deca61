// One item up close.

import { cover } from "./covers.js";
import { el, icon, iconButton } from "./dom.js";
import { play } from "./player.js";

/** Show an item; `onDismiss` is called when the listener does not want it. */
export function openSheet(subject, { kind, onDismiss }) {
  const { item } = subject;
  const sheet = document.getElementById("sheet");
  const close = () => sheet.close();
  const facts = [kind, item.genre, item.released?.slice(0, 4), item.explicit && "Explicit", item.sponsor && `Sponsored by ${item.sponsor}`];
  const act = (action) => () => {
    close();
    action();
  };
  const buttons = [
    el("button", { class: "button primary", type: "button", click: act(() => play(subject)) }, icon("play"), "Play"),
    el("button", { class: "button", type: "button", click: act(onDismiss) }, "Not for me"),
  ];
  sheet.replaceChildren(
    iconButton("dismiss", "Close", close, { class: "icon-button sheet-close" }),
    cover(item),
    el(
      "div",
      { class: "sheet-text" },
      el("h2", { id: "sheet-title" }, item.title),
      item.creator && item.creator !== item.title && el("p", { class: "sheet-creator" }, item.creator),
      el("p", { class: "chips" }, facts.filter(Boolean).map((fact) => el("span", { class: "chip" }, fact))),
      el("div", { class: "sheet-buttons" }, buttons),
    ),
  );
  sheet.onclick = (event) => {
    if (event.target === sheet) close();
  };
  sheet.showModal();
}
