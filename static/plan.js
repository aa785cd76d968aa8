/* The settings of an activity plan: steps dragged, moved, added, removed; a person is asked for where one is needed. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = () => $("[data-plan]");
  const rows = () => $$("[data-step-row]", form());
  const state = () => JSON.stringify($$("input:not([type=hidden]), input[name=step], select", form()).map((i) => (i.type === "checkbox" ? i.checked : i.value)));
  let before = null;

  function follow(row) {
    $("[name=user]", row).hidden = $("[name=assignee]", row).value !== "user";
    for (const unit of $$("[data-unit]", row)) unit.textContent = unit.previousElementSibling.value.trim() === "1" ? unit.dataset.one : unit.dataset.many;
  }
  function changed() {
    const note = $("[data-unsaved]", form());
    if (note) note.hidden = state() === before;
    $("[data-no-steps]", form()).hidden = rows().length > 0;
    // What was moved or removed is no less lost by a wrong click than what was typed.
    if (state() === before) delete form().dataset.dirty; else form().dataset.dirty = "yes";
  }
  function add() {
    const body = $("[data-step-rows]", form());
    body.append($("[data-new-step]", form()).content.cloneNode(true));
    htmx.process(body.lastElementChild);
    $("[name=step_title]", body.lastElementChild).focus();
    changed();
  }
  function start() {
    const body = form() && $("[data-step-rows]", form());
    if (!body || body.dataset.ready) return;
    body.dataset.ready = "1";
    // A page that comes back with mistakes is not saved yet.
    if (before === null) before = form().hasAttribute("data-typed") ? "" : state();
    changed();
    if (window.Sortable && $("[data-add-step]", form())) new Sortable(body, { handle: ".pick-handle", draggable: "[data-step-row]", animation: 120, ghostClass: "pick-ghost", onEnd: changed });
  }
  document.addEventListener("DOMContentLoaded", start);
  document.addEventListener("htmx:load", start);
  document.addEventListener("input", (event) => {
    const row = event.target.closest("[data-step-row]");
    if (row) follow(row);
    if (form()?.contains(event.target)) changed();
  });
  document.addEventListener("click", (event) => {
    const hit = (selector) => event.target.closest(selector);
    if (hit("[data-add-step]")) { add(); return; }
    const row = hit("[data-step-row]"), step = hit("[data-row-move]");
    if (!row) return;
    if (step) {
      if (step.dataset.rowMove === "-1") row.previousElementSibling?.before(row); else row.nextElementSibling?.after(row);
      $("[data-bs-toggle]", step.closest(".dropdown")).focus();
      changed();
      return;
    }
    if (hit("[data-row-remove]")) {
      const next = row.nextElementSibling || row.previousElementSibling;
      row.remove();
      (next ? $("[name=step_title]", next) : $("[data-add-step]", form())).focus();
      changed();
    }
  });
})();
