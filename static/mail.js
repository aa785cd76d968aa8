/* Mails: the frame of an HTML mail is as high as its text; a text template asks before it replaces what was typed. */
(() => {
  const watched = new WeakSet();
  function fit(frame) {
    const page = frame.contentDocument;
    if (!page?.body || watched.has(page)) return;
    watched.add(page);
    const measure = () => { frame.style.height = `${Math.min(page.documentElement.offsetHeight + 2, 20000)}px`; };
    new ResizeObserver(measure).observe(page.documentElement);
    measure();
  }
  // Loading does not bubble, but it is seen on its way down.
  document.addEventListener("load", (event) => { if (event.target.matches?.("iframe[data-fit]")) fit(event.target); }, true);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-once]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    document.getElementsByName(link.target)[0]?.focus();
    link.parentElement.remove();
  });
  document.addEventListener("htmx:confirm", (event) => {
    const text = event.target.closest("[data-replaces]") && document.querySelector(event.target.dataset.replaces);
    if (!text || text.value === text.defaultValue) return;
    event.preventDefault();
    if (window.confirm(event.target.dataset.ask)) event.detail.issueRequest(true);
  });
})();
