// Choosing a listener: a combobox that searches as one types.

import { findListeners } from "./api.js";
import { el } from "./dom.js";

const DELAY_MS = 140;

/** Make the picker work. `onPick` gets the chosen listener; the result can show a listener as chosen. */
export function createPicker(onPick) {
  const input = document.getElementById("listener");
  const list = document.getElementById("listeners");
  let found = [];
  let active = -1;
  let chosen = "";
  let timer = 0;
  let search = new AbortController();

  const close = () => {
    clearTimeout(timer);
    search.abort();
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    input.value = chosen;
  };

  const highlight = (index) => {
    active = index;
    Array.from(list.children).forEach((option, i) => option.setAttribute("aria-selected", String(i === index)));
    const option = found.length > 0 ? list.children[index] : undefined;
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  };

  const pick = (index) => {
    const listener = found[index];
    if (!listener) return;
    chosen = listener.name;
    close();
    input.blur();
    onPick(listener);
  };

  const option = (listener, index) =>
    el(
      "li",
      {
        id: `listener-option-${index}`,
        role: "option",
        "aria-selected": "false",
        pointerdown: (event) => event.preventDefault(),
        click: () => pick(index),
      },
      el("span", { class: "option-name" }, listener.name),
      el("span", { class: "option-more" }, [listener.id, listener.market, listener.tier].filter(Boolean).join(" · ")),
    );

  const note = (text) => el("li", { class: "option-note", role: "option", "aria-disabled": "true", "aria-selected": "false" }, text);

  const open = async (text) => {
    search.abort();
    search = new AbortController();
    const { signal } = search;
    try {
      found = (await findListeners(text, signal)).listeners;
      if (signal.aborted) return;
      list.replaceChildren(...(found.length > 0 ? found.map(option) : [note("Nobody by that name")]));
    } catch (error) {
      if (error.name === "AbortError") return;
      found = [];
      list.replaceChildren(note(error.message));
    }
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    highlight(text === "" ? -1 : 0);
  };

  const move = (step) => {
    if (list.hidden) open("");
    else if (found.length > 0) highlight((active + step + found.length) % found.length);
  };

  const keys = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(active < 0 ? 0 : -1),
    Enter: () => pick(active),
    Escape: close,
  };

  input.addEventListener("focus", () => {
    input.select();
    open("");
  });
  input.addEventListener("click", () => list.hidden && open(""));
  input.addEventListener("blur", close);
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => open(input.value.trim()), DELAY_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  return {
    show(listener) {
      chosen = listener.name;
      if (document.activeElement !== input) input.value = chosen;
    },
  };
}
