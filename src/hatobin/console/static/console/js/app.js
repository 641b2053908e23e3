/* Small helps for the console. Every page works without this file; with it some things are quicker. */
"use strict";

(() => {
  const root = document.documentElement;
  root.classList.add("js");

  /* Calls `handle(element, event)` for events inside an element that matches. */
  const on = (type, selector, handle) =>
    document.addEventListener(type, (event) => {
      const element = event.target instanceof Element && event.target.closest(selector);
      if (element) handle(element, event);
    });

  const words = (name) => document.getElementById("words")?.dataset[name] ?? "";

  /* ---- Menus: one open at a time; Escape and a click outside close ---- */
  const closeMenus = (but) =>
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (menu !== but) menu.open = false;
    });
  document.addEventListener("click", (event) => closeMenus(event.target.closest?.("details.menu")));
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });

  /* ---- Dialogs ---- */
  on("click", "[data-dialog-open]", (button, event) => {
    const dialog = document.getElementById(button.dataset.dialogOpen);
    if (!(dialog instanceof HTMLDialogElement)) return;
    event.preventDefault();
    dialog.showModal();
  });
  on("click", "[data-dialog-close]", (button) => button.closest("dialog")?.close());
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof HTMLDialogElement)) return;
    const box = event.target.getBoundingClientRect();
    const inside =
      event.clientX >= box.left && event.clientX <= box.right &&
      event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
  });

  /* ---- Theme: applied at once; the form stays the one road to the server ---- */
  on("submit", "form[data-theme-switch]", (form, event) => {
    const chosen = event.submitter?.value ?? "";
    event.preventDefault();
    root.dataset.theme = chosen;
    document.querySelectorAll("[data-theme-switch] button").forEach((button) =>
      button.setAttribute("aria-pressed", String(button.value === chosen)));
    const body = new FormData(form);
    body.set("theme", chosen);
    fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => {});
  });

  /* ---- A form is sent once: a second press while it is under way does nothing ---- */
  on("submit", "form", (form, event) => {
    if (event.defaultPrevented || form.matches("[hx-post], [hx-get]")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    if (form.method.toLowerCase() !== "post") return;
    form.dataset.sent = "yes";
    delete form.dataset.dirty;
    event.submitter?.classList.add("busy");
    // A download leaves the page in place; let the person press again after a while.
    setTimeout(() => { delete form.dataset.sent; event.submitter?.classList.remove("busy"); }, 8000);
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll(".busy").forEach((button) => button.classList.remove("busy"));
    });
    document.querySelectorAll("[data-waits]").forEach((button) => { button.disabled = false; });
  });

  /* ---- A choice that counts at once: until the page comes anew nothing else of its form can be pressed ---- */
  on("change", "[data-choose-at-once]", (choice, event) => {
    const button = document.getElementById(choice.dataset.chooseAtOnce);
    const form = event.target.form;
    if (!button || !form) return;
    [...form.elements].filter((each) => each !== button && each.type === "submit")
      .forEach((each) => { each.disabled = true; each.dataset.waits = ""; });
    form.requestSubmit(button);
  });

  /* ---- Unsaved words ---- */
  on("input", "form[data-warn-unsaved]", (form) => { form.dataset.dirty = "yes"; });
  window.addEventListener("beforeunload", (event) => {
    if (document.querySelector("form[data-dirty]")) event.preventDefault();
  });

  /* ---- File drop ---- */
  const showFile = (zone) => {
    const input = zone.querySelector("input[type=file]");
    const file = input.files[0];
    const shown = zone.querySelector("[data-drop-file]");
    shown.hidden = !file;
    // Said before minutes of sending; the server says the same.
    const tooLarge = file && file.size > Number(input.dataset.limit || Infinity);
    shown.classList.toggle("bad", Boolean(tooLarge));
    input.setCustomValidity(tooLarge ? input.dataset.tooLarge : "");
    if (tooLarge) input.reportValidity();
    if (file) shown.querySelector("[data-drop-name]").textContent =
      `${file.name} (${Math.max(1, Math.round(file.size / 1024)).toLocaleString()} KB)`;
  };
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  ["dragenter", "dragover"].forEach((type) => on(type, ".drop", (zone, event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    zone.classList.add("over");
  }));
  on("dragleave", ".drop", (zone, event) => {
    if (!zone.contains(event.relatedTarget)) zone.classList.remove("over");
  });
  on("drop", ".drop", (zone, event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    zone.classList.remove("over");
    const input = zone.querySelector("input[type=file]");
    const files = new DataTransfer();
    files.items.add(event.dataTransfer.files[0]);
    input.files = files.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  on("change", ".drop", showFile);
  // A file that misses the zone must not replace the page.
  ["dragover", "drop"].forEach((type) => window.addEventListener(type, (event) => {
    if (carriesFiles(event)) event.preventDefault();
  }));

  /* ---- Copy ---- */
  on("click", "[data-copy]", async (button) => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      toast(words("copied"), "success");
    } catch {
      getSelection().selectAllChildren(source);
      toast(words("copyByHand"), "info");
    }
  });

  /* ---- Merge fields: a chip puts its field where the person wrote last. Passing by with the Tab key
     is not writing: else the keyboard would reach the chips only from the field before them. ---- */
  let lastPlace = null;
  ["input", "pointerup"].forEach((type) =>
    on(type, "[data-takes-fields]", (element) => { lastPlace = element; }));
  on("keydown", "[data-takes-fields]", (element, event) => {
    if (!["Tab", "Shift"].includes(event.key)) lastPlace = element;
  });
  on("click", "[data-insert]", (chip) => {
    const place = lastPlace ?? document.querySelector("[data-takes-fields]");
    const text = `{{ ${chip.dataset.insert} }}`;
    if (place?.setRangeText) {
      place.setRangeText(text, place.selectionStart, place.selectionEnd, "end");
      place.dispatchEvent(new Event("input", { bubbles: true }));
      place.focus();
    } else {
      place?.dispatchEvent(new CustomEvent("insert-field", { detail: text }));
    }
  });

  /* ---- Time that runs: <time data-until="ISO 8601"> counts down ---- */
  const tick = () => document.querySelectorAll("time[data-until]").forEach((time) => {
    const left = Math.max(0, Math.round((Date.parse(time.dataset.until) - Date.now()) / 1000));
    time.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  });
  tick();
  setInterval(tick, 1000);

  /* ---- Toasts: HX-Trigger: {"toast": {"text": "...", "kind": "success"}} ---- */
  function toast(text, kind = "info") {
    const model = document.getElementById("toast-model");
    const region = document.getElementById("toasts");
    if (!model || !region || !text) return;
    const made = model.content.cloneNode(true).firstElementChild;
    const use = made.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${kind}`));
    made.querySelector("p").textContent = text;
    region.append(made);
    // An error stays until it is closed.
    if (kind !== "error") setTimeout(() => made.remove(), 8000);
  }
  on("click", "[data-toast-close]", (button) => button.closest(".toast").remove());
  document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.kind));
  document.addEventListener("htmx:sendError", () => toast(words("offline"), "error"));
  document.addEventListener("htmx:responseError", () => toast(words("failed"), "error"));

  /* ---- Errors: the summary takes the focus, so that it is heard ---- */
  document.querySelector("[data-focus]")?.focus();

  /* ---- Alpine components (its CSP build takes names only, no expressions) ---- */
  document.addEventListener("alpine:init", () => {
    /* Panels in one page: buttons with data-panel="id" switch among them. */
    Alpine.data("tabs", () => ({
      init() { this.show(this.$root.querySelector("[role=tab][aria-selected=true]")); },
      pick(event) { this.show(event.target.closest("[role=tab]")); },
      move(event) {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const all = [...this.$root.querySelectorAll("[role=tab]")];
        const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
        this.show(next);
        next.focus();
      },
      show(chosen) {
        if (!chosen) return;
        this.$root.querySelectorAll("[role=tab]").forEach((tab) => {
          const is = tab === chosen;
          tab.setAttribute("aria-selected", String(is));
          tab.tabIndex = is ? 0 : -1;
          document.getElementById(tab.getAttribute("aria-controls")).hidden = !is;
        });
      },
    }));
    /* Shows the parts whose data-when is the value of the choice. */
    Alpine.data("depends", () => ({
      init() { this.update(); },
      update() {
        const chosen = [...this.$root.querySelectorAll("[data-decides] :checked")].map((e) => e.value);
        this.$root.querySelectorAll("[data-when]").forEach((part) => {
          part.hidden = !part.dataset.when.split(" ").some((value) => chosen.includes(value));
        });
      },
    }));
  });
})();
