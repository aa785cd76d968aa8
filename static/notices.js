/* The bell: how many notifications are unread, asked for every minute while somebody looks at the page. */
(() => {
  const bell = () => document.querySelector("[data-bell]");
  let asked = Date.now();
  async function refresh() {
    if (!bell() || document.hidden) return;
    asked = Date.now();
    let unread;
    try {
      // Whoever is signed out meanwhile is not sent away from what is being typed: the redirect is not followed.
      const answer = await fetch(bell().dataset.bell, { redirect: "manual", headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      unread = await answer.json();
    } catch { return; }
    const count = bell().querySelector("[data-bell-count]");
    count.textContent = unread.text;
    count.hidden = !unread.count;
    bell().setAttribute("aria-label", unread.label);
  }
  window.setInterval(refresh, 60000);
  document.addEventListener("visibilitychange", () => { if (Date.now() - asked > 60000) refresh(); });
  document.addEventListener("notices:read", refresh);
})();
