// Tables of runs and a run's page: choosing runs to compare, and how curves are shown.
"use strict";

(() => {
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
    const controls = document.querySelector("[data-curve-controls]");
    if (!controls) return;
    const { axis, from, to } = event.detail;
    const chosen = controls.querySelector(`[name="x"][value="${axis}"]`);
    if (chosen) chosen.checked = true;
    showAs({ x: axis === "step" ? "" : axis, from: from || "", to: to || "" });
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-zoom-out]")) showAs({ from: "", to: "" });
  });

  document.addEventListener("htmx:afterSwap", showChosen);
  document.addEventListener("podium:changed", showChosen);
  showChosen();
})();
