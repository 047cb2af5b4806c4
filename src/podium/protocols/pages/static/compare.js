// The page that compares, and the choice of what to compare. Its curves are drawn by curves.js.
"use strict";

(() => {
  // ---- All curves are smoothed alike.

  function beginSmoothing() {
    document.querySelector("[data-smoothing]")?.addEventListener("input", (event) => {
      for (const chart of document.querySelectorAll("[data-curves]")) chart.dataset.smooth = event.target.value;
      setInAddress("smooth", event.target.value === "0" ? "" : event.target.value);
    });
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

  beginSmoothing();
  beginScrolling();
  beginPicker();
})();
