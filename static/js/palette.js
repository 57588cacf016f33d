// Ctrl-K (Cmd-K) opens the search as a palette: the search page's own results, chosen with the arrow keys.
import { makeDialog, part } from "./dialog.js";

const form = document.querySelector("form.find");
let dialog, input, list, said, asked;

function build() {
  dialog = makeDialog("palette", "Search or go to");
  input = document.createElement("input");
  input.className = "input";
  input.type = "search";
  input.autocomplete = "off";
  input.placeholder = "Search or go to";
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-label": "Search or go to", "aria-expanded": "true", "aria-controls": "palette-list", "aria-autocomplete": "list",
  })) input.setAttribute(name, value);
  list = document.createElement("div");
  list.id = "palette-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Results");
  said = document.createElement("p");
  said.className = "said small soft";
  said.setAttribute("role", "status");
  const inside = document.createElement("div");
  inside.append(input, list, said);
  dialog.append(inside);
  input.addEventListener("input", search);
  input.addEventListener("keydown", keys);
}

const options = () => [...list.querySelectorAll("[role=option]")];

// The links of the search page become the options of a list box.
function show(results) {
  const groups = [...results.querySelectorAll("section")].map((section) => {
    const group = document.createElement("div");
    const title = section.querySelector("h2").textContent;
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", title);
    const head = document.createElement("span");
    head.className = "grp";
    head.textContent = title;
    head.setAttribute("aria-hidden", "true");
    group.append(head, ...section.querySelectorAll("a"));
    return group;
  });
  list.replaceChildren(...groups);
  for (const [i, option] of [...list.querySelectorAll("a")].entries()) {
    option.id = `palette-${i}`;
    option.tabIndex = -1;
    option.setAttribute("role", "option");
  }
  said.textContent = results.querySelector("[data-said]").textContent;
  choose(0);
}

function choose(n) {
  const all = options();
  for (const [i, option] of all.entries()) option.setAttribute("aria-selected", String(i === n));
  if (all[n]) {
    input.setAttribute("aria-activedescendant", all[n].id);
    all[n].scrollIntoView({ block: "nearest" });
  } else input.removeAttribute("aria-activedescendant");
}

function keys(event) {
  const all = options();
  const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
  const to = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length }[event.key];
  if (to !== undefined && all.length) choose(to);
  else if (event.key === "Enter") open(all[at]);
  else if (event.key === "Escape" && !event.isComposing) dialog.close(); // a search field would only empty itself
  else return;
  event.preventDefault();
}

// Enter before the answer is there waits for it.
async function open(option) {
  if (asked) {
    await asked.done;
    option = options().find((o) => o.getAttribute("aria-selected") === "true");
  }
  option?.click();
}

function search() {
  asked?.stop.abort();
  const stop = new AbortController();
  const done = part(`${form.action}?only=results&q=${encodeURIComponent(input.value)}`, stop.signal)
    .then((results) => {
      if (stop.signal.aborted) return;
      asked = undefined;
      if (results) show(results);
      else said.textContent = "The search does not answer. Reload the page.";
    })
    .catch(() => {
      if (!stop.signal.aborted) said.textContent = "The search does not answer. Try again in a moment.";
    });
  asked = { stop, done };
}

document.addEventListener("keydown", (event) => {
  if (!form || event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  if (!dialog) build();
  if (dialog.open) return dialog.close();
  if (document.querySelector("dialog[open]")) return;
  input.value = "";
  list.replaceChildren();
  dialog.showModal();
  search();
});
