// Tables of runs and a run's page: choosing runs to compare, how curves are shown, and what is kept fresh.
"use strict";

(() => {
  const LIVE_MS = 2000;
  const chosen = new Set();

  // ---- Choosing runs: what is chosen stays so when the table is read anew.

  function showChosen() {
    for (const box of document.querySelectorAll('input[name="run"][form="selection"]')) box.checked = chosen.has(box.value);
    const form = document.querySelector("[data-selection]");
    if (!form) return;
    form.querySelector("button").disabled = chosen.size < 2 || chosen.size > 10;
    form.querySelector("[data-selected]").textContent =
      chosen.size ? `${chosen.size} selected${chosen.size > 10 ? ", at most 10 are compared" : ""}` : "Select 2 to 10 runs";
  }

  document.addEventListener("change", (event) => {
    const target = event.target;
    if (target.matches('input[name="run"][form="selection"]')) {
      if (target.checked) chosen.add(target.value);
      else chosen.delete(target.value);
      showChosen();
    } else if (target.matches("[data-submits]")) target.form.requestSubmit();
  });

  // ---- How curves are shown: kept in the address, and so in what is shared.

  const ATTRIBUTES = { x: "axis", smooth: "smooth", log: "log", from: "from", to: "to" };

  function showAs(changed) {
    const address = new URL(location.href);
    for (const [name, value] of Object.entries(changed)) {
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
      for (const chart of document.querySelectorAll("[data-curves]")) {
        if ((chart.dataset[ATTRIBUTES[name]] || "") !== value) chart.dataset[ATTRIBUTES[name]] = value;
      }
    }
    history.replaceState(history.state, "", address);
    const all = document.querySelector("[data-zoom-out]");
    if (all) all.hidden = !address.searchParams.get("from");
  }

  document.addEventListener("input", (event) => {
    const controls = event.target.closest("[data-curve-controls]");
    if (!controls) return;
    const { name, type, checked, value } = event.target;
    if (name === "x") showAs({ x: value === "step" ? "" : value, from: "", to: "" });
    else if (name in ATTRIBUTES) showAs({ [name]: type === "checkbox" ? (checked ? "1" : "") : value === "0" ? "" : value });
  });

  document.addEventListener("podium:zoom", (event) => {
    if (document.querySelector("[data-curve-controls]")) showAs({ from: event.detail.from || "", to: event.detail.to || "" });
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-zoom-out]")) showAs({ from: "", to: "" });
  });

  // ---- Kept fresh: a small question every two seconds tells whether anything changed; then the parts marked so are
  // read anew, but for one that somebody is writing in.

  async function ask() {
    const host = document.querySelector("[data-live]");
    if (!host || document.hidden) return;
    const response = await fetch(host.dataset.live, { headers: { accept: "application/json" } });
    if (!response.ok) return;
    const { mark } = await response.json();
    if (mark === host.dataset.mark) return;
    host.dataset.mark = mark;
    await renew();
    document.dispatchEvent(new CustomEvent("podium:changed"));
  }

  async function renew() {
    const response = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const old of document.querySelectorAll("[data-fresh][id]")) {
      const renewed = page.getElementById(old.id);
      if (!renewed || old.querySelector("details.menu[open], input:not([type=checkbox]):focus, textarea:focus")) continue;
      old.replaceWith(renewed);
      htmx.process(renewed);
    }
    showChosen();
  }

  async function keepFresh() {
    try {
      await ask();
    } catch {
      // The server is away; it is asked again.
    }
    setTimeout(keepFresh, LIVE_MS);
  }

  document.addEventListener("htmx:afterSwap", showChosen);
  showChosen();
  setTimeout(keepFresh, LIVE_MS);
})();
