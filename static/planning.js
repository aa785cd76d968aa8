/* The Gantt chart: dragging, stretching, linking, keys. Where a bar may go is decided by the server. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const phone = window.matchMedia("(max-width: 767.98px)");
  const plan = () => $("#planning");
  const refresh = () => htmx.trigger(document.body, "changed");

  /* ── where a bar stands ── */
  const box = (bar) => bar.closest("foreignObject");
  const places = (bar) => ({ x: parseFloat(box(bar).getAttribute("x")), width: parseFloat(box(bar).getAttribute("width")) });
  function put(bar, place) {
    box(bar).setAttribute("x", `${place.x}%`);
    box(bar).setAttribute("width", `${Math.max(0.4, place.width)}%`);
  }
  // What one step is: a day, or where the chart shows hours a part of one.
  function step(bar) {
    const days = Number(plan().dataset.days), snap = Number(plan().dataset.snap);
    const minutes = snap && !("day" in bar.dataset) ? snap : 24 * 60;
    return { minutes, percent: (minutes / (24 * 60) / days) * 100 };
  }
  function shifted(place, edge, by) {
    if (edge === "start") return { x: place.x + by, width: place.width - by };
    if (edge === "due") return { x: place.x, width: place.width + by };
    return { x: place.x + by, width: place.width };
  }

  /* ── saving ── */
  async function post(source, url, values) {
    let ok = false;
    const watch = (event) => { if (event.detail.elt === source) ok = event.detail.successful; };
    document.addEventListener("htmx:afterRequest", watch);
    try {
      await htmx.ajax("POST", url, { source, swap: "none", values });
    } catch { /* the frame has said what went wrong */ }
    document.removeEventListener("htmx:afterRequest", watch);
    return ok;
  }
  async function save(bar, edge, steps, back) {
    const { minutes } = step(bar);
    const by = minutes === 24 * 60 ? { days: steps } : { minutes: steps * minutes };
    bar.classList.add("is-waiting");
    const ok = await post(bar, `/activities/${bar.dataset.bar}/move/`, { ...by, edge, seen: bar.dataset.seen });
    bar.classList.remove("is-waiting");
    // Refused, perhaps because somebody else was faster: back to its place, and look again.
    if (!ok && bar.isConnected) { put(bar, back); refresh(); }
  }

  /* ── the note beside a bar ── */
  function tip(bar, text = "") {
    const note = $("#gantt-tip-box");
    if (!note) return;
    note.hidden = !bar;
    if (!bar) return;
    const lines = text ? [bar.dataset.title, text] : [bar.dataset.title, bar.dataset.when, bar.dataset.buffer];
    note.replaceChildren(...lines.filter(Boolean).map((line) => {
      const part = document.createElement("div");
      part.textContent = line;
      return part;
    }));
    const at = bar.getBoundingClientRect(), size = note.getBoundingClientRect();
    const above = at.top - size.height - 8;
    note.style.left = `${Math.min(Math.max(8, at.left), window.innerWidth - size.width - 8)}px`;
    note.style.top = `${above > 60 ? above : at.bottom + 8}px`;
  }
  const hovered = (event) => event.target.closest?.("[data-bar]");
  document.addEventListener("mouseover", (event) => { if (plan() && !held) tip(hovered(event)); });
  document.addEventListener("focusin", (event) => { if (plan() && !held) tip(hovered(event)); });
  document.addEventListener("scroll", () => { if (plan() && !held) tip(null); }, true);

  /* ── dragging and stretching ── */
  let held = null, late = false;
  function moved(days, edge) {
    const bar = held.bar, width = $(".gantt-lane", plan()).getBoundingClientRect().width;
    const one = (held.step.percent / 100) * width;
    const steps = Math.round(days / one);
    if (steps === held.steps) return;
    held.steps = steps;
    const place = shifted(held.from, edge, steps * held.step.percent);
    if (place.width < held.step.percent / 2) return;
    put(bar, place);
    tip(bar, words(place));
  }
  // The new time, as the bar says it while it is held.
  function words(place) {
    const first = new Date(`${plan().dataset.first}T00:00:00Z`).getTime();
    const whole = held.step.minutes === 24 * 60, all = Number(plan().dataset.days) * 864e5;
    const format = new Intl.DateTimeFormat(document.documentElement.lang, {
      timeZone: "UTC", weekday: "short", day: "numeric", month: "numeric", ...(whole ? {} : { hour: "2-digit", minute: "2-digit" }),
    });
    const start = first + Math.round((place.x / 100) * all / 6e4) * 6e4;
    const due = first + Math.round(((place.x + place.width) / 100) * all / 6e4) * 6e4 - (whole ? 864e5 : 0);
    return start === due ? format.format(start) : `${format.format(start)} – ${format.format(due)}`;
  }
  document.addEventListener("pointerdown", (event) => {
    const bar = event.target.closest?.("[data-bar][data-movable]");
    if (!bar || event.button || phone.matches) return;
    event.preventDefault();
    bar.focus({ preventScroll: true });
    if (event.target.closest("[data-link]")) { pull(bar, event); return; }
    held = { bar, x: event.clientX, from: places(bar), steps: 0, step: step(bar), edge: event.target.closest("[data-edge]")?.dataset.edge || "" };
    bar.setPointerCapture(event.pointerId);
    bar.classList.add("is-held");
    plan().classList.add("is-moving");
  });
  document.addEventListener("pointermove", (event) => {
    if (held && !held.line) moved(event.clientX - held.x, held.edge);
    else if (held?.line) follow(event);
  });
  function letGo() {
    held?.bar.classList.remove("is-held");
    plan()?.classList.remove("is-moving");
    held?.line?.remove();
    for (const one of $$(".is-target")) one.classList.remove("is-target");
    held = null;
  }
  let dragged = false;
  document.addEventListener("pointerup", (event) => {
    if (!held) return;
    const { bar, edge, steps, from, line } = held;
    letGo();
    if (line) { linked(bar, event); return; }
    dragged = steps !== 0;
    if (steps) save(bar, edge, steps, from); else if (late) refresh();
  });
  for (const lost of ["pointercancel", "blur"]) {
    window.addEventListener(lost, () => { if (held) { put(held.bar, held.from); letGo(); } });
  }
  // A drag is no click.
  document.addEventListener("click", (event) => {
    if (!dragged) return;
    dragged = false;
    if (hovered(event)) event.preventDefault();
  }, true);

  /* ── linking: pull from the end of a bar to the one that begins afterwards ── */
  const svg = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);
  function pull(bar, event) {
    const layer = svg("svg"), line = svg("line");
    layer.setAttribute("class", "gantt-pull");
    layer.append(line);
    $(".gantt-chart", plan()).append(layer);
    const at = layer.getBoundingClientRect(), from = bar.getBoundingClientRect();
    line.setAttribute("x1", from.right - at.left);
    line.setAttribute("y1", from.top + from.height / 2 - at.top);
    held = { bar, line: layer, from: places(bar), steps: 0 };
    tip(null);
    follow(event);
  }
  function under(event) {
    const target = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-bar]");
    return target && target !== held?.bar ? target : null;
  }
  function follow(event) {
    const at = held.line.getBoundingClientRect(), line = held.line.firstChild;
    line.setAttribute("x2", event.clientX - at.left);
    line.setAttribute("y2", event.clientY - at.top);
    for (const one of $$(".is-target")) one.classList.remove("is-target");
    under(event)?.classList.add("is-target");
  }
  function linked(bar, event) {
    const target = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-bar]");
    if (target && target !== bar) post(target, `/activities/${target.dataset.bar}/depend/`, { on: bar.dataset.bar });
  }

  /* ── keys ── */
  let pending = null;
  function flush() {
    if (!pending) return;
    const { bar, edge, steps, from } = pending;
    window.clearTimeout(pending.timer);
    pending = null;
    if (steps) save(bar, edge, steps, from);
  }
  document.addEventListener("keydown", (event) => {
    const bar = hovered(event);
    if (!bar || event.target !== bar || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      flush();
      const all = $$("[data-bar]", plan());
      all[all.indexOf(bar) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
      return;
    }
    if (event.key === "l" && "movable" in bar.dataset) {
      event.preventDefault();
      htmx.ajax("GET", `/activities/${bar.dataset.bar}/depend/`, { source: bar, target: "#dialog", swap: "innerHTML" });
      return;
    }
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || !("movable" in bar.dataset)) return;
    event.preventDefault();
    const edge = event.shiftKey ? "due" : "";
    if (pending && (pending.bar !== bar || pending.edge !== edge)) flush();
    const one = step(bar);
    pending ??= { bar, edge, steps: 0, from: places(bar) };
    const place = shifted(pending.from, edge, (pending.steps + by) * one.percent);
    if (place.width < one.percent / 2) return;
    pending.steps += by;
    put(bar, place);
    // Several presses are one change.
    window.clearTimeout(pending.timer);
    pending.timer = window.setTimeout(flush, 600);
  });
  window.addEventListener("beforeunload", flush);

  /* ── the line of now: where hours are shown, at the time of the clock in the user's zone ── */
  function now() {
    const layer = $(".gantt-now"), line = layer && $("line", layer);
    if (!line || plan().dataset.snap === "0") return;
    const parts = new Intl.DateTimeFormat("en-GB", { timeZone: layer.dataset.zone, hour: "numeric", minute: "numeric" }).formatToParts(Date.now());
    const [hour, minute] = ["hour", "minute"].map((type) => Number(parts.find((part) => part.type === type).value));
    const day = 100 / Number(plan().dataset.days);
    layer.dataset.today ??= parseFloat(line.getAttribute("x1")) - day / 2;
    const place = `${Number(layer.dataset.today) + ((hour * 60 + minute) / 1440) * day}%`;
    line.setAttribute("x1", place);
    line.setAttribute("x2", place);
  }
  document.addEventListener("DOMContentLoaded", now);
  document.addEventListener("htmx:afterSettle", now);
  window.setInterval(() => { if (plan()) now(); }, 60000);

  /* ── folding, and the same place after a refresh ── */
  document.addEventListener("click", (event) => {
    const fold = event.target.closest("[data-fold]");
    if (!fold) return;
    const open = fold.getAttribute("aria-expanded") !== "true";
    fold.setAttribute("aria-expanded", String(open));
    $(".gantt-body", fold.closest(".gantt-group")).hidden = !open;
  });
  // Where the chart is wider than the screen, today is in sight.
  function toToday() {
    const scroll = $(".gantt-scroll"), now = $(".gantt-now line");
    if (!scroll || !now || scroll.scrollWidth <= scroll.clientWidth) return;
    scroll.scrollLeft += now.getBoundingClientRect().left - scroll.getBoundingClientRect().left - scroll.clientWidth * 0.6;
  }
  document.addEventListener("DOMContentLoaded", toToday);
  let kept = null;
  // While a bar is in somebody's hand the chart is not fetched anew: what follows will do it.
  document.addEventListener("htmx:confirm", (event) => {
    if (event.detail.elt !== plan()) return;
    late = Boolean(held || pending);
    if (late) event.preventDefault();
  });
  // Moved again before the chart was fetched: the next one goes on from this version.
  document.addEventListener("moved", (event) => {
    const bar = $(`#bar-${event.detail.id}`);
    if (bar) bar.dataset.seen = event.detail.seen;
  });
  document.addEventListener("htmx:configRequest", (event) => {
    // A refresh brings as many rows as there were.
    if (event.detail.elt !== plan()) return;
    const loaded = $$("[data-loaded]", plan()).map((one) => Number(one.dataset.loaded));
    event.detail.parameters.rows = Math.max(0, ...loaded);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id !== "planning") return;
    const scroll = $(".gantt-scroll", plan());
    const folded = $$("[data-fold][aria-expanded=false]").map((one) => one.closest(".gantt-group").dataset.group);
    kept = { top: scroll?.scrollTop, left: scroll?.scrollLeft, bar: document.activeElement?.dataset?.bar, folded };
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (!kept || !plan() || event.detail.target?.id !== "planning") return;
    const scroll = $(".gantt-scroll", plan());
    for (const group of kept.folded) $(`.gantt-group[data-group="${group}"] [data-fold]`)?.click();
    scroll?.scrollTo(kept.left, kept.top);
    if (kept.bar) $(`#bar-${kept.bar}`)?.focus({ preventScroll: true });
    kept = null;
  });
})();
