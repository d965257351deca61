// The page: whose Home is shown, on which surface, and what happens when that changes.

import { composeHome, findListeners, getSurfaces } from "./api.js";
import { el, icon, toast } from "./dom.js";
import { flush } from "./events.js";
import { inspect } from "./inspector.js";
import { createPicker } from "./picker.js";
import { stop } from "./player.js";
import { showShelves, showSkeleton } from "./shelves.js";

const SURFACE_NAMES = { phone: "Phone", desktop: "Desktop", tv: "TV" };
const SURFACE_ORDER = ["phone", "desktop", "tv"];

const feed = document.getElementById("feed");
const inspector = document.getElementById("inspector");
const refresh = document.getElementById("refresh");
const query = new URLSearchParams(location.search);
const state = { listener: query.get("listener"), surface: query.get("surface") };
let composing = new AbortController();

const picker = createPicker((listener) => {
  state.listener = listener.id;
  compose();
});

async function compose() {
  composing.abort();
  composing = new AbortController();
  const { signal } = composing;
  remember();
  feed.setAttribute("aria-busy", "true");
  if (!feed.querySelector(".shelf")) showSkeleton(feed);
  try {
    await flush();
    const page = await composeHome(state.listener, state.surface, signal);
    if (!signal.aborted) show(page);
  } catch (error) {
    if (error.name !== "AbortError") showProblem(error);
  }
  if (!signal.aborted) feed.removeAttribute("aria-busy");
}

function show(page) {
  stop();
  document.body.dataset.surface = page.surface;
  document.title = `${page.listener.name} · Home`;
  document.getElementById("greeting").textContent = `${greeting()}, ${page.listener.name}`;
  const place = `${SURFACE_NAMES[page.surface] ?? page.surface}, ${page.listener.market}`;
  const shelves = `${page.page.length} shelves chosen from ${page.diagnostics.candidate_shelves}`;
  document.getElementById("summary").textContent = `${shelves} · ${place}`;
  picker.show(page.listener);
  inspect(inspector, page);
  if (page.page.length > 0) showShelves(feed, page);
  else showNotice("Nothing to show yet", "No shelf could be made for this listener. Try another one.", compose);
}

function greeting() {
  const hour = new Date().getHours();
  if (hour < 5) return "Good night";
  if (hour < 12) return "Good morning";
  return hour < 18 ? "Good afternoon" : "Good evening";
}

function showProblem(error) {
  inspector.hidden = true;
  document.getElementById("summary").textContent = "";
  const title = error.title ?? "Something went wrong";
  if (error.status === 404) showNotice(title, error.message, startOver, "Show someone else");
  else showNotice(title, error.message, start);
}

function startOver() {
  state.listener = state.surface = null;
  start();
}

function showNotice(title, text, again, label = "Try again") {
  const retry = el("button", { class: "button primary", type: "button", click: again }, label);
  feed.replaceChildren(el("div", { class: "notice", role: "alert" }, el("h2", {}, title), el("p", {}, text), retry));
}

function remember() {
  history.replaceState(null, "", `?${new URLSearchParams({ listener: state.listener, surface: state.surface })}`);
}

function showSurfaces(names) {
  const choose = (name) => () => {
    state.surface = name;
    compose();
  };
  const choice = (name) =>
    el(
      "label",
      {},
      el("input", { type: "radio", name: "surface", value: name, checked: name === state.surface, change: choose(name) }),
      el("span", {}, SURFACE_NAMES[name] ?? name),
    );
  const box = document.getElementById("surfaces");
  box.replaceChildren(box.firstElementChild, ...names.map(choice));
}

function rank(surface) {
  const place = SURFACE_ORDER.indexOf(surface);
  return place < 0 ? SURFACE_ORDER.length : place;
}

async function start() {
  showSkeleton(feed);
  try {
    const names = (await getSurfaces()).surfaces.map((one) => one.surface).sort((a, b) => rank(a) - rank(b));
    if (!names.includes(state.surface)) {
      const preferred = matchMedia("(min-width: 900px)").matches ? "desktop" : "phone";
      state.surface = names.includes(preferred) ? preferred : names[0];
    }
    showSurfaces(names);
    state.listener ||= (await findListeners("")).listeners[0]?.id;
    if (state.listener) await compose();
    else showNotice("Nobody is here yet", "The catalogue has no listeners. Load one with: home setup", start);
  } catch (error) {
    showProblem(error);
  }
}

function setUpTheme() {
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const draw = () => {
    button.setAttribute("aria-pressed", String(isDark()));
    button.replaceChildren(icon(isDark() ? "sun" : "moon"));
  };
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem("theme", theme);
    } catch {
      toast("This browser does not let the page remember that.");
    }
    draw();
  });
  system.addEventListener("change", draw);
  draw();
}

refresh.append(icon("refresh"));
refresh.addEventListener("click", compose);
setUpTheme();
start();
