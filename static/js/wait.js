// Updates a box that waits for a call. data-wait is the URL of server-sent events; each event "came" holds the new content. The
// stream ends when that content no longer waits. Without script, people use the link "Check now".
for (const box of document.querySelectorAll("[data-wait]")) {
  const stream = new EventSource(box.dataset.wait);
  stream.addEventListener("came", (event) => {
    const fresh = new DOMParser().parseFromString(event.data, "text/html").body.firstElementChild;
    if (!fresh.dataset.wait) stream.close();
    box.className = fresh.className;
    box.replaceChildren(...fresh.childNodes); // the box is a live region, so screen readers announce this
  });
}
