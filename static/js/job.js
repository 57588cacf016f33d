// Follows work in the background: its numbers are fetched anew every second, and the page itself once it is finished.
const watched = document.querySelector("[data-watch]");

// away says that the numbers are old, where screen readers hear it.
const away = document.createElement("p");
away.className = "small";
away.setAttribute("role", "status");

async function look() {
  const answer = await fetch(watched.dataset.watch, { headers: { Accept: "text/html" } }).catch(() => null);
  away.textContent = answer?.ok ? "" : "The program cannot be reached; trying again.";
  if (answer?.ok && !answer.redirected) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.querySelector("[data-running]")) return location.reload();
    watched.replaceChildren(...page.body.childNodes);
  }
  setTimeout(look, 1000);
}

if (watched) watched.after(away);
if (watched) setTimeout(look, 1000);
