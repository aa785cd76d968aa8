/* The line editor: dragging, and the keys that move and add lines. The buttons do the work; these only press them. */
(() => {
  function sortable() {
    const body = document.querySelector("[data-lines]");
    if (!body || !window.Sortable || body.dataset.sortReady) return;
    body.dataset.sortReady = "1";
    new Sortable(body, {
      handle: ".pick-handle", draggable: "[data-line]", animation: 120, ghostClass: "pick-ghost",
      onEnd: (event) => { if (event.oldIndex !== event.newIndex) body.closest("form").dataset.dirty = "yes"; },
    });
  }
  document.addEventListener("DOMContentLoaded", sortable);
  document.addEventListener("htmx:load", sortable);
  document.addEventListener("keydown", (event) => {
    const row = event.target.closest?.("[data-line]");
    if (!row || event.ctrlKey || event.metaKey) return;
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      row.querySelector(`[data-step="${event.key === "ArrowUp" ? -1 : 1}"]:not([disabled])`)?.click();
    } else if (event.key === "Enter" && event.target.matches("input")) {
      event.preventDefault();
      const add = document.querySelector("[data-add]");
      if (!add) return;
      // After this line, not at the end.
      add.value = `item:${row.dataset.line}`;
      add.click();
    }
  });
})();
