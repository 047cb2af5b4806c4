// Keeps an open page fresh. The server tells by server-sent events that what the page shows has changed; then the parts
// marked so are read anew, but for one that somebody is writing in, which waits.
//
// data-live, data-mark   where changes are told, and as of when the page was made
// data-fresh             a part to be read anew with the page, by its id; what is in it comes from the address, if it has one
//
// Sends `podium:changed` to the document when parts were renewed. A page that is out of sight listens to nothing: browsers
// have six connections a server, whatever the number of tabs. Where events do not come through, the page asks.
"use strict";

(() => {
  const REST_MS = 2000; // between two renewals, and between two questions
  const OPENED_MS = 6000; // a proxy that holds events back has not let the first through by then
  const AGAIN_MS = 60000; // after which events are tried again where they did not come
  let stream = null;
  let following = ""; // the address that is followed
  let timer = null; // of whatever comes next where there is no stream
  let renewing = false;
  let isStale = false;
  let isPostponed = false; // some part is in use
  let rested = 0;

  const host = () => document.querySelector("[data-live]");

  function stop() {
    stream?.close();
    clearTimeout(timer);
    stream = timer = null;
    following = "";
  }

  function follow() {
    const found = host();
    if (!found || document.hidden) {
      stop();
      return;
    }
    if (following === found.dataset.live) return;
    stop();
    following = found.dataset.live;
    const opened = (stream = new EventSource(`${following}&mark=${encodeURIComponent(found.dataset.mark)}`));
    const failed = () => {
      if (stream !== opened) return;
      stream.close();
      stream = null;
      ask(performance.now() + AGAIN_MS);
    };
    timer = setTimeout(failed, OPENED_MS);
    opened.onopen = () => clearTimeout(timer);
    opened.onmessage = (event) => changed(event.lastEventId);
    opened.onerror = () => { if (opened.readyState === EventSource.CLOSED) failed(); }; // else it connects again
  }

  // Where events do not come through.
  async function ask(until) {
    const asked = following;
    try {
      const response = await fetch(`${asked}&mark=${encodeURIComponent(host().dataset.mark)}`, { headers: { accept: "application/json" } });
      if (response.status === 404 || response.redirected) return; // it is gone, or one has to sign in again
      const answer = response.ok ? await response.json() : { changed: false };
      if (answer.changed && asked === following) changed(answer.mark);
    } catch {
      // The server is away; it is asked again.
    }
    if (asked !== following) return;
    timer = setTimeout(() => {
      if (performance.now() < until) ask(until);
      else {
        following = "";
        follow();
      }
    }, REST_MS);
  }

  function changed(mark) {
    const found = host();
    if (found) found.dataset.mark = mark;
    isStale = true;
    renewSoon();
  }

  async function renewSoon() {
    if (renewing || !isStale) return;
    renewing = true;
    await new Promise((done) => setTimeout(done, Math.max(0, rested - performance.now())));
    isStale = false;
    try {
      await renew();
    } catch {
      isStale = true; // the server is away
    }
    rested = performance.now() + REST_MS;
    renewing = false;
    renewSoon();
  }

  const IN_USE = ["details:is(.menu, .stage-menu, .reply, .edit)[open]", "input:not([type=checkbox]):focus", "textarea:focus", "select:focus"].join();

  // Whether somebody is at work there: a menu or an editor is open, a text is being written, things are chosen.
  function isInUse(part) {
    if (part.querySelector(IN_USE)) return true;
    if ([...part.querySelectorAll("textarea, input[type=text]")].some((field) => field.value !== field.defaultValue)) return true;
    return [...part.querySelectorAll("input[type=checkbox]:not([form])")].some((box) => box.checked !== box.defaultChecked);
  }

  async function read(address, headers) {
    const response = await fetch(address, { headers: { accept: "text/html", ...headers } });
    if (response.status >= 500) throw new Error(`the server answered ${response.status}`); // it is tried again
    if (response.status !== 200 || response.redirected) return null; // gone, or for those who sign in anew
    return new DOMParser().parseFromString(await response.text(), "text/html");
  }

  async function renew() {
    const parts = [...document.querySelectorAll("[data-fresh][id]")];
    const own = parts.filter((part) => !part.dataset.fresh);
    const page = own.length ? await read(location.href) : null;
    for (const part of own) replace(part, page?.getElementById(part.id));
    for (const part of parts.filter((other) => other.dataset.fresh)) {
      const content = await read(part.dataset.fresh, { "hx-request": "true" });
      if (!content) continue;
      const renewed = part.cloneNode();
      renewed.replaceChildren(...content.body.childNodes);
      replace(part, renewed);
    }
    document.dispatchEvent(new CustomEvent("podium:changed"));
    follow(); // a table that shows other runs has another address
  }

  function replace(part, renewed) {
    if (!renewed || !part.isConnected) return;
    // What such a part fetched by itself stays.
    const kept = [...renewed.querySelectorAll("[hx-trigger=load]")].map((loads) => {
      const loaded = [...part.querySelectorAll("[hx-trigger=load]")].find((other) => other.getAttribute("hx-get") === loads.getAttribute("hx-get"));
      const copy = loaded?.cloneNode(true);
      if (copy) loads.replaceWith(copy);
      return [copy, loaded];
    });
    for (const time of [part, renewed].flatMap((either) => [...either.querySelectorAll("time[datetime]")])) {
      time.textContent = ago(Date.parse(time.dateTime));
      time.removeAttribute("title");
    }
    if (part.isEqualNode(renewed)) return;
    if (isInUse(part)) {
      isPostponed = true;
      return;
    }
    for (const [copy, loaded] of kept) copy?.replaceWith(loaded);
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    part.replaceChildren(...renewed.childNodes);
    htmx.process(part);
    refold(part);
    if (focused) same(part, focused)?.focus({ preventScroll: true });
  }

  // What stands where the focus was.
  function same(within, focused) {
    const href = focused.getAttribute("href");
    const label = focused.getAttribute("aria-label");
    if (href) return within.querySelector(`a[href="${CSS.escape(href)}"]`);
    return label ? within.querySelector(`[aria-label="${CSS.escape(label)}"]`) : null;
  }

  // What had to wait is read when somebody has finished.
  function resume() {
    if (!isPostponed) return;
    isPostponed = false;
    isStale = true;
    renewSoon();
  }

  for (const name of ["focusout", "toggle", "change"]) document.addEventListener(name, () => setTimeout(resume), true);
  document.addEventListener("visibilitychange", follow);
  document.addEventListener("htmx:afterSettle", follow);
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", follow);
  follow();
})();
