// The lineage graph. `<div data-lineage data-source="/lineage/…">` is filled with the fragment from that address; in it
// a `.lineage-view` has the graph as JSON, which is laid out by dagre and drawn as SVG.
//
// Drag, wheel, + - 0 and the buttons move and scale it; on a node the arrow keys go to what it was made from (left) and
// what was made of it (right), Space folds what follows, Enter opens its page.
"use strict";

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = 204, HEIGHT = 46, NEAREST = 0.08, CLOSEST = 2.5;
  const MOST_DRAWN = 600; // what is further away is folded at first
  const MANY = 150;
  const MOST_LETTERS = 23;

  function make(tag, attributes, ...children) {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  const cut = (text) => (text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS - 1)}…` : text);

  // ---- What is shown: all that is reached from the first node, either way, past nodes that are not folded.

  class Visible {
    constructor(graph) {
      this.nodes = graph.nodes;
      this.edges = graph.edges;
      this.next = { down: this.nodes.map(() => []), up: this.nodes.map(() => []) };
      for (const [source, target] of this.edges) {
        this.next.down[source].push(target);
        this.next.up[target].push(source);
      }
      this.folded = { down: new Set(), up: new Set() };
      this.walk();
      if (this.all.size > MOST_DRAWN) this.walk(MOST_DRAWN / 2);
      this.first = { down: new Set(this.folded.down), up: new Set(this.folded.up) };
      this.nodes.forEach(({ id }, node) => {
        for (const side of ["down", "up"]) if (isInAddress("fold", `${side}:${id}`)) this.toggle(node, side);
      });
    }

    walk(room = Infinity) {
      this.reached = { down: new Set([0]), up: new Set([0]) };
      for (const side of ["down", "up"]) {
        const reached = this.reached[side];
        const waiting = [0];
        for (const node of waiting) {
          const beyond = this.next[side][node].filter((other) => !reached.has(other));
          if (reached.size + beyond.length > room && node) this.folded[side].add(node);
          if (this.folded[side].has(node)) continue;
          for (const other of beyond) {
            reached.add(other);
            waiting.push(other);
          }
        }
      }
      this.all = new Set([...this.reached.up, ...this.reached.down]);
    }

    toggle(node, side) {
      if (!this.foldable(node, side)) return false;
      if (!this.folded[side].delete(node)) this.folded[side].add(node);
      this.walk();
      keepInAddress("fold", `${side}:${this.nodes[node].id}`, this.folded[side].has(node) !== this.first[side].has(node));
      return true;
    }

    foldable(node, side) {
      return this.reached[side].has(node) && this.next[side][node].length > 0;
    }

    hidden(node, side) {
      return this.next[side][node].filter((other) => !this.all.has(other)).length;
    }
  }

  // ---- Where it is: dagre gives the places of nodes, from left to right.

  function layOut(visible) {
    const isLarge = visible.all.size > MANY; // then a good layout soon is worth more than the best one late
    const ranker = isLarge ? "tight-tree" : "network-simplex";
    const graph = new dagre.graphlib.Graph().setGraph({ rankdir: "LR", nodesep: 14, ranksep: 64, ranker });
    graph.setDefaultEdgeLabel(() => ({}));
    for (const node of visible.all) graph.setNode(node, { width: WIDTH, height: HEIGHT });
    for (const [source, target] of visible.edges)
      if (source !== target && visible.all.has(source) && visible.all.has(target)) graph.setEdge(source, target);
    dagre.layout(graph, { disableOptimalOrderHeuristic: isLarge });
    return graph;
  }

  function curve(points) {
    const [first, ...rest] = points;
    const last = rest.pop();
    let path = `M${first.x} ${first.y}`;
    let from = first;
    for (const point of [...rest.slice(1, -1), last]) {
      const middle = (from.x + point.x) / 2;
      path += `C${middle} ${from.y} ${middle} ${point.y} ${point.x} ${point.y}`;
      from = point;
    }
    return path;
  }

  // ---- How it is drawn, moved and steered.

  class Lineage {
    constructor(view) {
      this.view = view;
      this.box = view.closest(".lineage");
      this.icons = view.dataset.icons;
      this.visible = new Visible(JSON.parse(view.dataset.graph));
      this.current = 0;
      this.draw();
      this.fit();
      this.listen();
    }

    draw() {
      const laid = layOut(this.visible);
      this.places = new Map([...this.visible.all].map((node) => [node, laid.node(node)]));
      this.size = { width: laid.graph().width || WIDTH, height: laid.graph().height || HEIGHT };
      this.links = [];
      const edges = make("g", {});
      for (const edge of laid.edges()) {
        const source = this.places.get(Number(edge.v)), target = this.places.get(Number(edge.w));
        const way = source.x < target.x ? 1 : -1;
        const inner = laid.edge(edge).points;
        const points = [{ x: source.x + way * (WIDTH / 2), y: source.y }, ...inner, { x: target.x - way * (WIDTH / 2 + 6), y: target.y }];
        const line = make("path", { class: "lineage-edge", d: curve(points), "marker-end": "url(#lineage-arrow)" });
        this.links.push([Number(edge.v), Number(edge.w), line]);
        edges.append(line);
      }
      this.drawn = new Map();
      const nodes = make("g", {});
      for (const node of this.visible.all) nodes.append(this.drawNode(node));
      this.moved = make("g", {}, edges, nodes);
      const arrow = make("marker", { id: "lineage-arrow", viewBox: "0 0 8 8", refX: 2, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto" },
        make("path", { class: "lineage-arrow", d: "M0 0L8 4L0 8z" }));
      this.view.replaceChildren(make("svg", {}, make("defs", {}, arrow, ...this.badges()), this.moved));
      this.steer(this.visible.all.has(this.current) ? this.current : 0, false);
    }

    // The icon of each kind is drawn once, as a pattern that fills the badges of its nodes: hundreds of `<use>` are slow.
    badges() {
      const icons = new Map(this.visible.nodes.map(({ kind, icon }) => [kind, icon]));
      return [...icons].map(([kind, icon]) => make("pattern", { id: `lineage-icon-${kind}`, class: `lineage-icon kind-${kind}`, width: 1, height: 1, viewBox: "0 0 30 30" },
        make("rect", { width: 30, height: 30 }),
        make("use", { href: `${this.icons}#${icon}`, x: 7, y: 7, width: 16, height: 16 })));
    }

    drawNode(node) {
      const { kind, title, note, address, deleted } = this.visible.nodes[node];
      const { x, y } = this.places.get(node);
      const link = make("a", {
        href: address, tabindex: -1, "data-node": node,
        class: `lineage-node kind-${kind}${node === 0 ? " is-start" : ""}${deleted ? " is-deleted" : ""}`,
        "aria-label": `${note} ${title}${deleted ? ", deleted" : ""}${node === 0 ? ", where this graph starts" : ""}`,
      });
      link.append(
        make("rect", { class: "lineage-box", width: WIDTH, height: HEIGHT, rx: 9 }),
        make("rect", { class: "lineage-badge", x: 8, y: 8, width: 30, height: 30, rx: 7, fill: `url(#lineage-icon-${kind})` }),
        make("text", { x: 47, y: 20 }, cut(title)),
        make("text", { class: "lineage-sort", x: 47, y: 35 }, cut(note)));
      if (cut(title) !== title) link.append(make("title", {}, title));
      const group = make("g", { transform: `translate(${x - WIDTH / 2} ${y - HEIGHT / 2})` }, link);
      for (const side of ["up", "down"]) if (this.visible.foldable(node, side)) group.append(this.drawToggle(node, side));
      this.drawn.set(node, link);
      return group;
    }

    drawToggle(node, side) {
      const folded = this.visible.folded[side].has(node);
      const hidden = this.visible.hidden(node, side);
      const toggle = make("g", {
        class: `lineage-toggle${folded ? " is-folded" : ""}`, "data-toggle": side, "data-of": node, "aria-hidden": "true",
        transform: `translate(${side === "down" ? WIDTH : 0} ${HEIGHT / 2})`,
      });
      toggle.append(
        make("circle", { r: folded ? 10 : 7 }),
        make("text", { y: 3.5 }, folded ? `+${hidden || ""}` : "−"));
      return toggle;
    }

    // ---- Moving and scaling

    place(x, y, scale) {
      this.x = x;
      this.y = y;
      this.scale = Math.min(CLOSEST, Math.max(NEAREST, scale));
      this.moved.setAttribute("transform", `translate(${this.x} ${this.y}) scale(${this.scale})`);
    }

    fit() {
      const { clientWidth, clientHeight } = this.view;
      const whole = Math.min((clientWidth - 40) / this.size.width, (clientHeight - 40) / this.size.height, 1);
      if (whole >= 0.5 || this.isFitted) this.place((clientWidth - this.size.width * whole) / 2, (clientHeight - this.size.height * whole) / 2, whole);
      else this.centre(0, 0.75); // too small to read: begin where the question is
      this.isFitted = true;
    }

    centre(node, scale = this.scale) {
      const { x, y } = this.places.get(node);
      this.place(this.view.clientWidth / 2 - x * scale, this.view.clientHeight / 2 - y * scale, scale);
    }

    zoom(factor, x = this.view.clientWidth / 2, y = this.view.clientHeight / 2) {
      const scale = Math.min(CLOSEST, Math.max(NEAREST, this.scale * factor));
      const ratio = scale / this.scale;
      this.place(x - (x - this.x) * ratio, y - (y - this.y) * ratio, scale);
    }

    // ---- The node that keys act on

    steer(node, focuses = true) {
      this.drawn.get(this.current)?.setAttribute("tabindex", -1);
      this.current = node;
      const link = this.drawn.get(node);
      link.setAttribute("tabindex", 0);
      if (!focuses) return;
      link.focus({ preventScroll: true });
      const { x, y } = this.places.get(node);
      const at = { x: x * this.scale + this.x, y: y * this.scale + this.y };
      const isOut = at.x < 60 || at.y < 30 || at.x > this.view.clientWidth - 60 || at.y > this.view.clientHeight - 30;
      if (isOut) this.centre(node);
    }

    mark(node) {
      for (const [source, target, line] of this.links) line.classList.toggle("is-near", source === node || target === node);
    }

    beside(key) {
      const here = this.places.get(this.current);
      const others = key === "ArrowLeft" ? this.visible.next.up[this.current]
        : key === "ArrowRight" ? this.visible.next.down[this.current]
        : [...this.visible.all].filter((node) => {
          const there = this.places.get(node);
          return Math.abs(there.x - here.x) < WIDTH / 2 && (key === "ArrowUp" ? there.y < here.y : there.y > here.y);
        });
      const far = (node) => Math.abs(this.places.get(node).y - here.y);
      return others.filter((node) => node !== this.current && this.places.has(node)).sort((a, b) => far(a) - far(b))[0];
    }

    toggle(node, side) {
      const before = this.places.get(node);
      const at = { x: before.x * this.scale + this.x, y: before.y * this.scale + this.y };
      if (!this.visible.toggle(node, side)) return;
      this.draw();
      const after = this.places.get(node); // it stays where it was on the screen
      this.place(at.x - after.x * this.scale, at.y - after.y * this.scale, this.scale);
    }

    onKey(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const onNode = event.target.closest?.("[data-node]");
      const { key } = event;
      const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
      if (key === "+" || key === "=") this.zoom(1.25);
      else if (key === "-") this.zoom(0.8);
      else if (key === "0") this.fit();
      else if (key === "Enter" && !onNode) this.steer(this.current);
      else if (key === "Escape" && onNode) this.view.focus();
      else if (key in moves && onNode && !event.shiftKey) {
        const next = this.beside(key);
        if (next !== undefined) this.steer(next);
      } else if (key in moves) this.place(this.x + moves[key][0], this.y + moves[key][1], this.scale);
      else if (key === " " && onNode) {
        const node = this.current;
        const isDown = this.visible.foldable(node, "down") && !(event.shiftKey && this.visible.foldable(node, "up"));
        this.toggle(node, isDown ? "down" : "up");
        this.steer(node);
      } else return;
      event.preventDefault();
      event.stopPropagation();
    }

    listen() {
      const { view, box } = this;
      view.addEventListener("keydown", (event) => this.onKey(event));
      view.addEventListener("focusin", (event) => {
        const node = event.target.closest("[data-node]");
        this.mark(node ? Number(node.dataset.node) : -1);
      });
      view.addEventListener("pointerover", (event) => {
        const node = event.target.closest("[data-node]");
        if (node) this.mark(Number(node.dataset.node));
      });
      view.addEventListener("wheel", (event) => {
        // On a page that scrolls, a wheel belongs to the page until somebody has turned to the graph.
        if (!event.ctrlKey && !box.closest(".lineage-whole") && !view.contains(document.activeElement)) return;
        event.preventDefault();
        const bounds = view.getBoundingClientRect();
        this.zoom(Math.exp(-event.deltaY / 400), event.clientX - bounds.left, event.clientY - bounds.top);
      }, { passive: false });
      box.addEventListener("click", (event) => {
        const zoom = event.target.closest("[data-zoom]");
        if (zoom) this.zoom(Number(zoom.dataset.zoom));
        else if (event.target.closest("[data-fit]")) this.fit();
      });
      this.listenToDrags();
    }

    listenToDrags() {
      const { view } = this;
      const fingers = new Map();
      let travelled = 0;
      view.addEventListener("dragstart", (event) => event.preventDefault());
      view.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        if (!fingers.size) travelled = 0;
        fingers.set(event.pointerId, [event.clientX, event.clientY]);
      });
      view.addEventListener("pointermove", (event) => {
        const before = fingers.get(event.pointerId);
        if (!before) return;
        const [x, y] = [event.clientX - before[0], event.clientY - before[1]];
        travelled += Math.abs(x) + Math.abs(y);
        if (travelled < 5) return;
        if (!view.hasPointerCapture(event.pointerId)) view.setPointerCapture(event.pointerId);
        const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
        if (other) this.zoom(Math.hypot(event.clientX - other[0], event.clientY - other[1]) / (Math.hypot(before[0] - other[0], before[1] - other[1]) || 1));
        else this.place(this.x + x, this.y + y, this.scale);
        fingers.set(event.pointerId, [event.clientX, event.clientY]);
        view.classList.add("is-moving");
      });
      for (const end of ["pointerup", "pointercancel"]) view.addEventListener(end, (event) => {
        fingers.delete(event.pointerId);
        view.classList.remove("is-moving");
      });
      view.addEventListener("click", (event) => {
        const toggle = event.target.closest("[data-toggle]");
        if (travelled >= 5) event.preventDefault(); // it was a drag that began on a node
        else if (toggle) this.toggle(Number(toggle.dataset.of), toggle.dataset.toggle);
        else if (!event.target.closest("[data-node]")) view.focus({ preventScroll: true });
      }, true);
    }
  }

  // ---- Where graphs are on the page, and come later.

  function drawWithin(part) {
    for (const view of part.querySelectorAll(".lineage-view:empty")) {
      const began = performance.now();
      view.lineage = new Lineage(view);
      view.dataset.drawnMs = Math.round(performance.now() - began);
    }
  }

  async function load(place) {
    const source = place.dataset.source;
    place.removeAttribute("data-source");
    const answer = await fetch(source, { headers: { "hx-request": "true" } });
    if (!answer.ok) return; // the link that is there stays
    place.innerHTML = await answer.text();
    refold(place);
    drawWithin(place);
  }

  function begin(part) {
    drawWithin(part);
    const places = [...part.querySelectorAll("[data-lineage][data-source]")];
    if (part.matches?.("[data-lineage][data-source]")) places.push(part);
    for (const place of places) load(place);
  }

  document.addEventListener("htmx:load", (event) => begin(event.target));
  begin(document);
})();
