// What every page does in the browser: theme, palette, keys, copying, times in the viewer's zone, notices.
"use strict";

const root = document.documentElement;

// ---- Theme: kept in a cookie, so that the server sends the page as it was chosen.

function isDark() {
  const chosen = root.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function toggleTheme() {
  root.dataset.theme = isDark() ? "light" : "dark";
  document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
  document.dispatchEvent(new CustomEvent("podium:theme"));
}

// ---- Times: "3 h ago" grows old, and the exact time belongs into the viewer's zone.

const SPANS = [[60, 1, "s"], [3600, 60, "min"], [86400, 3600, "h"], [2592000, 86400, "d"], [31536000, 2592000, "mo"]];
function ago(at) {
  const passed = Math.floor((Date.now() - at) / 1000);
  if (passed < 5) return "just now";
  for (const [below, unit, name] of SPANS) if (passed < below) return `${Math.floor(passed / unit)} ${name} ago`;
  return `${Math.floor(passed / 31536000)} y ago`;
}

function tellTimes() {
  for (const time of document.querySelectorAll("time[datetime]")) time.textContent = ago(Date.parse(time.dateTime));
}

let exact; // made when first needed: it takes longer than all else that is done when a page opens

function tellExactTime(event) {
  const time = event.target.closest?.("time[datetime]");
  if (!time) return;
  exact ??= new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  time.title = exact.format(Date.parse(time.dateTime));
}

// ---- The address: it keeps what is folded, looked at and set on a page, so that sharing it shares that.

function isInAddress(name, value) {
  return new URLSearchParams(location.search).getAll(name).includes(value);
}

function changeAddress(change) {
  const address = new URL(location.href);
  change(address.searchParams);
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

function keepInAddress(name, value, isKept) {
  changeAddress((query) => {
    const others = query.getAll(name).filter((other) => other !== value);
    query.delete(name);
    for (const other of isKept ? [...others, value] : others) query.append(name, other);
  });
}

function setInAddress(name, value) {
  changeAddress((query) => (value ? query.set(name, value) : query.delete(name)));
}

// `<details data-fold="name">`: the address names those that are not as they were sent.
function refold(within) {
  for (const part of within.querySelectorAll("details[data-fold]")) {
    part.isOpenFirst ??= part.open;
    part.open = part.isOpenFirst !== isInAddress("fold", part.dataset.fold);
  }
}

function onFold(event) {
  const { isOpenFirst, open, dataset } = event.target;
  if (isOpenFirst !== undefined) keepInAddress("fold", dataset.fold, open !== isOpenFirst);
}

// ---- Notices

function notice(title, message, kind) {
  const box = document.createElement("div");
  box.className = `notice notice-${kind}`;
  const words = document.createElement("div");
  const strong = document.createElement("strong");
  strong.textContent = title;
  words.append(strong);
  if (message) {
    const text = document.createElement("p");
    text.textContent = message;
    words.append(text);
  }
  box.append(words);
  document.getElementById("notices").append(box);
  fade(box);
}

function fade(box) {
  if (!box.classList.contains("notice-error")) setTimeout(() => box.remove(), 3500);
}

// ---- Palette

const palette = () => document.getElementById("palette");

function openPalette() {
  const dialog = palette();
  if (dialog.open) return;
  dialog.showModal();
  const input = dialog.querySelector("input");
  input.select();
  htmx.trigger(input, "palette-open");
}

function movePalette(step) {
  const items = [...palette().querySelectorAll(".palette-item")];
  if (!items.length) return;
  const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
  const next = items[(at + step + items.length) % items.length];
  for (const item of items) item.setAttribute("aria-selected", String(item === next));
  next.scrollIntoView({ block: "nearest" });
  palette().querySelector("input").setAttribute("aria-activedescendant", next.id);
}

let isChosenNext = false; // Enter came before the answer to what was typed

function isPaletteCurrent() {
  const found = palette().querySelector("[data-found-for]");
  return found && found.dataset.foundFor === palette().querySelector("input").value.trim();
}

// What the page itself offers, its parts and its buttons, is found as well.
function offerHere() {
  const results = document.getElementById("palette-results");
  const words = palette().querySelector("input").value.toLowerCase().split(/\s+/);
  const offers = [...document.querySelectorAll("main .tabs a, main .page-head .actions :is(a.button, button.button, .segmented a)")]
    .map((offer) => [offer.firstChild ? offer.textContent.trim().replace(/\s+/g, " ") : "", offer])
    .filter(([label, offer]) => label && !offer.closest("form[hx-confirm]") && words.every((word) => label.toLowerCase().includes(word)));
  if (!offers.length) return;
  results.querySelector("[data-nothing]")?.remove();
  const group = document.createElement("div");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "On this page");
  const head = document.createElement("div");
  head.className = "palette-group";
  head.textContent = "On this page";
  group.append(head);
  const isFirst = !results.querySelector(".palette-item");
  offers.slice(0, 8).forEach(([label, offer], index) => {
    const item = document.createElement("a");
    Object.assign(item, { className: "palette-item", id: `here-${index}`, href: offer.href ?? "#", tabIndex: -1 });
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", String(isFirst && index === 0));
    item.append(offer.querySelector(".icon")?.cloneNode(true) ?? "", label);
    item.addEventListener("click", (event) => {
      event.preventDefault();
      palette().close();
      offer.click();
    });
    group.append(item);
  });
  results.append(group);
}

function choosePalette() {
  isChosenNext = !isPaletteCurrent();
  if (isChosenNext) return;
  const item = palette().querySelector('.palette-item[aria-selected="true"]') || palette().querySelector(".palette-item");
  if (item) item.click();
}

const COMMANDS = { theme: toggleTheme, copyAddress: () => copy(location.href), keys: tellKeys };

function tellKeys() {
  document.getElementById("keys-help").showModal();
}

// ---- Keys, which "?" lists: "/" searches, "g" and a letter goes to a page, "j" and "k" move through rows, Enter opens one.

let pressedG = 0;

function moveRow(step) {
  const rows = [...document.querySelectorAll("main tbody tr, main [data-row]")].filter((row) => row.querySelector("a[href]"));
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.hasAttribute("data-current"));
  const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
  for (const row of rows) row.toggleAttribute("data-current", row === next);
  next.querySelector("a[href]").focus();
}

function onKey(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  if (palette().open) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      movePalette(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      event.preventDefault();
      choosePalette();
    }
    return;
  }
  if (document.querySelector("dialog[open]")) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (Date.now() - pressedG < 1200) {
    pressedG = 0;
    const link = document.querySelector(`[data-keys="g ${CSS.escape(event.key)}"]`);
    if (link) link.click();
    return;
  }
  if (event.key === "g") pressedG = Date.now();
  else if (event.key === "/") {
    const search = document.querySelector('main input[type="search"]');
    event.preventDefault();
    if (search) search.focus();
    else openPalette();
  } else if (event.key === "j") moveRow(1);
  else if (event.key === "k") moveRow(-1);
  else if (event.key === "?") tellKeys();
  else if (event.key === "y") COMMANDS.copyAddress();
  else if (event.key === "t") toggleTheme();
}

// ---- Copying

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea"); // a page without TLS has no clipboard of its own
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  notice("Copied", "", "done");
}

function onClick(event) {
  const found = (selector) => event.target.closest(selector);
  if (found("[data-palette]")) openPalette();
  else if (found("[data-theme-toggle]")) toggleTheme();
  else if (found("[data-copy]")) copy(found("[data-copy]").dataset.copy);
  else if (found("[data-dismiss]")) found(".notice").remove();
  else if (found("[data-file]")) {
    for (const file of document.querySelectorAll("[data-file]")) file.toggleAttribute("aria-current", file === found("[data-file]"));
    setInAddress("path", found("[data-file]").dataset.file);
  } else if (found("[data-command]")) {
    event.preventDefault();
    palette().close();
    COMMANDS[found("[data-command]").dataset.command]();
  } else if (found("[data-close-dialog]")) found("dialog").close();
  else if (event.target.matches("dialog")) event.target.close(); // beside what it shows
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
}

// ---- Addresses that mlflow's client prints: its own pages live behind the "#".

function followMlflowAddress() {
  const run = location.hash.match(/^#\/experiments\/([^/]+)\/runs\/([^/?]+)/);
  const experiment = location.hash.match(/^#\/experiments\/([^/?]+)/);
  const version = location.hash.match(/^#\/models\/([^/]+)\/versions\/(\d+)/);
  const model = location.hash.match(/^#\/models\/([^/?]+)/);
  if (run) location.replace(`/runs/${run[2]}`);
  else if (experiment) location.replace(`/projects/${experiment[1]}`);
  else if (version) location.replace(`/models/default/${version[1]}/${version[2]}`);
  else if (model) location.replace(`/models/default/${model[1]}`);
}

document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
document.addEventListener("pointerover", tellExactTime);
document.addEventListener("focusin", tellExactTime);
document.addEventListener("toggle", onFold, true);
document.addEventListener("htmx:afterSwap", (event) => {
  refold(event.target);
  if (event.target.id === "palette-results") offerHere();
  if (isChosenNext && event.target.id === "palette-results" && palette().open) choosePalette();
});
document.addEventListener("htmx:load", (event) => {
  for (const box of event.target.querySelectorAll?.("[data-notice]") ?? []) fade(box);
  if (event.target.matches?.("[data-notice]")) fade(event.target);
});
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status >= 400 && event.detail.xhr.getResponseHeader("hx-retarget")) event.detail.shouldSwap = true;
});
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") return; // an address names only what was chosen
  for (const [name, value] of Object.entries(event.detail.parameters)) if (value === "") delete event.detail.parameters[name];
});
document.addEventListener("htmx:sendError", () => notice("No answer", "The server cannot be reached.", "error"));
window.addEventListener("hashchange", followMlflowAddress);
followMlflowAddress();
refold(document);
setInterval(tellTimes, 30000);
