// The page that compares: curves of several runs over each other, drawn when they come into sight; and the choice of
// what to compare.
"use strict";

(() => {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();

  // ---- Curves

  function smoothed(values, weight) {
    if (!weight) return values;
    let last = 0, mass = 0;
    return values.map((value) => {
      if (value === null) return null;
      last = last * weight + (1 - weight) * value;
      mass = mass * weight + (1 - weight); // the first points are not drawn towards zero
      return last / mass;
    });
  }

  class Curve {
    constructor(figure, runs, weight) {
      this.figure = figure;
      this.place = figure.querySelector(".curve-place");
      this.runs = runs;
      this.weight = weight;
      this.load();
    }

    async load() {
      const query = new URLSearchParams([["key", this.figure.dataset.compareCurve], ...this.runs.filter(Boolean).map((run) => ["run", run])]);
      const answer = await fetch(`/compare/curves?${query}`);
      if (!answer.ok) return;
      this.curves = await answer.json();
      this.draw();
    }

    draw() {
      if (!this.curves) return;
      const tables = this.curves.map((curve) => [curve.steps, smoothed(curve.values, this.weight)]);
      const rows = this.curves.map((curve) => this.runs.indexOf(curve.run));
      const names = document.querySelectorAll(".compare-name .row-title");
      const series = rows.map((row) => ({ label: names[row].textContent, stroke: colour(`--series-${row}`), width: 1.6, spanGaps: true, points: { show: false } }));
      const axis = { stroke: colour("--text-dim"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 }, font: `11px ${colour("--sans")}` };
      this.plot?.destroy();
      this.plot = new uPlot({
        width: this.place.clientWidth, height: 190, legend: { show: true, live: true },
        scales: { x: { time: false } },
        cursor: { sync: { key: "compare" }, points: { size: 6 } },
        axes: [{ ...axis, size: 30 }, { ...axis, size: 52 }],
        series: [{ label: "Step" }, ...series],
      }, tables.length > 1 ? uPlot.join(tables) : tables[0] ?? [[]], this.place);
      this.figure.dataset.drawn = this.curves.length;
    }

    resize() {
      this.plot?.setSize({ width: this.place.clientWidth, height: 190 });
    }
  }

  function beginCurves() {
    const box = document.querySelector(".compare-curves");
    if (!box) return;
    const runs = JSON.parse(box.dataset.runs);
    const drawn = [];
    let weight = 0;
    const watch = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        watch.unobserve(entry.target);
        drawn.push(new Curve(entry.target, runs, weight));
      }
    }, { rootMargin: "200px" });
    for (const figure of box.querySelectorAll("[data-compare-curve]")) watch.observe(figure);
    document.querySelector("[data-smoothing]").addEventListener("input", (event) => {
      weight = Number(event.target.value);
      for (const curve of drawn) {
        curve.weight = weight;
        curve.draw();
      }
    });
    addEventListener("resize", () => drawn.forEach((curve) => curve.resize()));
    document.addEventListener("podium:theme", () => drawn.forEach((curve) => curve.draw()));
  }

  // ---- Tables that are too wide move together, and the heads of their columns with them.

  function beginScrolling() {
    const parts = [...document.querySelectorAll(".compare-scroll, .compare-heads")];
    for (const part of parts) part.addEventListener("scroll", () => {
      for (const other of parts) if (other !== part && other.scrollLeft !== part.scrollLeft) other.scrollLeft = part.scrollLeft;
    }, { passive: true });
  }

  // ---- Choosing

  function beginPicker() {
    const form = document.querySelector("[data-picker]");
    if (!form) return;
    const chosen = () => form.querySelectorAll('input[type="checkbox"]:checked').length;
    const tell = () => {
      const count = chosen();
      form.querySelector("[data-picked]").textContent = count ? `${count}` : "";
      form.querySelector("button.button-primary").disabled = count < Number(form.dataset.least) || count > Number(form.dataset.most);
    };
    form.addEventListener("change", tell);
    form.addEventListener("submit", () => { form.querySelector('[name="q"]').disabled = true; }); // it is no part of the comparison
    document.addEventListener("htmx:beforeSwap", (event) => {
      if (event.detail.target.id !== "choices") return;
      for (const box of form.querySelectorAll("#choices input:checked")) { // what is chosen stays, whatever is sought next
        const label = box.closest("label");
        form.insertBefore(label, event.detail.target);
      }
    });
    tell();
  }

  beginCurves();
  beginScrolling();
  beginPicker();
})();
