/* Lists: the cursor (j, k, Enter), selection (x), the panel beside, the search field. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const list = () => $("#list");
  const rows = () => $$("#list tbody tr[data-id]");
  const panel = () => $("#panel");
  const phone = window.matchMedia("(max-width: 767.98px)");

  /* ── the panel ── */
  const address = (id) => {
    const url = new URL(window.location.href);
    if (id) url.searchParams.set("open", id); else url.searchParams.delete("open");
    return url.pathname + url.search;
  };
  function mark(id) {
    for (const row of rows()) {
      const on = row.dataset.id === id;
      row.classList.toggle("is-open", on);
      const link = $("a.row-link", row);
      if (on) link?.setAttribute("aria-current", "true"); else link?.removeAttribute("aria-current");
    }
    place();
  }
  function place() {
    const row = $("#list tr.is-open");
    const spot = $("[data-panel-place]");
    if (spot) spot.textContent = row ? ` · ${row.dataset.place}` : "";
    for (const button of $$("[data-panel-go]")) {
      const all = rows();
      const next = row ? all[all.indexOf(row) + Number(button.dataset.panelGo)] : null;
      button.setAttribute("aria-disabled", String(!next));
    }
  }
  function open(row) {
    const url = $("a.row-link", row).href;
    if (!panel() || phone.matches) { window.location.assign(url); return; }
    mark(row.dataset.id);
    window.history.replaceState(window.history.state, "", address(row.dataset.id));
    htmx.ajax("GET", url, { target: "#panel", swap: "innerHTML", headers: { "X-Panel": "1" } });
    row.scrollIntoView({ block: "nearest" });
  }
  function close() {
    if (!panel()?.childElementCount) return false;
    const row = $("#list tr.is-open");
    panel().replaceChildren();
    mark("");
    window.history.replaceState(window.history.state, "", address(""));
    (row && $("a.row-link", row))?.focus({ preventScroll: true });
    return true;
  }
  function go(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.matches(panel()?.childElementCount ? ".is-open" : ".is-at"));
    const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
    if (panel()?.childElementCount) { if (!next.matches(".is-open")) open(next); return; }
    for (const row of all) row.classList.toggle("is-at", row === next);
    $("a.row-link", next)?.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  /* ── selection ── */
  function selection() {
    const bar = $("#list [data-bulk]");
    if (!bar) return;
    const boxes = $$("#list tbody input[name=ids]");
    const chosen = boxes.filter((box) => box.checked);
    for (const box of boxes) box.closest("tr").classList.toggle("is-picked", box.checked);
    const all = $("#list [data-pick-page]");
    all.checked = boxes.length > 0 && chosen.length === boxes.length;
    all.indeterminate = chosen.length > 0 && !all.checked;
    const every = $("#list input[name=all]");
    if (!all.checked) every.value = "";
    bar.hidden = chosen.length === 0;
    $("[data-bulk-count]", bar).textContent = every.value ? bar.dataset.every : bar.dataset.some.replace("{n}", chosen.length);
    const offer = $("[data-bulk-all]", bar);
    if (offer) offer.hidden = !all.checked || Boolean(every.value);
  }
  let anchor = null;
  document.addEventListener("click", (event) => {
    const hit = (selector) => event.target.closest(selector);
    if (hit("[data-panel-close]")) { close(); return; }
    if (hit("[data-panel-go]")) { go(Number(hit("[data-panel-go]").dataset.panelGo)); return; }
    if (hit("[data-bulk-all]")) { $("#list input[name=all]").value = "1"; selection(); return; }
    if (hit("[data-bulk-none]")) { for (const box of $$("#list tbody input[name=ids]")) box.checked = false; selection(); return; }
    const box = hit("#list tbody input[name=ids]");
    if (box) {
      const boxes = $$("#list tbody input[name=ids]");
      if (event.shiftKey && anchor && boxes.includes(anchor)) {
        const [from, to] = [boxes.indexOf(anchor), boxes.indexOf(box)].sort((a, b) => a - b);
        for (const one of boxes.slice(from, to + 1)) one.checked = box.checked;
      }
      anchor = box;
      selection();
      return;
    }
    const row = hit("#list tbody tr[data-id]");
    if (!row || hit("label, button, input, a:not(.row-link)") || String(window.getSelection())) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) {
      if (!hit("a")) window.open($("a.row-link", row).href, "_blank", "noopener");
      return;
    }
    event.preventDefault();
    open(row);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-page]")) {
      for (const box of $$("#list tbody input[name=ids]")) box.checked = event.target.checked;
      selection();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (!list() || event.ctrlKey || event.metaKey || event.altKey || $("#dialog")?.open) return;
    if (event.key === "Escape" && !event.defaultPrevented && !event.target.closest("input, select, textarea, .dropdown-menu, .ts-wrapper")) { close(); return; }
    if (event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable], .ts-wrapper, .dropdown-menu")) return;
    if (event.key === "j") go(1);
    else if (event.key === "k") go(-1);
    else if (event.key === "x") {
      const box = $("#list tr.is-at input[name=ids], #list tr.is-open input[name=ids]");
      if (box) { box.checked = !box.checked; selection(); }
    }
  });

  /* ── swaps: what was typed stays, the open row stays open ── */
  let typed = null;
  let menu = null;
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.target?.id !== "list" || event.detail.verb !== "get") return;
    const id = new URL(window.location.href).searchParams.get("open");
    if (id && panel()?.childElementCount) event.detail.parameters.open = id;
    // An empty field says nothing: it stays out of the address.
    for (const [name, value] of Object.entries(event.detail.parameters)) if (value === "") delete event.detail.parameters[name];
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id === "list") {
      // A filter menu stays open while one ticks several of its lines.
      const shown = $("#list [data-menu-key].show");
      const ticked = document.activeElement?.closest(".dropdown-menu") && document.activeElement.value;
      menu = shown && document.activeElement?.type === "checkbox" ? { key: shown.dataset.menuKey, value: ticked } : null;
    }
    const field = $("#list-q");
    typed = event.detail.target?.id === "list" && field && document.activeElement === field ? field.value : null;
  });
  document.addEventListener("htmx:afterSettle", () => {
    const field = $("#list-q");
    if (typed !== null && field) {
      if (field.value !== typed) field.value = typed;
      field.focus();
      field.setSelectionRange(typed.length, typed.length);
      typed = null;
    }
    const button = menu && $(`#list [data-menu-key="${CSS.escape(menu.key)}"]`);
    if (button && window.tabler) {
      window.tabler.Dropdown.getOrCreateInstance(button).show();
      $(`[value="${CSS.escape(menu.value)}"]`, button.nextElementSibling)?.focus();
    }
    menu = null;
    place();
  });
  document.addEventListener("DOMContentLoaded", () => { if (list()) { selection(); place(); } });
  window.addEventListener("pageshow", () => { if (list()) selection(); });
})();
