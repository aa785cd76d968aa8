/* The calendar: dragging, pulling the end, keys, the line of now. Times are those that the clock on the wall shows. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const wide = window.matchMedia("(min-width: 768px)");
  const calendar = () => $("[data-calendar]");
  const MINUTE = 60000, DAY = 24 * 60, STEP = 15, PIXELS = 0.8;

  /* ── the wall clock of a time zone ── */
  const clocks = {};
  function clock(zone) {
    clocks[zone] ||= new Intl.DateTimeFormat("en-CA", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });
    return clocks[zone];
  }
  // What the clock shows, in milliseconds as if it were UTC.
  function shown(moment, zone) {
    const part = Object.fromEntries(clock(zone).formatToParts(moment).map((one) => [one.type, Number(one.value)]));
    return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute);
  }
  // When the clock shows that. Of a time that comes twice the first; one that is left out is an hour later.
  function moment(wall, zone) {
    const offset = (at) => shown(at, zone) - at;
    const before = wall - offset(wall - DAY * MINUTE), after = wall - offset(wall + DAY * MINUTE);
    return shown(before, zone) === wall || shown(after, zone) !== wall ? before : after;
  }
  const day = (wall) => new Date(wall).toISOString().slice(0, 10);
  const iso = (at) => new Date(at).toISOString();

  /* ── what a change makes of an activity ── */
  // change: days and minutes by which it moves; endDays and endMinutes by which only its end does.
  function times(event, change) {
    const { zone, start, due } = event.dataset;
    const old = { start: Math.floor(Date.parse(start) / MINUTE) * MINUTE, due: Math.floor(Date.parse(due) / MINUTE) * MINUTE };
    const from = moment(shown(old.start, zone) + (change.days * DAY + change.minutes) * MINUTE, zone);
    const moved = change.days || change.minutes;
    // A meeting of an hour stays one; what goes on for days ends at the same time of day.
    let to = !moved ? old.due : event.dataset.bar !== undefined
      ? moment(shown(old.due, zone) + (change.days * DAY + change.minutes) * MINUTE, zone) : from + (old.due - old.start);
    if (change.endDays || change.endMinutes) to = moment(shown(to, zone) + (change.endDays * DAY + change.endMinutes) * MINUTE, zone);
    return { start: moved ? from : old.start, due: to };
  }
  // Is the end still behind the start? A whole day stays at least one.
  const lasts = (event, at) => at.due - at.start >= (event.dataset.bar !== undefined ? 20 * 60 : STEP) * MINUTE;
  function say(event, at) {
    const zone = event.dataset.zone, whole = event.dataset.bar !== undefined;
    const words = new Intl.DateTimeFormat(document.documentElement.lang, {
      timeZone: zone, weekday: "short", day: "2-digit", month: "2-digit", ...(whole ? {} : { hour: "2-digit", minute: "2-digit" }),
    });
    // The end is not included: of whole days the last one is named.
    const text = words.formatRange(at.start, whole ? at.due - MINUTE : at.due);
    $("[data-said]").textContent = text;
    return text;
  }

  /* ── saving ── */
  let kept = null, onward = "";
  async function save(event, change, back) {
    const at = times(event, change);
    kept = { event: event.dataset.event };
    onward = inSight(shown(at.start, event.dataset.zone)) ? "" : at.start > Date.parse(event.dataset.start) ? "next" : "previous";
    event.classList.add("is-waiting");
    let ok = false;
    const watch = (answer) => { if (answer.detail.elt === event) ok = answer.detail.successful; };
    document.addEventListener("htmx:afterRequest", watch);
    try {
      await htmx.ajax("POST", event.dataset.move, { source: event, swap: "none", values: { start: iso(at.start), due: iso(at.due), seen: event.dataset.seen } });
    } catch { /* the frame has said what went wrong */ }
    document.removeEventListener("htmx:afterRequest", watch);
    event.classList.remove("is-waiting");
    if (ok) return;
    onward = "";
    back();
    // Somebody else may have moved it: show how things are.
    htmx.trigger(document.body, "changed");
  }
  const inSight = (wall) => Boolean(spot(day(wall)));
  const spot = (date) => $(`:is([data-column], [data-cell])[data-day="${date}"]`);

  /* ── where it stands meanwhile ── */
  function memory(event) {
    const box = event.closest("foreignObject, [data-first], li");
    const parent = box.parentElement, next = box.nextSibling;
    const names = ["x", "y", "width", "height"].filter((name) => box.hasAttribute(name)).map((name) => [name, box.getAttribute(name)]);
    return () => {
      parent.insertBefore(box, next?.parentElement === parent ? next : null);
      for (const [name, value] of names) box.setAttribute(name, value);
      box.style.gridColumn = "";
    };
  }
  function place(event, change) {
    const box = event.closest("foreignObject, [data-first], li");
    const at = times(event, change), zone = event.dataset.zone;
    const held = document.activeElement === event;
    if (box.matches("foreignObject")) {
      const column = spot(day(shown(at.start, zone)));
      if (column && $("svg", column) !== box.parentElement) $("svg", column).insertBefore(box, $("[data-now]", column));
      box.dataset.top ||= box.getAttribute("y");
      box.dataset.tall ||= box.getAttribute("height");
      if (change.days || change.minutes) { box.setAttribute("x", "0"); box.setAttribute("width", "100%"); }
      const top = Number(box.dataset.top) + change.minutes * PIXELS;
      // Moved over midnight it stands on the next day.
      box.setAttribute("y", String(((top % (DAY * PIXELS)) + DAY * PIXELS) % (DAY * PIXELS)));
      box.setAttribute("height", String(Math.max(STEP * PIXELS, Number(box.dataset.tall) + change.endMinutes * PIXELS)));
    } else if (box.matches("[data-first]")) {
      const columns = $$("[data-column]").length;
      const first = Math.max(1, Math.min(columns, Number(box.dataset.first) + change.days));
      const span = Math.max(1, Math.min(columns - first + 1, Number(box.dataset.span) + change.endDays));
      box.style.gridColumn = `${first + 1} / span ${span}`;
    } else {
      const cell = spot(day(shown(at.start, zone)));
      if (cell && !cell.contains(box)) $("[data-entries]", cell).append(box);
    }
    if (held) event.focus({ preventScroll: true });
    return say(event, at);
  }
  const nothing = () => ({ days: 0, minutes: 0, endDays: 0, endMinutes: 0 });
  const isChange = (change) => Object.values(change).some(Boolean);

  /* ── by mouse ── */
  let drag = null;
  const atEnd = (event, pointer) => {
    if (event.dataset.ends === undefined) return false;
    const box = event.getBoundingClientRect();
    return event.dataset.bar !== undefined ? pointer.clientX > box.right - 8 : pointer.clientY > box.bottom - 7;
  };
  // The day under the pointer, as the number of days since 1970.
  function dayAt(pointer) {
    const all = $$("[data-column], [data-cell]", calendar());
    const inside = (one, box) => pointer.clientX >= box.left && pointer.clientX < box.right && (one.matches("[data-column]") || (pointer.clientY >= box.top && pointer.clientY < box.bottom));
    const hit = all.find((one) => inside(one, one.getBoundingClientRect()));
    return hit ? Date.parse(hit.dataset.day) / (DAY * MINUTE) : null;
  }
  document.addEventListener("pointerdown", (pointer) => {
    const event = pointer.target.closest(".cal-frame [data-move]");
    if (!event || pointer.button || pointer.pointerType === "touch" || event.matches(".is-waiting")) return;
    if (pointer.ctrlKey || pointer.metaKey || pointer.shiftKey) return;
    settle();
    drag = { event, x: pointer.clientX, y: pointer.clientY, day: dayAt(pointer), scrolled: $("[data-scroll]")?.scrollTop || 0, end: atEnd(event, pointer), change: nothing(), moved: false };
  });
  document.addEventListener("pointermove", (pointer) => {
    if (!drag) {
      const event = pointer.target.closest?.(".cal-frame [data-move]");
      if (event) event.classList.toggle("at-end", atEnd(event, pointer));
      return;
    }
    if (!drag.moved) {
      if (Math.hypot(pointer.clientX - drag.x, pointer.clientY - drag.y) < 4) return;
      drag.moved = true;
      drag.back = memory(drag.event);
      drag.event.classList.add("is-lifted");
      document.body.classList.add(drag.end ? "is-pulling" : "is-dragging");
    }
    pointer.preventDefault();
    const { event } = drag, change = nothing();
    const days = (dayAt(pointer) ?? drag.day) - drag.day;
    const hours = event.closest("foreignObject");
    const down = pointer.clientY - drag.y + ($("[data-scroll]")?.scrollTop || 0) - drag.scrolled;
    const minutes = hours ? Math.round(down / PIXELS / STEP) * STEP : 0;
    if (!drag.end) Object.assign(change, { days, minutes });
    else if (hours) change.endMinutes = minutes;
    else change.endDays = days;
    if (hours && !drag.end) {
      const top = Number(hours.dataset.top || hours.getAttribute("y")) / PIXELS, tall = Number(hours.getAttribute("height")) / PIXELS;
      change.minutes = Math.max(-Math.floor(top), Math.min(Math.floor(DAY - tall - top), minutes));
    }
    if (!lasts(event, times(event, change))) return;
    drag.change = change;
    tip(pointer, place(event, change));
    for (const cell of $$(".is-target")) cell.classList.remove("is-target");
    if (event.closest("li")) event.closest("[data-cell]")?.classList.add("is-target");
    edge(pointer);
  });
  // Held at the upper or lower edge, the hours go on.
  function edge(pointer) {
    const area = $("[data-scroll]");
    if (!area) return;
    const box = area.getBoundingClientRect();
    if (pointer.clientY > box.bottom - 24) area.scrollTop += 12;
    else if (pointer.clientY < box.top + 80 && drag.event.closest("foreignObject")) area.scrollTop -= 12;
  }
  function tip(pointer, text) {
    let note = $(".cal-tip");
    if (!note) { note = document.createElement("div"); note.className = "cal-tip"; note.setAttribute("aria-hidden", "true"); document.body.append(note); }
    note.textContent = text;
    note.style.left = `${Math.min(pointer.clientX + 12, window.innerWidth - note.offsetWidth - 8)}px`;
    note.style.top = `${pointer.clientY + 16}px`;
  }
  function drop(keep) {
    if (!drag) return;
    const { event, change, back, moved } = drag;
    drag = null;
    document.body.classList.remove("is-dragging", "is-pulling");
    $(".cal-tip")?.remove();
    for (const cell of $$(".is-target")) cell.classList.remove("is-target");
    event.classList.remove("is-lifted");
    if (!moved) return;
    // The click that follows is the end of the drag and opens nothing.
    const swallow = (click) => { click.preventDefault(); click.stopPropagation(); };
    window.addEventListener("click", swallow, true);
    window.setTimeout(() => window.removeEventListener("click", swallow, true), 0);
    if (keep && isChange(change)) save(event, change, back); else back();
  }
  document.addEventListener("pointerup", () => drop(true));
  document.addEventListener("pointercancel", () => drop(false));

  /* ── by keyboard: quick presses are one change ── */
  let typed = null;
  function settle() {
    if (!typed) return;
    const { event, change, back, timer } = typed;
    window.clearTimeout(timer);
    typed = null;
    if (isChange(change)) save(event, change, back); else back();
  }
  function step(event, key, shift) {
    const bar = event.dataset.bar !== undefined, month = calendar().dataset.calendar === "month";
    const sign = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
    const across = key === "ArrowLeft" || key === "ArrowRight";
    if (shift) return bar ? (across ? { endDays: sign } : {}) : across ? {} : { endMinutes: sign * STEP };
    if (across) return { days: sign };
    if (month) return { days: 7 * sign };
    return bar ? {} : { minutes: sign * STEP };
  }
  document.addEventListener("keydown", (press) => {
    if (press.key === "Escape" && drag) { drop(false); return; }
    const event = press.target.closest?.("[data-move]");
    if (!event || press.ctrlKey || press.metaKey || press.altKey || !press.key.startsWith("Arrow")) return;
    press.preventDefault();
    if (event.matches(".is-waiting")) return;
    if (typed && typed.event !== event) settle();
    typed ||= { event, change: nothing(), back: memory(event) };
    const change = { ...typed.change };
    for (const [name, by] of Object.entries(step(event, press.key, press.shiftKey))) change[name] += by;
    if (lasts(event, times(event, change))) typed.change = change;
    place(event, typed.change);
    window.clearTimeout(typed.timer);
    typed.timer = window.setTimeout(settle, 600);
  });
  document.addEventListener("focusout", () => window.setTimeout(() => { if (typed && document.activeElement !== typed.event) settle(); }, 0));

  /* ── keys of the page ── */
  const typing = (element) => element.closest("input, select, textarea, [contenteditable], .dropdown-menu, .ts-wrapper");
  const KEYS = { j: "[data-go=next]", k: "[data-go=previous]", t: "[data-go=today]", d: "[data-kind=day]", w: "[data-kind=week]", m: "[data-kind=month]" };
  document.addEventListener("keydown", (press) => {
    if (!calendar() || press.ctrlKey || press.metaKey || press.altKey || $("#dialog")?.open || typing(press.target)) return;
    if (KEYS[press.key]) $(KEYS[press.key])?.click();
  });

  /* ── an empty place ── */
  document.addEventListener("click", (click) => {
    const where = click.target.closest("[data-column], [data-cell], .cal-slot");
    if (!where || !calendar()?.dataset.new || click.target.closest("a, button") || click.button || !wide.matches) return;
    const query = new URLSearchParams({ day: where.dataset.day });
    if (where.matches("[data-column]")) {
      const at = Math.floor((click.clientY - where.getBoundingClientRect().top) / PIXELS / 30) * 30;
      query.set("time", `${String(Math.floor(at / 60)).padStart(2, "0")}:${String(at % 60).padStart(2, "0")}`);
    }
    htmx.ajax("GET", `${calendar().dataset.new}?${query}`, { source: where, target: "#dialog", swap: "innerHTML" });
  });

  /* ── the line of now, and what is in sight at first ── */
  function now() {
    if (!calendar()) return;
    const wall = shown(Date.now(), calendar().dataset.zone);
    for (const line of $$("[data-now]")) {
      const here = line.closest("[data-column]").dataset.day === day(wall);
      line.setAttribute("visibility", here ? "visible" : "hidden");
      line.setAttribute("transform", `translate(0 ${((wall / MINUTE) % DAY) * PIXELS})`);
    }
  }
  window.setInterval(now, MINUTE);
  let seen = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== calendar()) return;
    const held = document.activeElement?.closest?.("[data-event]");
    if (held && !kept) kept = { event: held.dataset.event };
    seen = $("[data-scroll]")?.scrollTop ?? seen;
  });
  function ready() {
    if (!calendar()) return;
    now();
    const area = $("[data-scroll]");
    if (area && !area.dataset.ready) {
      area.dataset.ready = "yes";
      const first = Math.min(...$$("foreignObject").map((one) => Number(one.getAttribute("y"))), 7.75 * 60 * PIXELS);
      area.scrollTop = seen ?? Math.max(0, first - 12);
    }
    if (onward) {
      const link = $(`[data-go=${onward}]`);
      onward = "";
      if (link) { link.click(); return; }
    }
    if (kept) $(`.cal-frame [data-event="${CSS.escape(kept.event)}"]`)?.focus({ preventScroll: true });
    kept = null;
  }
  document.addEventListener("htmx:afterSettle", ready);
  document.addEventListener("DOMContentLoaded", ready);
})();
