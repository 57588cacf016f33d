// Single-key shortcuts. They do nothing while typing, in a dialog, with Ctrl, Alt or Cmd, or if the person switched them off.
import { makeDialog, part } from "./dialog.js";

const home = document.body.dataset.keys; // the workspace's path, "" without one; undefined if shortcuts are off
const places = { d: "", w: "/webhooks", r: "/requests", c: "/contacts", s: "/segments", t: "/tags", m: "/merge-tags", a: "/automations", o: "/destinations" };
let going = 0; // when G was pressed

const typing = (element) =>
  element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=submit], [type=button])");

// The rows of the page's lists, each with its first link.
const rows = () =>
  [...document.querySelectorAll(".main .table tbody tr")].filter((row) => row.querySelector("a[href]") && row.checkVisibility());

function move(step) {
  const all = rows();
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const row = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1)];
  row?.querySelector("th a[href], a[href]").focus();
  row?.scrollIntoView({ block: "nearest" });
}

function select() {
  const box = document.activeElement.closest(".table tbody tr")?.querySelector("input[type=checkbox]");
  box?.click();
}

let help;
async function showKeys() {
  if (!help) {
    help = makeDialog("wide", "Keyboard");
    const list = await part(`${home}/keys?only=results`);
    if (!list) return;
    const close = document.createElement("button");
    close.className = "btn";
    close.textContent = "Close";
    close.addEventListener("click", () => help.close());
    const actions = document.createElement("div");
    actions.className = "actions";
    actions.append(close);
    const inside = document.createElement("div");
    inside.append(list, actions);
    help.append(inside);
  }
  help.showModal();
}

const go = (selector) => document.querySelector(selector)?.click();

const does = {
  "/": () => (document.querySelector(".main form.filters input:not([type=hidden])") ?? document.querySelector(".find input"))?.focus(),
  "?": () => home && showKeys(),
  j: () => (document.querySelector("[data-older]") ? go("[data-older]") : move(1)),
  k: () => (document.querySelector("[data-newer]") ? go("[data-newer]") : move(-1)),
  x: select,
  u: () => go("[data-up]"),
};

function press(event) {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  if (Date.now() - going < 1500 && key in places) {
    going = 0;
    location.href = home + places[key];
  } else if (key === "g" && home) {
    going = Date.now();
    return;
  } else if (does[key]) does[key]();
  else return;
  event.preventDefault();
}

if (home !== undefined) document.addEventListener("keydown", press);
