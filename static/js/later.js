// A call's page adds what happens after the answer: while a step waits, the script fetches the page again and replaces the
// waiting steps and the line above them. It gives up after two minutes; a reload then shows the rest.
import { morph } from "./morph.js";

const waiting = ".story [data-state=wait]";
const said = document.createElement("p");
said.className = "vh";
said.setAttribute("role", "status");

async function look(left) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer?.ok && !answer.redirected) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const step of document.querySelectorAll(waiting)) {
      const fresh = page.getElementById(step.id);
      if (!fresh || fresh.dataset.state === "wait") continue;
      morph(step, document.importNode(fresh, true));
      said.textContent = step.querySelector("header").textContent;
      const trace = page.querySelector(".trace");
      if (trace) morph(document.querySelector(".trace"), document.importNode(trace, true));
    }
  }
  if (left > 0 && document.querySelector(waiting)) setTimeout(look, left > 100 ? 1000 : 2000, left - 1);
}

if (document.querySelector(waiting)) {
  document.querySelector(".story").after(said);
  setTimeout(look, 1000, 110);
}
