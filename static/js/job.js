// Follows work in the background: what it says is fetched anew every second, and the page itself once it is finished.
const watched = document.querySelector("[data-watch]");

// away says that what is shown is old, where screen readers hear it.
const away = document.createElement("p");
away.className = "small";
away.setAttribute("role", "status");

// renew shows what was fetched: the parts that have a name and have changed, or else all of it. What a person is about to
// click or has the focus on stays where it is.
function renew(fresh) {
  const parts = fresh.querySelectorAll("[data-part]");
  if (!parts.length) watched.replaceChildren(...fresh.body.childNodes);
  for (const part of parts) {
    const old = watched.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`);
    if (old && old.innerHTML !== part.innerHTML) old.replaceChildren(...part.childNodes);
  }
}

async function look() {
  const answer = await fetch(watched.dataset.watch, { headers: { Accept: "text/html" } }).catch(() => null);
  away.textContent = answer?.ok ? "" : "The program cannot be reached; trying again.";
  if (answer?.ok && !answer.redirected) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.querySelector("[data-running]")) return location.reload();
    renew(page);
  }
  setTimeout(look, 1000);
}

if (watched) watched.after(away);
if (watched) setTimeout(look, 1000);
