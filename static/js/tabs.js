// Tabs that lead to the same page with another ?show= change it in place, so that a stream of the page goes on. The arrow keys go from tab
// to tab.
import { morph } from "./morph.js";

for (const tabs of document.querySelectorAll("[data-tabs]")) {
  const part = tabs.closest("[id]");
  if (!part) continue;
  const samePage = (link) => link.origin === location.origin && link.pathname === location.pathname;
  let chosen = ""; // the tab that was chosen last
  const show = async (link) => {
    const href = (chosen = link.href);
    try {
      const answer = await fetch(href);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
      if (chosen !== href) return;
      if (!answer.ok || !fresh) throw new Error("the page has no such part");
      for (const button of fresh.querySelectorAll("button[data-copy]")) button.hidden = false;
      morph(part, fresh);
      history.replaceState(history.state, "", href);
    } catch {
      location.assign(href);
    }
  };
  tabs.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || !samePage(link)) return;
    event.preventDefault();
    show(link);
  });
  tabs.addEventListener("keydown", (event) => {
    const links = [...tabs.querySelectorAll("a")];
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const at = links.indexOf(event.target);
    if (!step || at < 0) return;
    event.preventDefault();
    const next = links[(at + step + links.length) % links.length];
    next.focus();
    if (samePage(next)) show(next);
  });
}
