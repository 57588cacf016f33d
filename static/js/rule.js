// The rule builder without leaving the page: its buttons, and a choice of what to look at or how, post the form as they do
// without script, and the parts that come back take the places of those that are here. Where that fails, the form is sent.
import { morph } from "./morph.js";
import { enhance } from "./picker.js";

const SHAPE = /^(add|group|remove|update)\b/;

class Builder {
  changes = 0; // of what is filled in

  constructor(form) {
    this.form = form;
    form.addEventListener("input", () => { this.changes += 1; });
    form.addEventListener("change", (event) => {
      const place = event.target.dataset.follow;
      if (place !== undefined) this.reshape(form.querySelector(`button[value="update-${place}"]`), event.target);
    });
    form.addEventListener("submit", (event) => {
      if (this.native || !SHAPE.test(event.submitter?.value ?? "")) return;
      event.preventDefault();
      this.reshape(event.submitter);
    });
  }

  // reshape posts the form with a button that changes its rows, again if something was filled in meanwhile.
  async reshape(button, keep) {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let asked; asked !== this.changes;) {
        asked = this.changes;
        const page = await this.post(button.value);
        if (asked === this.changes) this.show(page, keep);
      }
    } catch {
      this.native = true;
      this.form.requestSubmit(button);
    } finally {
      this.busy = false;
    }
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

  show(page, keep) {
    for (const id of ["rule", "words"]) {
      const [old, fresh] = [this.form.querySelector(`#${id}`), page.getElementById(id)];
      if (!old || !fresh) throw new Error("another form came back");
      const pickers = new Set(old.querySelectorAll(".picker"));
      morph(old, fresh);
      for (const picker of old.querySelectorAll(".picker")) if (!pickers.has(picker)) enhance(picker);
    }
    this.form.dataset.unsaved = "";
    (keep ?? this.form.querySelector("[autofocus]"))?.focus();
  }
}

for (const form of document.querySelectorAll("form[data-rule]")) new Builder(form);
