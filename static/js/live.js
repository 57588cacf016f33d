// Shows calls that come while their list is open. data-live is the URL of server-sent events; each event "came" holds how many calls came.
// The list takes them in by itself while the reader is at its top and has selected nothing. Else a button says how many wait.
import { fetchPage, follow } from "./stream.js";

const list = document.querySelector("[data-live]");
let waiting = 0;
let shown = 0; // how often the list was renewed
let rest = 0; // until when the list is not renewed by itself
let later;

// While calls come without a pause, the list renews itself rarely, and more rarely the longer that takes: open pages must not slow the program.
const pauseAfter = (took) => Math.min(Math.max(300 * took, 5000), 60000);

const button = document.createElement("button");
button.type = "button";
button.className = "btn btn-s live";
button.hidden = true;
button.setAttribute("aria-live", "polite");
button.addEventListener("click", async () => {
  await renew();
  list.scrollIntoView({ block: "nearest" });
});

// The list is at rest if renewing it moves nothing that is read: its top is on the screen or below.
const atRest = () =>
  (scrollY < 120 || list.getBoundingClientRect().top > 0) && getSelection().isCollapsed && !list.contains(document.activeElement) && !list.querySelector(".pick:checked") && !document.querySelector("dialog[open]");

function take(fresh) {
  if (!fresh) return location.reload();
  const ticked = [...list.querySelectorAll(".pick:checked")].map((box) => box.value);
  list.replaceChildren(...fresh.childNodes);
  for (const box of list.querySelectorAll(".pick")) box.checked = ticked.includes(box.value);
  list.dispatchEvent(new Event("renewed", { bubbles: true }));
  waiting = 0;
  shown++;
  button.hidden = true;
}

// count shows the navigation's counts of a fresh page, which belong to the list.
function count(page) {
  for (const link of document.querySelectorAll(".side .nav a")) {
    const fresh = [...page.querySelectorAll(".side .nav a")].find((other) => other.getAttribute("href") === link.getAttribute("href"));
    const [old, now] = [link.querySelector(".n"), fresh?.querySelector(".n")];
    if (old && now) old.replaceWith(now);
    else if (old && fresh) old.remove();
    else if (now) link.append(now);
  }
}

async function renew() {
  const from = Date.now();
  const page = await fetchPage(location.href);
  rest = Date.now() + pauseAfter(Date.now() - from);
  if (page) count(page);
  if (page) take(page.querySelector("[data-live]"));
}

function came(n) {
  waiting += n;
  clearTimeout(later);
  if (atRest() && Date.now() >= rest) return renew();
  if (atRest()) later = setTimeout(() => came(0), rest - Date.now());
  button.textContent = `${waiting} new`;
  button.hidden = false;
}

const newest = (part) => part?.querySelector("tbody a[href]")?.getAttribute("href");

if (list) {
  list.before(button);
  follow(
    list.dataset.live,
    (event) => came(Number(event.data)),
    async () => {
      const before = shown;
      const page = await fetchPage(location.href);
      const fresh = page?.querySelector("[data-live]");
      if (!fresh || before !== shown || newest(fresh) === newest(list)) return;
      count(page);
      if (atRest()) return take(fresh);
      button.textContent = "New calls";
      button.hidden = false;
    },
  );
}
