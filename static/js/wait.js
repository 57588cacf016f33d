// What waits for something turns by itself: data-wait is the address of a stream of server-sent events, each of which is
// called "came" and holds the new content. It is over when that waits no more. Where there is no script the link "Check
// now" does it.
for (const box of document.querySelectorAll("[data-wait]")) {
  const stream = new EventSource(box.dataset.wait);
  stream.addEventListener("came", (event) => {
    const fresh = new DOMParser().parseFromString(event.data, "text/html").body.firstElementChild;
    if (!fresh.dataset.wait) stream.close();
    box.className = fresh.className;
    box.replaceChildren(...fresh.childNodes); // the box is a live region, so this is said aloud
  });
}
