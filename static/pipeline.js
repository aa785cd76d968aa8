/* The settings of a pipeline: rows dragged, moved, added; what is not saved yet is said. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = () => $("[data-pipeline]");
  const rows = () => $$("[data-stage-row]", form());
  const words = (row) => ["stage", "stage_name", "probability", "colour"].map((name) => $(`[name=${name}]`, row).value).join("\u0000");
  const state = () => ({ rows: rows().map(words), head: $$(".pipeline-head input", form()).map((i) => (i.type === "checkbox" ? i.checked : i.value)) });
  let before = null;

  const shade = (percent) => `r${Math.min(5, Math.max(1, Math.ceil(percent / 20)))}`;
  function paint(row) {
    const colour = $("[name=colour]", row).value, percent = Number($("[name=probability]", row).value) || 0;
    $("[data-swatch]", row).className = `swatch ${colour ? `colour-${colour}` : shade(percent)}`;
  }
  function unsaved() {
    const note = $("[data-unsaved]", form());
    if (!note || !before) return;
    const now = state();
    const changed = new Set();
    now.rows.forEach((row, i) => { if (before.rows[i] !== row) changed.add(`row ${i}`); });
    if (before.rows.length > now.rows.length) changed.add("fewer");
    now.head.forEach((value, i) => { if (before.head[i] !== value) changed.add(`head ${i}`); });
    let sum = 0;
    for (const row of rows()) {
      const percent = $("[name=probability]", row).value.trim();
      if (row.dataset.old && /^\d{1,3}$/.test(percent)) sum += Number(row.dataset.plain) * (Number(percent) - Number(row.dataset.old)) / 100;
    }
    note.hidden = changed.size === 0;
    $("[data-unsaved-count]", note).textContent = changed.size === 1 ? note.dataset.one : note.dataset.many.replace("{n}", changed.size);
    const money = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: "EUR", maximumFractionDigits: 0 });
    $("[data-unsaved-sum]", note).textContent = Math.round(sum) === 0 ? "" : (sum > 0 ? note.dataset.up : note.dataset.down).replace("{sum}", money.format(Math.abs(sum)));
  }
  function add() {
    const body = $("[data-stage-rows]", form());
    body.append($("[data-new-stage]", form()).content.cloneNode(true));
    htmx.process(body.lastElementChild);
    $("[name=stage_name]", body.lastElementChild).focus();
    unsaved();
  }
  document.addEventListener("DOMContentLoaded", () => {
    if (!form()) return;
    before = state();
    const body = $("[data-stage-rows]", form());
    if (window.Sortable && $(".pick-handle", body)) new Sortable(body, { handle: ".pick-handle", draggable: "[data-stage-row]", animation: 120, ghostClass: "pick-ghost", onEnd: unsaved });
  });
  document.addEventListener("input", (event) => {
    const row = event.target.closest("[data-stage-row]");
    if (row) paint(row);
    if (form()?.contains(event.target)) unsaved();
  });
  document.addEventListener("click", (event) => {
    const hit = (selector) => event.target.closest(selector);
    if (hit("[data-add-stage]")) { add(); return; }
    const row = hit("[data-stage-row]");
    if (!row) return;
    const colour = hit("[data-colour]"), step = hit("[data-row-move]");
    if (colour) { $("[name=colour]", row).value = colour.dataset.colour; paint(row); unsaved(); return; }
    if (step) {
      if (step.dataset.rowMove === "-1") row.previousElementSibling?.before(row); else row.nextElementSibling?.after(row);
      $("[data-bs-toggle]", step.closest(".dropdown")).focus();
      unsaved();
      return;
    }
    if (hit("[data-row-remove]")) { row.remove(); unsaved(); }
  });
})();
