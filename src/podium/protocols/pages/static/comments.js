// Comments: people are offered while an "@" is written, and comments point to curves.
//
// A page with curves tells which part of one to comment on, and is told which part a comment is about:
//   document.dispatchEvent(new CustomEvent("podium:comment-on", { detail: { metric, from, to } }));
//   document.addEventListener("podium:show-range", (event) => event.detail); // { metric, from, to }
// What is commented on already stands in [data-anchors]: [{ id, metric, from_step, to_step }]. A page with curves has
// the comments in #said, which is shown when somebody comments on a curve, or asks for what was said about one:
//   document.dispatchEvent(new CustomEvent("podium:show-comment", { detail: { id } }));
"use strict";

(() => {
  if (window.podiumComments) return;
  window.podiumComments = true;

  // ---- Mentions

  const BEGUN = /(?:^|[^\w@/])@([\w.-]*)$/;

  function begun(area) {
    const found = area.value.slice(0, area.selectionStart).match(BEGUN);
    return found ? found[1] : null;
  }

  const listOf = (area) => area.parentElement.querySelector(".mention-list");

  async function offer(area) {
    const list = listOf(area);
    const text = begun(area);
    if (text === null) {
      list.hidden = true;
      return;
    }
    const address = area.closest("[data-comments]").dataset.people;
    const answer = await fetch(`${address}&q=${encodeURIComponent(text)}`, { headers: { "hx-request": "true" } });
    if (!answer.ok || begun(area) !== text) return;
    list.innerHTML = await answer.text();
    list.hidden = !list.children.length;
    choose(list, 0);
  }

  function choose(list, at) {
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
  }

  function take(area, name) {
    const end = area.selectionStart;
    const start = end - begun(area).length;
    area.setRangeText(`${name} `, start, end, "end");
    listOf(area).hidden = true;
    area.focus();
  }

  function onKey(event) {
    const area = event.target.closest?.("[data-mentions]");
    if (!area) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      area.form.requestSubmit();
      return;
    }
    const list = listOf(area);
    if (list.hidden) return;
    const items = [...list.children];
    const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") choose(list, (at + 1) % items.length);
    else if (event.key === "ArrowUp") choose(list, (at - 1 + items.length) % items.length);
    else if (event.key === "Enter" || event.key === "Tab") take(area, items[at].dataset.name);
    else if (event.key === "Escape") list.hidden = true;
    else return;
    event.preventDefault();
  }

  // ---- Anchors

  function anchor(detail) {
    const form = document.querySelector("[data-new-comment]");
    if (!form) return;
    openSaid(true);
    const note = form.querySelector("[data-anchored]");
    form.elements.metric.value = detail ? detail.metric : "";
    form.elements.from_step.value = detail ? Math.round(detail.from) : "";
    form.elements.to_step.value = detail ? Math.round(detail.to ?? detail.from) : "";
    note.hidden = !detail;
    if (!detail) return;
    const { from_step: from, to_step: to } = form.elements;
    const where = from.value === to.value ? `at step ${from.value}` : `steps ${from.value}–${to.value}`;
    note.querySelector("span").textContent = `${detail.metric} ${where}`;
    form.scrollIntoView({ block: "nearest" });
    form.elements.text.focus();
  }

  // ---- The comments beside curves

  function openSaid(isOpen) {
    const said = document.getElementById("said");
    if (!said) return;
    said.hidden = !isOpen;
    document.querySelector("[data-toggle-said]")?.setAttribute("aria-expanded", String(isOpen));
  }

  function countSaid() {
    const shown = document.querySelector("[data-said-count]");
    if (!shown) return;
    shown.textContent = document.querySelector(".comments-head .count")?.textContent ?? "";
    shown.hidden = !shown.textContent;
  }

  function showComment(id) {
    openSaid(true);
    const comment = document.getElementById(`comment-${id}`);
    if (!comment) return;
    for (const other of document.querySelectorAll(".comment.is-shown")) other.classList.remove("is-shown");
    comment.classList.add("is-shown");
    comment.tabIndex = -1;
    comment.scrollIntoView({ block: "nearest" });
    comment.focus({ preventScroll: true });
  }

  // The address of a comment on a curve shows both.
  function showLinked() {
    const [, id] = location.hash.match(/^#comment-(\d+)$/) ?? [];
    if (!id) return;
    showComment(id);
    const said = document.getElementById(`comment-${id}`)?.closest(".thread")?.querySelector("[data-show-metric]");
    if (said && !new URLSearchParams(location.search).get("from")) showRange(said);
  }

  function showRange({ dataset }) {
    const detail = { metric: dataset.showMetric, from: Number(dataset.from), to: Number(dataset.to) };
    document.dispatchEvent(new CustomEvent("podium:show-range", { detail }));
  }

  function onClick(event) {
    const toggle = event.target.closest("[data-toggle-said]");
    if (toggle) openSaid(toggle.getAttribute("aria-expanded") !== "true");
    const name = event.target.closest("[data-name]");
    if (name?.closest(".mention-list")) take(name.closest(".editor").querySelector("[data-mentions]"), name.dataset.name);
    if (event.target.closest("[data-unanchor]")) anchor(null);
    const shown = event.target.closest("[data-show-metric]");
    if (shown) showRange(shown);
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-mentions]")) offer(event.target);
  });
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  document.addEventListener("podium:comment-on", (event) => anchor(event.detail));
  document.addEventListener("podium:show-comment", (event) => showComment(event.detail.id));
  for (const name of ["htmx:afterSettle", "podium:changed"]) document.addEventListener(name, countSaid);
  window.addEventListener("hashchange", showLinked);
  countSaid();
  showLinked();
})();
