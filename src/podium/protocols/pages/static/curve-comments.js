// Comments on curves: a point or a range is chosen on a chart that is data-commented, and what was said about it is
// marked there. Needs curves.js, and the comments of a run on the same page (comments.js).
//
// With the mouse: a click chooses a point, a drag with Shift held a range. With the chart in focus: the arrow keys go to a
// point, Space begins a range there, "c" comments. The button above a chart comments on what is chosen, else on what is
// shown. Curves are talked about by step, so all this is there along steps alone.
"use strict";

(() => {
  const charts = new Map(); // host: { plot, axis, chosen, begun, layer }
  let anchors = [];

  const mayWrite = () => Boolean(document.querySelector("[data-new-comment]"));
  const plural = (from, to) => (from === to ? `step ${from}` : `steps ${from}–${to}`);

  function layerOf(host, chart) {
    if (!chart.layer?.isConnected) {
      chart.layer = document.createElement("div");
      chart.layer.className = "curve-layer";
      host.append(chart.layer);
    }
    return chart.layer;
  }

  // ---- What is drawn over a chart: bands and marks of what was said, and the part that is chosen.

  function draw(host) {
    const chart = charts.get(host);
    if (!chart) return;
    const layer = layerOf(host, chart);
    const isByStep = chart.axis === "step";
    const button = host.closest("figure")?.querySelector("[data-comment-on]");
    if (button) button.hidden = !isByStep || !mayWrite();
    const over = chart.plot.over;
    Object.assign(layer.style, { left: `${over.offsetLeft}px`, top: `${over.offsetTop}px`, width: `${over.clientWidth}px`, height: `${over.clientHeight}px` });
    if (!isByStep) {
      layer.replaceChildren();
      return;
    }
    const focused = layer.contains(document.activeElement) ? document.activeElement.dataset.thread : null;
    const said = anchors.filter((anchor) => anchor.metric === host.dataset.label);
    layer.replaceChildren(...said.flatMap((anchor) => marked(chart.plot, anchor)), ...chosenParts(chart, host));
    if (focused) layer.querySelector(`[data-thread="${focused}"]`)?.focus();
  }

  // Where a range is on the plot, in pixels; null when it is out of sight.
  function placed(plot, from, to) {
    const width = plot.over.clientWidth;
    const [left, right] = [from, to].map((step) => plot.valToPos(step, "x"));
    if (right < 0 || left > width) return null;
    return [Math.max(0, left), Math.min(width, right)];
  }

  function band(className, [left, right]) {
    const made = document.createElement("div");
    made.className = className;
    Object.assign(made.style, { left: `${left}px`, width: `${Math.max(1, right - left)}px` });
    return made;
  }

  function marked(plot, anchor) {
    const at = placed(plot, anchor.from_step, anchor.to_step);
    if (!at) return [];
    const mark = document.createElement("button");
    mark.type = "button";
    mark.className = "curve-mark";
    mark.dataset.thread = anchor.id;
    mark.title = `Comment on ${plural(anchor.from_step, anchor.to_step)}`;
    mark.setAttribute("aria-label", `${anchor.metric}, ${plural(anchor.from_step, anchor.to_step)}: show the comment`);
    mark.style.left = `${(at[0] + at[1]) / 2}px`;
    return [band("curve-said", at), mark];
  }

  function chosenParts(chart, host) {
    if (!chart.chosen) return [];
    const { from, to } = chart.chosen;
    const at = placed(chart.plot, from, to);
    if (!at) return [];
    const parts = [band("curve-chosen", at)];
    if (mayWrite()) {
      const say = document.createElement("button");
      say.type = "button";
      say.className = "button curve-say";
      say.textContent = `Comment on ${plural(from, to)}`;
      say.addEventListener("click", () => comment(host));
      const middle = (at[0] + at[1]) / 2;
      say.style.left = `${Math.max(80, Math.min(chart.plot.over.clientWidth - 80, middle))}px`;
      parts.push(say);
    }
    return parts;
  }

  function drawAll() {
    for (const host of charts.keys()) {
      if (host.isConnected) draw(host);
      else charts.delete(host);
    }
  }

  // ---- Choosing

  function choose(host, from, to) {
    const chart = charts.get(host);
    if (!chart || chart.axis !== "step") return;
    chart.chosen = from === null ? null : { from: Math.max(0, Math.min(from, to)), to: Math.max(0, from, to) };
    draw(host);
  }

  // The step of the point that the cursor is at.
  function stepAt(chart) {
    const at = chart.plot.cursor.idx;
    return at === null || at === undefined ? null : Math.round(chart.plot.data[0][at]);
  }

  function comment(host) {
    const chart = charts.get(host);
    if (!chart || chart.axis !== "step" || !mayWrite()) return;
    const { min, max } = chart.plot.scales.x;
    const part = chart.chosen ?? { from: Math.max(0, Math.ceil(min)), to: Math.max(0, Math.floor(max)) };
    const detail = { metric: host.dataset.label, ...part };
    document.dispatchEvent(new CustomEvent("podium:comment-on", { detail }));
  }

  function onKey(event) {
    const host = event.target.closest?.("[data-commented]");
    const chart = charts.get(host);
    if (!chart || event.target !== host || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = stepAt(chart);
    if (event.key === " " && step !== null) {
      chart.begun = chart.begun === null ? step : null;
      choose(host, chart.begun === null ? chart.chosen.from : step, chart.begun === null ? chart.chosen.to : step);
    } else if (event.key === "c") {
      if (!chart.chosen && step !== null) choose(host, step, step);
      chart.begun = null;
      comment(host);
    } else if (event.key === "Escape" && chart.chosen) {
      chart.begun = null;
      choose(host, null);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // A range that was begun goes as far as the cursor.
  function onKeyUp(event) {
    const chart = charts.get(event.target);
    if (chart?.begun === null || !chart || !event.key.startsWith("Arrow")) return;
    choose(event.target, chart.begun, stepAt(chart) ?? chart.begun);
  }

  let pressedAt = 0;

  function onClick(event) {
    const mark = event.target.closest(".curve-mark");
    if (mark) document.dispatchEvent(new CustomEvent("podium:show-comment", { detail: { id: Number(mark.dataset.thread) } }));
    const button = event.target.closest("[data-comment-on]");
    if (button) comment(button.closest("figure").querySelector("[data-commented]"));
    const host = event.target.closest(".u-over")?.closest("[data-commented]");
    const chart = charts.get(host);
    if (!chart || event.shiftKey || event.detail > 1 || Math.abs(event.clientX - pressedAt) > 3) return;
    const step = stepAt(chart);
    const isSame = chart.chosen && chart.chosen.from === step && chart.chosen.to === step;
    choose(host, isSame ? null : step, step);
  }

  // ---- The range of a comment is shown with some of what is around it.

  function showRange({ metric, from, to }) {
    const host = [...document.querySelectorAll("[data-commented]")].find((each) => each.dataset.label === metric);
    if (!host) return;
    host.scrollIntoView({ block: "nearest" });
    const all = charts.get(host)?.plot.data[0] ?? [];
    const around = Math.max(5, Math.ceil((to - from) / 2), from === to ? Math.ceil((all[all.length - 1] - all[0]) / 40) || 0 : 0);
    const detail = { from: String(Math.max(0, from - around)), to: String(to + around), axis: "step", label: metric };
    host.dispatchEvent(new CustomEvent("podium:zoom", { bubbles: true, detail }));
  }

  function takeAnchors() {
    const told = document.querySelector("[data-anchors]");
    anchors = told ? JSON.parse(told.dataset.anchors) : [];
    for (const [host, chart] of charts) {
      const isSaid = (anchor) => anchor.metric === host.dataset.label && anchor.from_step === chart.chosen?.from && anchor.to_step === chart.chosen?.to;
      if (anchors.some(isSaid)) chart.chosen = null;
    }
    drawAll();
  }

  document.addEventListener("podium:drawn", (event) => {
    const host = event.target;
    if (!host.matches("[data-commented]")) return;
    charts.set(host, { chosen: null, begun: null, layer: null, ...charts.get(host), ...event.detail });
    draw(host);
  });
  document.addEventListener("podium:choose", (event) => choose(event.target, event.detail.from, event.detail.to));
  document.addEventListener("podium:show-range", (event) => showRange(event.detail));
  document.addEventListener("mousedown", (event) => { pressedAt = event.clientX; }, true);
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("keyup", onKeyUp);
  for (const name of ["htmx:afterSettle", "podium:changed"]) document.addEventListener(name, takeAnchors);
})();
