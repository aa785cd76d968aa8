/* Loaded before the page is painted: "auto" becomes light or dark, as the system says, and follows it. */
(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const wish = root.dataset.theme || "auto";
    root.setAttribute("data-bs-theme", wish === "auto" ? (system.matches ? "dark" : "light") : wish);
  };
  apply();
  system.addEventListener("change", apply);
  new MutationObserver(apply).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
})();
