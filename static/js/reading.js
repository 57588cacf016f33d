// Chooses the places of a reading without leaving the page. On wide screens the fields are shown in short, one of them is chosen, and a
// value of the sample call that is clicked becomes its place. After each choice the form is posted in the background as "Show what comes out" does,
// and its parts are replaced. If that fails, the form is sent normally.
import { morph } from "./morph.js";

const WIDE = matchMedia("(min-width: 70rem)");
const PLACE = "select[name^='place.']";
const PARTS = ["fields", "folds", "outcome"];

function hiddenInput(name, value) {
  return Object.assign(document.createElement("input"), { type: "hidden", name, value });
}

class Reading {
  changes = 0;
  picked = new Set(); // keys of the fields of which a place was chosen since the form was last shown

  constructor(form) {
    this.form = form;
    this.said = form.querySelector("[data-reading-said]");
    const linked = [...form.querySelectorAll("[data-slot]")].find((slot) => `#${slot.id}` === location.hash);
    this.place = linked?.querySelector(PLACE); // the list that a clicked value is for, if a field is chosen
    form.addEventListener("focusin", (event) => {
      const slot = event.target.closest?.("[data-slot]");
      if (!slot || event.target.matches("[data-pick]")) return;
      const lists = [...slot.querySelectorAll(PLACE)];
      this.mark(lists.filter((list) => list.compareDocumentPosition(event.target) & Node.DOCUMENT_POSITION_FOLLOWING || list === event.target).at(-1) ?? lists[0]);
    });
    form.addEventListener("change", (event) => {
      if (!event.target.matches(`${PLACE}, select[name^='as.']`) || event.target.value === "?") return;
      const { slot } = event.target.closest("[data-slot]").dataset;
      if (event.target.matches(PLACE)) this.picked.add(slot);
      else this.picked.delete(slot);
      this.show(event.target);
    });
    form.addEventListener("click", (event) => {
      const leaf = event.target.closest?.("button.leaf");
      if (leaf) this.place ? this.take(leaf) : this.ask(leaf);
      const slot = WIDE.matches && event.target.closest?.("[data-pick], [data-slot] > label")?.closest("[data-slot]:not(.picked)");
      if (!slot) return;
      this.mark(slot.querySelector(PLACE));
      this.place.focus();
    });
    WIDE.addEventListener("change", () => this.prepare());
    this.prepare();
  }

  // prepare makes buttons of the values on wide screens, and plain text of them on others.
  prepare() {
    this.form.querySelector(".map").classList.toggle("clicks", WIDE.matches);
    for (const leaf of this.form.querySelectorAll(".leaf[data-path]")) {
      const button = leaf.tagName === "BUTTON";
      if (button === WIDE.matches) continue;
      const other = document.createElement(WIDE.matches ? "button" : "div");
      if (WIDE.matches) other.type = "button";
      other.className = leaf.className;
      other.dataset.path = leaf.dataset.path;
      other.append(...leaf.childNodes);
      leaf.replaceWith(other);
    }
    this.mark(this.place);
  }

  // mark makes a list the one that a clicked value is for.
  mark(place) {
    this.place = place;
    if (place) this.form.querySelector(".choose-first")?.remove();
    const slot = place?.closest("[data-slot]");
    for (const other of this.form.querySelectorAll("[data-slot]")) other.classList.toggle("picked", WIDE.matches && other === slot);
    for (const leaf of this.form.querySelectorAll("button.leaf")) leaf.setAttribute("aria-pressed", String(Boolean(slot) && (leaf.dataset.path === place.value || leaf.querySelector(".to")?.textContent === slot.dataset.label)));
  }

  // ask says beside a value that a field comes first, and leads to a merge tag for the value.
  ask(leaf) {
    this.form.querySelector(".choose-first")?.remove();
    const note = document.createElement("p");
    note.className = "choose-first small";
    note.setAttribute("role", "status");
    leaf.after(note);
    note.textContent = "Choose a field first.";
    if (this.form.dataset.tags === undefined) return;
    const name = leaf.querySelector(".k").textContent;
    const question = leaf.closest("details")?.querySelector(":scope > summary .q")?.textContent;
    const create = document.createElement("button");
    Object.assign(create, { name: "do", value: "tag", className: "btn btn-s", textContent: "Create a merge tag for this value" });
    note.append(" ", hiddenInput("tag.label", question ?? name), hiddenInput("tag.key", question || name.startsWith("[") ? "" : name), hiddenInput("tag.path", leaf.dataset.path), create);
  }

  take(leaf) {
    const path = leaf.dataset.path;
    if (![...this.place.options].some((option) => option.value === path)) this.place.add(new Option(path, path), this.place.options[1]);
    this.place.value = path;
    this.picked.add(this.place.closest("[data-slot]").dataset.slot);
    this.show(leaf);
  }

  // show posts the form and replaces its parts by those that come back. It repeats that if the input changed during the request.
  async show(focused) {
    this.changes += 1;
    if (this.busy) return;
    this.busy = true;
    const [id, path] = [focused.id, focused.dataset.path];
    try {
      for (let asked; asked !== this.changes;) {
        asked = this.changes;
        const fields = new URLSearchParams(new FormData(this.form));
        fields.delete("once"); // nothing is done that must not be done twice
        fields.set("do", "show");
        for (const key of ["", ...this.picked]) fields.append("picked", key);
        const response = await fetch(this.form.action, { method: "POST", body: fields });
        if (!response.ok || response.redirected) throw new Error("no form came back");
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        if (asked === this.changes) this.replace(page);
      }
      this.picked.clear();
      this.form.dataset.unsaved = "";
      const again = path === undefined ? document.getElementById(id) : [...this.form.querySelectorAll("button.leaf")].find((leaf) => leaf.dataset.path === path);
      again?.focus();
      const slot = this.place?.closest("[data-slot]");
      this.said.textContent = slot ? `${slot.dataset.label}: ${slot.querySelector("[data-kept]")?.textContent.trim() ?? ""}` : "";
    } catch {
      this.form.requestSubmit(this.form.querySelector("button[value='show']"));
    } finally {
      this.busy = false;
    }
  }

  replace(page) {
    const place = this.place?.id;
    for (const part of PARTS) {
      const [old, fresh] = [this.form.querySelector(`#${part}`), page.getElementById(part)];
      if (!old || !fresh) throw new Error("another form came back");
      const [were, are] = [old, fresh].map((e) => [...e.querySelectorAll("details")]);
      if (were.length === are.length) are.forEach((details, i) => { details.open = were[i].open; });
      morph(old, document.importNode(fresh, true));
    }
    this.place = document.getElementById(place);
    this.prepare();
  }
}

for (const form of document.querySelectorAll("form[data-reading]")) new Reading(form);
