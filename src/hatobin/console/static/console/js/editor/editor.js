/* The letter's rich text: Squire does the editing, DOMPurify cleans what comes in, this file is the rest.
   The textarea stays the one thing that is saved; without this file it is what one writes in. */
"use strict";

(() => {
  const form = document.querySelector("[data-letter-form]");
  if (!form) return;
  const html = document.getElementById("id_html");
  const text = document.getElementById("id_text");
  const sheet = document.getElementById("sheet");
  const byName = (name) => form.querySelector(`[name="${name}"]:checked`)?.value;

  /* ---- The footer says something else under each kind of letter ---- */
  form.addEventListener("change", (event) => {
    if (event.target.name !== "kind") return;
    form.querySelectorAll("[data-footer]").forEach((words) => {
      words.hidden = words.dataset.footer !== byName("kind");
    });
  });

  if (!html || !sheet || !window.Squire || !window.DOMPurify) return;

  /* ---- What may come in: the formats that a letter has; rows of a table become lines ---- */
  const RULES = {
    ALLOWED_TAGS: [
      "p", "div", "br", "h1", "h2", "h3", "strong", "b", "em", "i", "u", "s",
      "ul", "ol", "li", "a", "hr", "blockquote", "img",
    ],
    ALLOWED_ATTR: ["href", "src", "alt", "width", "height", "title"],
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|tel:|\s*\{\{)/i,
    RETURN_DOM_FRAGMENT: true,
  };
  /* Styles and handlers go before anything parses them: the page's own policy would report each of
     them. DOMPurify decides about the rest. */
  const ACTIVE = /\s(?:style|on\w+)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi;
  const unstyled = (dirty) => dirty
    .replace(/<style\b[\s\S]*?<\/style\s*>/gi, "")
    .replace(/<[^>]*>/g, (tag) => tag.replace(ACTIVE, ""));
  const clean = (dirty) => {
    const inert = new DOMParser().parseFromString(unstyled(dirty), "text/html");
    inert.querySelectorAll("td, th").forEach((cell) => cell.append(" "));
    inert.querySelectorAll("tr").forEach((row) => {
      const line = inert.createElement("p");
      line.append(...row.childNodes);
      row.replaceWith(line);
    });
    return document.importNode(DOMPurify.sanitize(inert.body.innerHTML, RULES), true);
  };

  const editor = new Squire(sheet, { blockTag: "P", sanitizeToDOMFragment: clean });

  /* A format that was switched off stays off on the next line: where nothing is typed after it, Squire's
     split takes along what stands before the caret. */
  const INLINE = ["B", "I", "U", "S"];
  const split = editor.splitBlock.bind(editor);
  editor.splitBlock = (lineBreak, range) => {
    const off = INLINE.filter((tag) => !editor.hasFormat(tag, null, range));
    split(lineBreak, range);
    const at = editor.getSelection().startContainer;
    const line = (at instanceof Element ? at : at.parentElement).closest("p, div, li, h1, h2, h3");
    const brought = line && !lineBreak && off.length
      ? [...line.querySelectorAll(off.join(","))].filter((each) => !each.textContent.replace(/\u200b/g, ""))
      : [];
    if (!brought.length) return editor;
    brought.forEach((each) => each.replaceWith(...each.childNodes));
    const caret = new Range();
    caret.setStart(line, 0);
    return editor.setSelection(caret);
  };

  html.closest("[data-editor]").querySelector(".editor").hidden = false;
  html.hidden = true;

  /* ---- Text and paragraphs ---- */
  const escaped = (line) => {
    const holder = document.createElement("p");
    holder.textContent = line;
    return holder.innerHTML;
  };
  const paragraphs = (plain) => plain.trim().split(/\n\s*\n/)
    .map((block) => `<p>${block.split("\n").map(escaped).join("<br>")}</p>`).join("");
  const written = () => sheet.innerText.replace(/\u200b/g, "").replace(/\n{3,}/g, "\n\n").trim();

  /* ---- Merge fields are marked as they stand, without touching the text ---- */
  const known = new Set(sheet.dataset.names.split("\n").map((tag) => tag.split("|")[0].trim()));
  const nameIn = (tag) => tag.slice(2, -2).split(/[|｜]/)[0].trim();
  const paint = () => {
    if (!window.Highlight || !CSS.highlights) return;
    const good = new Highlight();
    const bad = new Highlight();
    const walker = document.createTreeWalker(sheet, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      for (const found of walker.currentNode.data.matchAll(/[{｛]{2}[^{}｛｝]*[}｝]{2}/g)) {
        const range = new Range();
        range.setStart(walker.currentNode, found.index);
        range.setEnd(walker.currentNode, found.index + found[0].length);
        (known.has(nameIn(found[0])) ? good : bad).add(range);
      }
    }
    CSS.highlights.set("merge", good);
    CSS.highlights.set("merge-unknown", bad);
  };

  /* The textarea follows what a person does. What Squire only writes otherwise than it was stored
     (it tells of that as well) stays as it was: else looking at a letter would save it. */
  const current = () => (written() || sheet.querySelector("img, hr") ? editor.getHTML() : "");
  let before = "";
  const read = () => {
    editor.setHTML(html.value.includes("<") ? html.value : paragraphs(html.value));
    before = current();
    paint();
  };
  const write = () => {
    const now = current();
    paint();
    if (now === before) return;
    before = now;
    html.value = now;
    html.dispatchEvent(new Event("input", { bubbles: true }));
  };
  read();
  editor.addEventListener("input", write);
  sheet.addEventListener("insert-field", (event) => {
    editor.focus();
    editor.insertPlainText(event.detail, false);
  });

  /* ---- Going from one format to the other takes the words along ---- */
  form.addEventListener("change", ({ target }) => {
    if (target.name === "mode" && target.value === "rich" && !written() && text.value.trim()) {
      editor.setHTML(paragraphs(text.value));
      write();
    } else if (target.name === "mode" || target.name === "text_edited") {
      const byHand = byName("mode") === "plain" || form.elements.text_edited.checked;
      if (byHand && !text.value.trim()) text.value = `${written()}\n`;
    }
  });

  /* ---- Tools ---- */
  const BLOCKS = "P, DIV, H1, H2, H3";
  const asBlock = (tag) => editor.modifyBlocks((part) => {
    part.querySelectorAll(BLOCKS).forEach((block) => {
      if (block.querySelector(BLOCKS)) return;
      const made = document.createElement(tag);
      made.append(...block.childNodes);
      block.replaceWith(made);
    });
    return part;
  });
  const toggled = (tag, set, unset) => () => (editor.hasFormat(tag) ? unset() : set());
  const tools = {
    bold: toggled("B", () => editor.bold(), () => editor.removeBold()),
    italic: toggled("I", () => editor.italic(), () => editor.removeItalic()),
    underline: toggled("U", () => editor.underline(), () => editor.removeUnderline()),
    heading: toggled("H2", () => asBlock("h2"), () => asBlock("p")),
    subheading: toggled("H3", () => asBlock("h3"), () => asBlock("p")),
    bullets: toggled("UL", () => editor.makeUnorderedList(), () => editor.removeList()),
    numbers: toggled("OL", () => editor.makeOrderedList(), () => editor.removeList()),
    quote: toggled("BLOCKQUOTE", () => editor.increaseQuoteLevel(), () => editor.removeQuote()),
    clear: () => { editor.removeAllFormatting(); if (editor.hasFormat("H2") || editor.hasFormat("H3")) asBlock("p"); },
    undo: () => editor.undo(),
    redo: () => editor.redo(),
    link: () => askForLink(),
  };
  const TAGS = {
    bold: "B", italic: "I", underline: "U", heading: "H2", subheading: "H3",
    bullets: "UL", numbers: "OL", quote: "BLOCKQUOTE", link: "A",
  };
  const bar = form.querySelector("[role=toolbar]");
  const buttons = [...bar.querySelectorAll("[data-tool]")];
  const show = () => buttons.forEach((button) => {
    const tag = TAGS[button.dataset.tool];
    if (tag) button.setAttribute("aria-pressed", String(editor.hasFormat(tag)));
  });
  bar.addEventListener("mousedown", (event) => event.preventDefault());
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("[data-tool]");
    if (!button) return;
    editor.focus();
    tools[button.dataset.tool]();
    show();
  });
  ["pathChange", "select", "cursor", "input"].forEach((type) => editor.addEventListener(type, show));
  editor.addEventListener("undoStateChange", ({ detail }) => {
    bar.querySelector("[data-tool=undo]").disabled = !detail.canUndo;
    bar.querySelector("[data-tool=redo]").disabled = !detail.canRedo;
  });
  editor.setKeyHandler("Ctrl-k", (_self, event) => { event.preventDefault(); askForLink(); });
  editor.setKeyHandler("Meta-k", (_self, event) => { event.preventDefault(); askForLink(); });

  /* One stop for the Tab key; arrows go from tool to tool. */
  buttons.forEach((button, index) => { button.tabIndex = index ? -1 : 0; });
  bar.addEventListener("keydown", (event) => {
    const usable = buttons.filter((button) => !button.disabled);
    const at = usable.indexOf(document.activeElement);
    const to = {
      ArrowRight: at + 1, ArrowLeft: at - 1 + usable.length, Home: 0, End: usable.length - 1,
    }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const next = usable[to % usable.length];
    buttons.forEach((button) => { button.tabIndex = button === next ? 0 : -1; });
    next.focus();
  });

  /* ---- Links ---- */
  const dialog = document.getElementById("link-dialog");
  const url = document.getElementById("link-url");
  const wrong = document.getElementById("link-error");
  function askForLink() {
    const range = editor.getSelection();
    const there = [...sheet.querySelectorAll("a")].find((link) => range.intersectsNode(link));
    url.value = there?.getAttribute("href") ?? "";
    wrong.hidden = true;
    url.removeAttribute("aria-invalid");
    dialog.showModal();
    url.select();
  }
  const address = (typed) => {
    const words = typed.trim();
    if (/^(https?:\/\/|mailto:|tel:|\{\{)/i.test(words)) return words;
    if (/^[^\s@/]+@[^\s@/]+\.[^\s@/]+$/.test(words)) return `mailto:${words}`;
    return /^[^\s.:]+(\.[^\s.:/]+)+(:\d+)?(\/\S*)?$/.test(words) ? `https://${words}` : "";
  };
  dialog.querySelector("[data-link-form]").addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    const target = address(url.value);
    if (!target) {
      wrong.hidden = false;
      url.setAttribute("aria-invalid", "true");
      url.setAttribute("aria-describedby", "link-error");
      url.focus();
      return;
    }
    dialog.close();
    editor.focus();
    editor.makeLink(target, {});
  });
  dialog.querySelector("[data-link-remove]").addEventListener("click", () => {
    dialog.close();
    editor.focus();
    editor.removeLink();
  });
})();
