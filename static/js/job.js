// Follows a background job: fetches its progress every second, and reloads the page when it is finished.
const watched = document.querySelector("[data-watch]");

// away tells the page and screen readers that the content is out of date.
const away = document.createElement("p");
away.className = "small";
away.setAttribute("role", "status");

// renew shows the fetched content: the named parts that changed, or else all of it. An element that is being clicked or has the
// focus stays in place.
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
