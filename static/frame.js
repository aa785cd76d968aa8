/* What every page needs: messages, the dialog, the menu, keys, pickers. No state of its own: the server knows. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const say = (key) => document.body.dataset[key];
  const phone = window.matchMedia("(max-width: 767.98px)");
  const icon = (id) => $(id).content.cloneNode(true);

  /* ── messages ── */
  function toast(text, level = "info", undo = "") {
    const note = document.createElement("div");
    note.className = `toast-note ${level}`;
    note.append(icon(`#toast-${level}`));
    const words = document.createElement("div");
    words.className = "grow";
    words.textContent = text;
    note.append(words);
    if (undo) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "link";
      button.textContent = say("sayUndo");
      button.addEventListener("click", () => { note.remove(); htmx.ajax("POST", undo, { swap: "none" }); });
      note.append(button);
    }
    const close = document.createElement("button");
    close.type = "button";
    close.className = "tool tool-small";
    close.setAttribute("aria-label", say("sayClose"));
    close.append(icon("#icon-close"));
    close.addEventListener("click", () => note.remove());
    note.append(close);
    // A modal dialog hides what is outside of it, so the message goes where it is seen.
    const open = $("#dialog[open]");
    (open && level === "bad" ? open : $("#toasts")).append(note);
    if (level !== "bad") {
      let timer = window.setTimeout(() => note.remove(), undo ? 12000 : 5000);
      note.addEventListener("mouseenter", () => window.clearTimeout(timer));
      note.addEventListener("mouseleave", () => { timer = window.setTimeout(() => note.remove(), 3000); });
    }
  }
  const levels = { success: "ok", info: "info", warning: "warn", error: "bad" };
  document.addEventListener("DOMContentLoaded", () => {
    for (const data of $$(".toast-data")) {
      const kind = levels[data.dataset.level.split(" ").pop()] || "info";
      toast(data.textContent, kind, data.dataset.undo);
      data.remove();
    }
  });
  document.addEventListener("toast", (event) => {
    for (const one of event.detail.toasts || []) toast(one.text, one.level, one.undo);
  });
  document.addEventListener("htmx:responseError", (event) => {
    // A refusal brings its own sentence along.
    if (event.detail.xhr.getResponseHeader("HX-Trigger")?.includes('"toast"')) return;
    const words = { 403: "sayOld", 404: "sayGone" };
    toast(say(words[event.detail.xhr.status] || "sayError"), "bad");
  });
  for (const lost of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(lost, () => toast(say("sayOffline"), "bad"));
  }

  /* ── the dialog ── */
  let opener = null;
  const dialog = () => $("#dialog");
  function closeDialog() {
    if (dialog().open) dialog().close();
  }
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!dialog().open) opener = event.detail.elt;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "dialog") return;
    if (!dialog().open) {
      for (const menu of $$(".dropdown-menu.show")) window.tabler?.Dropdown.getInstance(menu.previousElementSibling)?.hide();
      dialog().showModal();
    }
    const first = $("[aria-invalid='true'], [autofocus]", dialog()) || $(".dialog-body :is(input:not([type=hidden]), select, textarea)", dialog());
    first?.focus();
  });
  document.addEventListener("dialog:close", closeDialog);
  document.addEventListener("close", (event) => {
    if (event.target !== dialog()) return;
    dialog().replaceChildren();
    if (opener?.isConnected) (opener.closest(".dropdown")?.querySelector("[data-bs-toggle]") || opener).focus?.();
  }, true);

  /* ── tabs: where they are wider than the screen, the current one is in sight ── */
  function tabs(root) {
    for (const tab of $$(".tabs [aria-current]", root)) {
      const hidden = tab.getBoundingClientRect().right + 16 - tab.parentElement.getBoundingClientRect().right;
      tab.parentElement.scrollLeft += Math.max(0, hidden);
    }
  }
  document.addEventListener("DOMContentLoaded", () => tabs(document));
  document.addEventListener("htmx:load", (event) => tabs(event.detail.elt));

  /* ── pickers ── */
  function pickers(root) {
    if (!window.TomSelect) return;
    for (const select of $$("select[data-pick], select[multiple]:not([data-plain])", root)) {
      if (select.tomselect) continue;
      const url = select.dataset.pick;
      // Tom Select takes the label over to its own input; the select behind it keeps a name.
      const label = select.labels?.[0]?.textContent.replace("*", "").trim();
      if (label) select.setAttribute("aria-label", label);
      new TomSelect(select, {
        plugins: select.multiple ? ["remove_button"] : [],
        allowEmptyOption: false,
        placeholder: select.dataset.placeholder || "",
        maxOptions: 200,
        preload: false,
        hidePlaceholder: true,
        // What was typed has found its entry; an open menu would lie over the button that saves.
        closeAfterSelect: true,
        onItemAdd() { this.setTextboxValue(""); },
        valueField: "value", labelField: "text", searchField: url ? [] : ["text"],
        load: url ? function load(term, done) { this.clearOptions(); fetch(`${url}${url.includes("?") ? "&" : "?"}q=${encodeURIComponent(term)}`, { headers: { "X-Requested-With": "fetch" } })
          .then((answer) => answer.json()).then((data) => done(data.results)).catch(() => done()); } : undefined,
        shouldLoad: (term) => term.length > 0,
        render: {
          option: (data, escape) => `<div>${escape(data.text)}${data.hint ? `<span class="hint">${escape(data.hint)}</span>` : ""}</div>`,
          no_results: () => `<div class="no-results">${say("sayNone")}</div>`,
        },
      });
    }
  }
  document.addEventListener("DOMContentLoaded", () => pickers(document));
  document.addEventListener("htmx:load", (event) => pickers(event.detail.elt));

  /* ── clicks ── */
  let factBefore = new WeakMap();
  document.addEventListener("htmx:beforeSwap", (event) => {
    const fact = event.detail.target;
    if (fact?.classList?.contains("fact") && !fact.querySelector("form")) factBefore.set(document, fact.cloneNode(true));
  });
  function cancelFact(form) {
    const before = factBefore.get(document);
    if (!before) return window.location.reload();
    const fact = form.closest(".fact");
    const copy = before.cloneNode(true);
    fact.replaceWith(copy);
    htmx.process(copy);
    copy.querySelector(".fact-edit")?.focus();
  }
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt.matches?.(".fact")) {
      const field = $("form :is(input:not([type=hidden]), select, textarea)", event.detail.elt);
      field?.tomselect ? field.tomselect.focus() : field?.focus();
      field?.select?.();
    }
  });
  function sideMenu(open) {
    document.body.classList.toggle("side-open", open);
    $("[data-menu]")?.setAttribute("aria-expanded", String(open));
    $(".side-veil")?.remove();
    if (open) {
      const veil = document.createElement("button");
      veil.className = "side-veil";
      veil.type = "button";
      veil.setAttribute("aria-label", say("sayClose"));
      veil.addEventListener("click", () => { sideMenu(false); $("[data-menu]").focus(); });
      $(".app").append(veil);
      $(".side .door").focus();
    }
  }
  document.addEventListener("click", (event) => {
    const hit = (selector) => event.target.closest(selector);
    if (hit("[data-dialog-close]") && dialog().open) { event.preventDefault(); closeDialog(); return; }
    if (event.target === dialog()) { if (!$("form[data-dirty]", dialog())) closeDialog(); return; }
    if (hit("[data-fact-cancel]")) { cancelFact(hit("form")); return; }
    if (hit("[data-menu]")) { sideMenu(!document.body.classList.contains("side-open")); return; }
    if (hit("[data-search]")) { document.body.classList.add("searching"); $("#top-q").focus(); return; }
    if (hit("[data-show-all]")) { hit(".facts").classList.add("facts-open"); return; }
    if (hit("[data-fold-side]")) {
      const small = document.body.classList.toggle("side-small");
      hit("[data-fold-side]").setAttribute("aria-expanded", String(!small));
      document.cookie = `sidebar=${small ? "small" : "full"};path=/;max-age=31536000;samesite=lax`;
      return;
    }
    const value = hit("dd.can-edit");
    if (value && !hit("a, button, input, select, textarea, form") && !String(window.getSelection())) $(".fact-edit", value)?.click();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-theme-switch]")) return;
    event.preventDefault();
    const root = document.documentElement;
    const wish = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    root.dataset.theme = wish;
    htmx.ajax("POST", form.action, { values: { theme: wish }, swap: "none" });
  });
  document.addEventListener("focusout", (event) => {
    if (event.target.id === "top-q") document.body.classList.remove("searching");
  });

  /* ── nothing typed is lost by a wrong click ── */
  document.addEventListener("DOMContentLoaded", () => $("main form [aria-invalid='true']")?.focus());
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-save-keys]");
    if (form) form.dataset.dirty = "yes";
  });
  document.addEventListener("submit", (event) => { delete event.target.dataset.dirty; });
  window.addEventListener("beforeunload", (event) => {
    if ($("form[data-dirty]")) event.preventDefault();
  });

  /* ── keys ── */
  const typing = (element) => element.closest("input:not([type=checkbox]):not([type=radio]), select, textarea, [contenteditable], .ts-wrapper");
  document.addEventListener("keydown", (event) => {
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (phone.matches) document.body.classList.add("searching");
      $("#top-q")?.focus();
      $("#top-q")?.select();
      return;
    }
    if (command && event.key === "Enter") {
      const form = event.target.closest("form[data-save-keys]");
      if (form) { event.preventDefault(); form.requestSubmit(); }
      return;
    }
    if (event.key === "Escape") {
      if (document.body.classList.contains("side-open")) { sideMenu(false); $("[data-menu]").focus(); }
      const fact = event.target.closest("[data-fact-form]");
      if (fact) { event.preventDefault(); event.stopPropagation(); cancelFact(fact); return; }
      if (event.target.id === "top-q") event.target.blur();
      return;
    }
    if (command || event.altKey || typing(event.target) || dialog()?.open) return;
    if (event.key === "/") {
      const field = $("#list-q") || $("#top-q");
      if (field) { event.preventDefault(); field.focus(); field.select(); }
    } else if (event.key === "?") {
      const help = $(".side-foot a");
      if (help) window.location.assign(help.href);
    } else if (event.key === "c") {
      const create = $("[data-new]");
      if (create) { event.preventDefault(); create.click(); }
    } else if (event.key === "e") {
      const edit = $("[data-edit]");
      if (edit) { event.preventDefault(); edit.click(); }
    }
  });
})();
