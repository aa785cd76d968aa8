/* The board: dragging, keys, jumping between columns. What a move means is decided by the server. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const phone = window.matchMedia("(max-width: 767.98px)");
  const board = () => $("[data-board]");
  const refresh = () => htmx.trigger(document.body, "changed");
  const address = (card, verb) => `/opportunities/${card.dataset.card}/${verb}/`;

  /* ── moving ── */
  let waiting = 0;
  // The card stands where it was dropped. If the server refuses, it goes back and the board is fetched anew.
  async function move(card, to, back, seen) {
    waiting += 1;
    card.classList.add("is-waiting");
    let ok = false;
    const watch = (event) => { if (event.detail.elt === card) ok = event.detail.successful; };
    document.addEventListener("htmx:afterRequest", watch);
    try {
      await htmx.ajax("POST", `${address(card, "move")}${to}/?${board().dataset.query}`, {
        source: card, swap: "none", values: { board: "1", seen },
      });
    } catch { /* the frame has said what went wrong */ }
    document.removeEventListener("htmx:afterRequest", watch);
    waiting -= 1;
    card.classList.remove("is-waiting");
    if (!ok) { back(); if (!waiting) refresh(); }
    return ok;
  }
  const place = (card) => {
    const parent = card.parentElement, next = card.nextElementSibling;
    return () => parent.insertBefore(card, next?.parentElement === parent ? next : null);
  };
  const ask = (card, verb) => htmx.ajax("GET", address(card, verb), { source: card, target: "#dialog", swap: "innerHTML" });

  /* ── dragging ── */
  function bar(shown) {
    const drop = $("[data-drop-bar]");
    if (drop) drop.hidden = !shown;
    document.body.classList.toggle("is-dragging", shown);
  }
  let sortables = [];
  function arrange() {
    sortables = sortables.filter((one) => one.el?.isConnected || (one.destroy(), false));
    if (!board() || phone.matches || !window.Sortable) return;
    let back = null;
    const common = { group: "cards", animation: 120, ghostClass: "is-slot", dragClass: "is-lifted", delay: 80, delayOnTouchOnly: true };
    for (const list of $$("[data-cards]", board())) {
      if (window.Sortable.get(list)) continue;
      sortables.push(new window.Sortable(list, {
        ...common,
        draggable: ".opp-card", filter: ".is-fixed, .is-waiting, .card-dots, .cards-more", preventOnFilter: false,
        scroll: true, bubbleScroll: true, forceFallback: true, fallbackTolerance: 4, fallbackOnBody: true,
        onStart: (event) => { back = place(event.item); gap(event); bar(true); },
        onEnd: (event) => {
          bar(false);
          ungap();
          const card = event.item, to = event.to;
          if (to.dataset.drop) { back(); ask(card, to.dataset.drop); return; }
          const from = event.from.dataset.stage;
          if (to === event.from) { back(); return; }
          move(card, to.dataset.stage, back, from);
        },
      }));
    }
    for (const drop of $$("[data-drop]")) {
      if (window.Sortable.get(drop)) continue;
      sortables.push(new window.Sortable(drop, { ...common, sort: false, draggable: ".opp-card" }));
    }
  }
  // A dashed gap stays where the card was taken from.
  function gap(event) {
    const hole = document.createElement("div");
    hole.className = "opp-gap";
    hole.dataset.gap = "";
    event.from.insertBefore(hole, event.item.nextSibling);
  }
  function ungap() { for (const hole of $$("[data-gap]")) hole.remove(); }

  /* ── keys ── */
  const cards = (column) => $$(".opp-card", column);
  function beside(card, step) {
    const columns = $$("[data-column]", board());
    return columns[columns.indexOf(card.closest("[data-column]")) + step];
  }
  document.addEventListener("keydown", async (event) => {
    const card = event.target.closest?.(".opp-card");
    if (!card || event.target !== card || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Enter") { $(".opp-card-title", card).click(); return; }
    if (event.key === "m") { event.preventDefault(); $(".card-dots", card).click(); return; }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const all = cards(card.closest("[data-column]"));
      all[all.indexOf(card) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
      return;
    }
    if (!step) return;
    event.preventDefault();
    const column = beside(card, step);
    if (!column) return;
    if (event.shiftKey) {
      if (!card.matches("[data-movable]")) return;
      const back = place(card), from = card.closest("[data-cards]").dataset.stage;
      $("[data-cards]", column).prepend(card);
      card.focus();
      await move(card, column.dataset.column, back, from);
      if (card.isConnected) card.focus();
      return;
    }
    const place_ = cards(card.closest("[data-column]")).indexOf(card);
    const others = cards(column);
    others[Math.min(place_, others.length - 1)]?.focus();
  });
  // A click anywhere on a card opens it.
  document.addEventListener("click", (event) => {
    const card = event.target.closest(".opp-card");
    if (card && !event.target.closest("a, button") && !String(window.getSelection())) $(".opp-card-title", card).click();
  });

  /* ── the phone: one column, a button for each ── */
  function current() {
    const area = board();
    if (!area || !phone.matches) return;
    const left = area.getBoundingClientRect().left;
    const columns = $$("[data-column]", area);
    const nearest = columns.reduce((best, column) =>
      Math.abs(column.getBoundingClientRect().left - left) < Math.abs(best.getBoundingClientRect().left - left) ? column : best, columns[0]);
    for (const jump of $$("[data-jump]")) {
      const on = jump.dataset.jump === nearest?.dataset.column;
      if (on && !jump.classList.contains("btn-on")) jump.parentElement.scrollTo({ left: jump.offsetLeft - 60, behavior: "smooth" });
      jump.classList.toggle("btn-on", on);
      if (on) jump.setAttribute("aria-current", "true"); else jump.removeAttribute("aria-current");
    }
  }
  document.addEventListener("click", (event) => {
    const jump = event.target.closest("[data-jump]");
    if (!jump) return;
    event.preventDefault();
    const column = $(`#column-${jump.dataset.jump}`);
    board().scrollTo({ left: column.offsetLeft - board().offsetLeft, behavior: "smooth" });
  });
  document.addEventListener("scroll", (event) => { if (event.target === board()) current(); }, true);

  /* ── fetched anew: the same place, the same card ── */
  let kept = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!event.detail.target?.matches?.("[data-board-page]") || !board()) return;
    kept = { left: board().scrollLeft, top: board().scrollTop, card: document.activeElement?.dataset?.card, same: board().dataset.query };
  });
  function ready() {
    arrange();
    if (kept && board()) {
      if (kept.same === board().dataset.query) board().scrollTo(kept.left, kept.top);
      if (kept.card) $(`#card-${kept.card}`)?.focus({ preventScroll: true });
      kept = null;
    }
    current();
  }
  document.addEventListener("htmx:afterSettle", ready);
  document.addEventListener("DOMContentLoaded", ready);
  phone.addEventListener("change", () => { for (const one of sortables) one.destroy(); sortables = []; ready(); });
})();
