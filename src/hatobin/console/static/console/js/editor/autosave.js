/* Saves the letter while it is written, quietly; never over what somebody else has saved. */
"use strict";

(() => {
  const form = document.querySelector("[data-letter-form]");
  if (!form || form.dataset.letterForm === "stale") return;
  const line = form.querySelector("[data-save-line]");
  const QUIET = 1500;
  const AGAIN = 10000;

  const words = () => {
    const all = new URLSearchParams(new FormData(form));
    ["revision", "csrfmiddlewaretoken"].forEach((name) => all.delete(name));
    return all.toString();
  };
  let last = words();
  let timer = 0;
  let flying = null;
  let stopped = false;
  let touched = false; // by a person: what a page tidies up by itself is no reason to save

  const say = (sentence, kind = "") => {
    line.textContent = sentence;
    line.dataset.kind = kind;
  };
  const plan = (after = QUIET) => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(save, after);
  };

  async function send(now) {
    const body = new FormData(form);
    body.set("autosave", "1");
    const answer = await fetch(location.href, { method: "POST", body, redirect: "manual" });
    if (answer.status === 204) {
      form.elements.revision.value = answer.headers.get("X-Revision");
      last = now;
      if (words() === now) delete form.dataset.dirty;
      say(line.dataset.saved.replace("{time}", answer.headers.get("X-Saved-At")), "good");
    } else if (answer.status === 409) {
      stopped = true;
      say(await answer.text(), "bad");
    } else if (answer.status === 422) {
      say(await answer.text(), "bad");
    } else {
      throw new Error(String(answer.status));
    }
  }

  function save() {
    const now = words();
    if (!touched || stopped || flying || now === last) return;
    say(line.dataset.saving);
    flying = send(now)
      .catch(() => { say(line.dataset.trouble, "bad"); plan(AGAIN); })
      .finally(() => {
        flying = null;
        if (words() !== now) plan();
      });
  }

  ["keydown", "input", "change", "click", "paste", "drop"].forEach((type) =>
    form.addEventListener(type, (event) => { touched ||= event.isTrusted; }, true));
  form.addEventListener("input", () => plan());
  form.addEventListener("change", () => plan());
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });

  /* A save that is under way would make the one by hand look stale: it is waited for. */
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (!flying) return;
    event.preventDefault();
    const button = event.submitter;
    flying.then(() => form.requestSubmit(button));
  });
})();
