// Charts of curves: <div data-curves data-source="/curves?run=…&key=…" data-label="loss"></div> draws itself.
//
// data-source  where the numbers are, with a query; the chart adds `x`, `from` and `to`
// data-axis    "step" (default), "relative" (seconds since the run began) or "time"
// data-smooth  0 to 0.999: weight of the average that is drawn over the paler curve
// data-log     "1" for a logarithmic value axis
// data-from, data-to   the part that is shown, in numbers of the axis (milliseconds for times)
// data-start   when the run began, in milliseconds: where relative times begin; default: what the answer says
// data-runs    run ids, parted by commas: a run's place there is its colour; default: that of the curve
// data-by      "run" names curves by their runs, "key" by their metrics; default: whatever tells them apart
//
// Changing one of these attributes draws it anew. Dragging zooms, and fetches that part in full detail; a double click or
// Escape shows all. It sends `podium:zoom` {from, to, axis} (null for all), which bubbles. On `podium:changed`, sent to
// the document when what is shown has grown, it fetches again. When drawn it sends `podium:drawn` {plot, axis}, and
// `podium:choose` {from, to} for a part that is dragged over with Shift held; both bubble. Needs vendor/uplot/uPlot.iife.min.js and its styles.
"use strict";

(() => {
  const HEIGHT = 210;
  const REDRAWN = ["data-smooth", "data-log"];
  const WATCHED = ["data-source", "data-axis", "data-from", "data-to", ...REDRAWN];
  const SPARED = 20; // a curve that grows is fetched again after this many times of what that took
  const charts = new Map();
  const visible = new IntersectionObserver((entries) => {
    for (const entry of entries) charts.get(entry.target)?.see(entry.isIntersecting);
  }, { rootMargin: "200px" });
  const resized = new ResizeObserver((entries) => {
    for (const entry of entries) charts.get(entry.target)?.resize();
  });
  const changed = new MutationObserver((records) => {
    const read = new Set(records.filter((record) => !REDRAWN.includes(record.attributeName)).map((record) => record.target));
    for (const host of new Set(records.map((record) => record.target))) {
      const chart = charts.get(host);
      if (read.has(host) || !chart?.answer) chart?.load();
      else chart.draw();
    }
  });

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const seriesColour = (index) => colour(`--series-${index % 10}`);

  function shown(value) {
    if (value === null || value === undefined) return "–";
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(3);
    return String(Number(value.toPrecision(6)));
  }

  function duration(seconds) {
    const sign = seconds < 0 ? "-" : "";
    let left = Math.abs(seconds);
    if (left < 60) return `${sign}${Number(left.toPrecision(3))}s`;
    const parts = [];
    for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]]) {
      if (left >= size) parts.push(`${Math.floor(left / size)}${unit}`);
      left %= size;
    }
    return sign + parts.slice(0, 2).join(" ");
  }

  const place = (axis, x) =>
    axis === "step" ? `step ${x}` : axis === "relative" ? duration(x) : new Date(x * 1000).toLocaleString();

  // An average that fades with the distance along the axis, so that it does not depend on how many points were sent.
  function smoothed(xs, ys, weight) {
    const span = xs[xs.length - 1] - xs[0] || 1;
    const keep = Math.min(Math.sqrt(weight), 0.999);
    let sum = 0;
    let count = 0;
    let last = xs[0];
    return ys.map((y, index) => {
      if (y === null) return null;
      const fading = Math.pow(keep, ((xs[index] - last) / span) * 1000);
      last = xs[index];
      sum = sum * fading + y;
      count = count * fading + 1;
      return sum / count;
    });
  }

  class Chart {
    constructor(host) {
      this.host = host;
      this.axis = "step";
      this.answer = null;
      this.isVisible = false;
      this.isStale = true;
      host.tabIndex = 0;
      host.setAttribute("role", "group");
      host.setAttribute("aria-label", `Curve of ${host.dataset.label || "metrics"}`);
      this.canvas = document.createElement("div");
      this.canvas.className = "curves-canvas";
      this.readout = document.createElement("div");
      this.readout.className = "curves-readout";
      this.readout.hidden = true;
      this.note = document.createElement("p");
      this.note.className = "curves-note";
      this.note.textContent = "Reading…";
      host.append(this.canvas, this.readout, this.note);
      host.addEventListener("keydown", (event) => this.onKey(event));
      host.addEventListener("mousedown", (event) => { this.isChoosing = event.shiftKey; }, true);
      if (host.getBoundingClientRect().top < innerHeight + 200) this.see(true);
      visible.observe(host);
      resized.observe(host);
      changed.observe(host, { attributes: true, attributeFilter: WATCHED });
    }

    see(isVisible) {
      this.isVisible = isVisible;
      if (isVisible && this.isStale) this.load();
    }

    // What grows is fetched again, but not all the time where that takes long.
    renew() {
      const wait = (this.rested ?? 0) - performance.now();
      if (wait <= 0) this.load();
      else this.waiting ??= setTimeout(() => { this.waiting = null; this.load(); }, wait);
    }

    resize() {
      if (this.plot && this.host.clientWidth) this.plot.setSize({ width: this.host.clientWidth, height: HEIGHT });
    }

    remove() {
      this.plot?.destroy();
      clearTimeout(this.waiting);
      visible.unobserve(this.host);
      resized.unobserve(this.host);
      charts.delete(this.host);
    }

    async load() {
      this.isStale = true;
      if (!this.isVisible) return;
      this.isStale = false;
      this.axis = this.host.dataset.axis || "step";
      // Put together as text: a page may have begun to fetch this very address with <link rel="preload">.
      let address = `${this.host.dataset.source}&x=${this.axis === "step" ? "step" : "time"}`;
      for (const edge of ["from", "to"]) {
        const asked = this.host.dataset[edge] ? this.asked(Number(this.host.dataset[edge])) : null;
        if (asked !== null) address += `&${edge}=${asked}`;
      }
      this.request?.abort();
      const request = (this.request = new AbortController());
      const began = performance.now();
      try {
        const response = await fetch(address, { signal: request.signal });
        if (!response.ok) throw new Error(`the server answered ${response.status}`);
        this.answer = await response.json();
        this.rested = performance.now() + SPARED * (performance.now() - began);
        this.draw();
      } catch (error) {
        if (error.name !== "AbortError") this.tell(`The curve cannot be shown: ${error.message}.`);
      }
    }

    tell(text) {
      this.note.textContent = text;
      this.note.hidden = !text;
    }

    // Where relative times begin. Several runs have each its own start.
    start(run, xs) {
      const told = Number(this.host.dataset.start) || this.answer.runs.find((other) => other.id === run)?.start;
      return told && (!xs.length || told <= xs[0]) ? told : xs[0];
    }

    // An edge as the server is asked for it; null where it cannot be told, and all is read.
    asked(edge) {
      if (this.axis !== "relative") return Math.round(edge);
      const start = Number(this.host.dataset.start) || this.base;
      return start ? Math.round(edge + start) : null;
    }

    tables() {
      const isLog = this.host.dataset.log === "1";
      const isZoomed = Boolean(this.host.dataset.from);
      return this.answer.curves.map((curve) => {
        let xs = curve.x;
        if (this.axis === "relative") {
          const isAlone = this.answer.runs.length === 1;
          const start = isAlone && isZoomed && this.base ? this.base : this.start(curve.run, curve.x);
          this.base = isAlone ? start : null;
          xs = curve.x.map((x) => (x - start) / 1000);
        } else if (this.axis === "time") xs = curve.x.map((x) => x / 1000);
        const ys = isLog ? curve.y.map((y) => (y !== null && y > 0 ? y : null)) : curve.y;
        return Chart.distinct(xs, ys);
      });
    }

    // A chart has one value at a place: what else is there goes next to it.
    static distinct(xs, ys) {
      for (let index = 1; index < xs.length; index += 1) {
        if (xs[index] > xs[index - 1]) continue;
        const apart = xs.slice();
        for (let at = index; at < apart.length; at += 1) if (apart[at] <= apart[at - 1]) apart[at] = apart[at - 1] + 1e-6;
        return [apart, ys];
      }
      return [xs, ys];
    }

    names() {
      const { curves, runs } = this.answer;
      const of = new Map(runs.map((run) => [run.id, run.name]));
      const by = this.host.dataset.by || (runs.length > 1 ? (new Set(curves.map((curve) => curve.key)).size > 1 ? "both" : "run") : "key");
      return curves.map((curve) =>
        by === "run" ? of.get(curve.run) : by === "key" ? curve.key : `${of.get(curve.run)} · ${curve.key}`);
    }

    // Which colour a curve has: that of its run among those that are compared, so that all charts agree.
    place(index) {
      const place = (this.host.dataset.runs || "").split(",").indexOf(this.answer.curves[index].run);
      return place < 0 ? index : place;
    }

    draw() {
      this.plot?.destroy();
      this.plot = null;
      this.tell(this.answer.curves.length ? "" : "Nothing was logged here yet.");
      if (!this.answer.curves.length) return;
      const weight = Number(this.host.dataset.smooth) || 0;
      const names = this.names();
      const tables = this.tables();
      const series = [{}];
      tables.forEach((table, index) => {
        const stroke = seriesColour(this.place(index));
        const points = { show: table[0].length < 40, size: 4, fill: stroke };
        if (weight) {
          table.push(smoothed(table[0], table[1], weight));
          series.push({ label: names[index], stroke, width: 1, alpha: 0.28, points: { show: false } });
          series.push({ label: `${names[index]}, smoothed`, stroke, width: 1.8, points: { show: false } });
        } else series.push({ label: names[index], stroke, width: table[0].length > 1000 ? 1.1 : 1.6, points });
      });
      const data = tables.length === 1 ? tables[0] : uPlot.join(tables);
      this.plot = new uPlot(this.options(series), data, this.canvas);
      this.host.dataset.drawn = String(data[0].length);
    }

    options(series) {
      const font = '11px "Inter", system-ui, sans-serif';
      const line = { stroke: colour("--text-dim"), font, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
      const [from, to] = [this.host.dataset.from, this.host.dataset.to];
      const scale = this.axis === "step" ? 1 : 1000;
      const x = { time: this.axis === "time" };
      if (from && to) x.range = () => [Number(from) / scale, Number(to) / scale];
      return {
        width: Math.max(this.host.clientWidth, 120),
        height: HEIGHT,
        padding: [10, 10, 0, 0],
        series,
        legend: { show: false },
        cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 6 }, bind: { dblclick: () => () => this.zoom(null) } },
        scales: { x, y: { distr: this.host.dataset.log === "1" ? 3 : 1 } },
        axes: [
          { ...line, size: 28, gap: 4, values: this.axis === "relative" ? (_, splits) => splits.map(duration) : undefined },
          { ...line, gap: 4, values: (_, splits) => splits.map((split) => (split === null ? "" : shown(split))), size: (plot, labels) => this.labelWidth(labels) },
        ],
        hooks: { draw: [(plot) => this.send("podium:drawn", { plot, axis: this.axis })], setCursor: [(plot) => this.read(plot)], setSelect: [(plot) => this.select(plot)] },
      };
    }

    labelWidth(labels) {
      return 14 + 6.4 * Math.max(3, ...(labels || []).map((label) => label.length));
    }

    read(plot) {
      const at = plot.cursor.idx;
      this.readout.hidden = at === null || at === undefined;
      if (this.readout.hidden) return;
      const rows = [document.createElement("strong")];
      rows[0].textContent = place(this.axis, plot.data[0][at]);
      plot.series.forEach((series, index) => {
        if (!index || plot.data[index][at] === undefined) return;
        const row = document.createElement("div");
        const mark = document.createElement("i");
        mark.style.background = series._stroke || series.stroke();
        mark.style.opacity = series.alpha < 1 ? 0.5 : 1;
        const value = document.createElement("b");
        value.textContent = shown(plot.data[index][at]);
        row.append(mark, series.label, value);
        rows.push(row);
      });
      this.readout.replaceChildren(...rows);
      const isLeft = plot.cursor.left > plot.over.clientWidth / 2;
      this.readout.classList.toggle("is-left", isLeft);
    }

    select(plot) {
      const { left, width } = plot.select;
      if (width < 4) return;
      const scale = this.axis === "step" ? 1 : 1000;
      const edges = [left, left + width].map((at) => plot.posToVal(at, "x") * scale);
      plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      if (this.isChoosing) this.send("podium:choose", { from: Math.ceil(edges[0]), to: Math.floor(edges[1]) });
      else this.zoom([Math.floor(edges[0]), Math.ceil(edges[1])]);
    }

    send(name, detail) {
      this.host.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
    }

    zoom(edges) {
      const [from, to] = edges ? edges.map(String) : ["", ""];
      if ((this.host.dataset.from || "") === from && (this.host.dataset.to || "") === to) return;
      this.host.dataset.from = from;
      this.host.dataset.to = to;
      const detail = { from: from || null, to: to || null, axis: this.axis, label: this.host.dataset.label };
      this.send("podium:zoom", detail);
    }

    onKey(event) {
      if (!this.plot || event.ctrlKey || event.metaKey || event.altKey) return;
      const { min, max } = this.plot.scales.x;
      const scale = this.axis === "step" ? 1 : 1000;
      const at = this.plot.cursor.idx ?? Math.floor(this.plot.data[0].length / 2);
      const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const factor = { "+": 0.5, "=": 0.5, "-": 2 }[event.key];
      if (move) {
        const next = Math.max(0, Math.min(this.plot.data[0].length - 1, at + move * (event.shiftKey ? 20 : 1)));
        const left = this.plot.valToPos(this.plot.data[0][next], "x");
        this.plot.setCursor({ left, top: this.plot.over.clientHeight / 2 });
      } else if (factor) {
        const middle = this.plot.data[0][at];
        this.zoom([Math.floor((middle - (middle - min) * factor) * scale), Math.ceil((middle + (max - middle) * factor) * scale)]);
      } else if (event.key === "0" || event.key === "Escape") this.zoom(null);
      else return;
      event.preventDefault();
    }
  }

  function mount(within) {
    for (const host of charts.keys()) if (!host.isConnected) charts.get(host).remove();
    const hosts = [...within.querySelectorAll("[data-curves]")];
    if (within.matches?.("[data-curves]")) hosts.push(within);
    for (const host of hosts) if (!charts.has(host)) charts.set(host, new Chart(host));
  }

  document.addEventListener("htmx:load", (event) => mount(event.target));
  document.addEventListener("podium:theme", () => { for (const chart of charts.values()) if (chart.answer) chart.draw(); });
  document.addEventListener("podium:changed", () => { for (const chart of charts.values()) chart.renew(); });
  mount(document);
})();
