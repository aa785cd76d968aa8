/* Settings: drag entries of a list into another order; copy a token. */
(() => {
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  function sortable(root) {
    if (!window.Sortable) return;
    for (const list of $$("[data-sort]", root)) {
      if (!list.dataset.sort || list.dataset.sortReady) continue;
      list.dataset.sortReady = "1";
      new Sortable(list, {
        handle: ".pick-handle", animation: 120, ghostClass: "pick-ghost", draggable: "[data-id]",
        onEnd: (event) => {
          if (event.oldIndex === event.newIndex) return;
          const id = $$("[data-id]", list).map((row) => row.dataset.id);
          htmx.ajax("POST", list.dataset.sort, { values: { id }, target: list.dataset.sortTarget || "#picklist", swap: "outerHTML" });
        },
      });
    }
  }
  document.addEventListener("DOMContentLoaded", () => sortable(document));
  document.addEventListener("htmx:load", (event) => sortable(event.detail.elt.parentElement || document));
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = document.querySelector(button.dataset.copy);
    field.select();
    try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand("copy"); }
    button.querySelector("span").textContent = button.dataset.copied;
  });
  document.addEventListener("focusin", (event) => { if (event.target.matches("[data-select-all]")) event.target.select(); });
})();
