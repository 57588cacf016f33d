// Updates the rule builder without leaving the page. Its buttons and selects post the form in the background, and the parts that
// come back replace those on the page. If that fails, the form is sent normally. The preview follows the input: first an
// estimate, then the exact figures. The value of data-rule names the parts of another form with rules, which has no preview.
import { morph } from "./morph.js";
import { enhance } from "./picker.js";

const SHAPE = /^(add|group|remove|update|up|down|create|words|try)\b/;
const PREVIEW = /^(preview|count)$/;
const PAUSE = 600; // milliseconds without a change before the preview follows

class Builder {
  changes = 0; // of what is filled in
  busy = ""; // the value of the button whose request is under way

  constructor(form) {
    this.form = form;
    this.parts = (form.dataset.rule || "rule words").split(" ");
    this.previews = form.querySelector("#preview") !== null;
    form.addEventListener("input", (event) => {
      this.changes += 1;
      if (event.target.name !== "name") this.follow();
    });
    form.addEventListener("change", (event) => {
      const place = event.target.dataset.follow;
      if (place === undefined && !this.previews && event.target.matches("select:not(#next), #parts [type=checkbox], #parts .input[name]:not(#name)") && !event.target.name?.endsWith(".new")) this.send(form.querySelector('button[value="words"]'), event.target);
      if (place !== undefined) this.send(form.querySelector(`button[value="update-${place}"]`), event.target);
    });
    form.addEventListener("click", (event) => {
      if (event.target.closest("a[target=_blank]")) this.left = true;
    });
    document.addEventListener("visibilitychange", () => { // something to choose may have been created in the other tab
      const words = form.querySelector('button[value="words"]');
      if (document.hidden || !this.left || !words) return;
      this.left = false;
      this.send(words, document.activeElement);
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.id !== "who") return;
      event.preventDefault();
      this.send(form.querySelector('button[value="try"]'), event.target);
    });
    form.addEventListener("submit", (event) => {
      const action = event.submitter?.value ?? "";
      if (this.native || !(SHAPE.test(action) || PREVIEW.test(action))) return;
      event.preventDefault();
      this.send(event.submitter, PREVIEW.test(action) ? document.activeElement : undefined);
    });
    if (!form.querySelector("[data-said]:not([data-said=''])")) this.follow(0);
  }

  // send does what a button does. It repeats that if the input changed during the request, so that no input is lost. Another
  // button that is pressed during the request follows it, unless a row is being removed: its value may then name another row.
  async send(button, keep) {
    if (this.busy) {
      if (button.value !== this.busy && !this.busy.startsWith("remove")) this.next = [button.value, keep];
      return;
    }
    this.busy = button.value;
    try {
      for (let asked; asked !== this.changes;) {
        asked = this.changes;
        const page = await this.post(button.value);
        if (asked !== this.changes) continue;
        this.show(page, ...this.parts);
        if (PREVIEW.test(button.value)) this.tell(page);
      }
      this.form.dataset.unsaved = "";
      (keep ?? this.form.querySelector(`#${this.parts[0]} [autofocus]`))?.focus();
      if (!PREVIEW.test(button.value)) this.follow();
    } catch {
      this.native = true;
      this.form.requestSubmit(button);
    } finally {
      this.busy = "";
    }
    const [value, focus] = this.next ?? [];
    this.next = undefined;
    const following = value && this.form.querySelector(`button[value="${value}"]`);
    if (following && !this.native) this.send(following, focus);
  }

  // follow updates the preview after a pause. It cancels a running preview.
  follow(pause = PAUSE) {
    if (!this.previews) return;
    clearTimeout(this.timer);
    this.under?.abort();
    const panel = this.form.querySelector("#preview");
    panel?.setAttribute("aria-busy", "true");
    this.timer = setTimeout(async () => {
      const { signal } = (this.under = new AbortController());
      try {
        this.tell(await this.post("preview", signal));
        if (panel.dataset.estimate !== undefined) this.tell(await this.post("count", signal));
      } catch (error) {
        if (error.name !== "AbortError" && !signal.aborted) panel.querySelector("[data-failed]").hidden = false;
      }
    }, pause);
  }

  // post sends the form as the button of this value would, and returns the page that comes back.
  async post(action, signal) {
    const fields = new URLSearchParams(new FormData(this.form));
    fields.delete("once"); // nothing is done that must not be done twice
    fields.set("do", action);
    const response = await fetch(this.form.action, { method: "POST", body: fields, signal });
    if (!response.ok || response.redirected) throw new Error("no form came back");
    return new DOMParser().parseFromString(await response.text(), "text/html");
  }

  // tell shows the preview and announces it to screen readers.
  tell(page) {
    this.show(page, "preview", "words");
    const panel = this.form.querySelector("#preview");
    panel.removeAttribute("aria-busy");
    this.form.querySelector("#preview-said").textContent = panel.dataset.said;
  }

  show(page, ...ids) {
    for (const id of ids) {
      const [old, fresh] = [this.form.querySelector(`#${id}`), page.getElementById(id)];
      if (!old || !fresh) throw new Error("another form came back");
      const pickers = new Set(old.querySelectorAll(".picker"));
      morph(old, fresh.cloneNode(true)); // which takes parts of it: the page may be asked again
      for (const picker of old.querySelectorAll(".picker")) if (!pickers.has(picker)) enhance(picker);
    }
  }
}

for (const form of document.querySelectorAll("form[data-rule]")) new Builder(form);
