// Updates a box that waits for a call. data-wait is the URL of server-sent events; each event "came" holds the new content. The
// stream ends when that content no longer waits. Without script, people use the link "Check now".
import { fetchPage, follow } from "./stream.js";

// show replaces the box's content. The box is a live region, so screen readers announce it.
function show(box, fresh) {
  if (box.innerHTML === fresh.innerHTML) return;
  box.className = fresh.className;
  box.replaceChildren(...fresh.childNodes);
  const refused = box.classList.contains("refused");
  if (box.classList.contains("came") || refused) finish([...document.querySelectorAll("#steps .steps > li")], refused);
}

// finish marks the steps to the first call as done, like the first of them. After a refused call it leaves out who calls: to choose that may be
// what is missing.
function finish(steps, refused) {
  for (const step of steps.filter((s) => !s.classList.contains("done") && !(refused && s.querySelector("a.btn")))) {
    step.className = "done";
    step.querySelector(".box").innerHTML = steps[0].querySelector(".box").innerHTML;
    step.querySelector("h3").append(steps[0].querySelector("h3 .vh").cloneNode(true));
  }
}

for (const box of document.querySelectorAll("[data-wait]")) {
  let waits = true;
  follow(
    box.dataset.wait,
    (event, stream) => {
      const fresh = new DOMParser().parseFromString(event.data, "text/html").body.firstElementChild;
      if (!fresh.dataset.wait) stream.close();
      show(box, fresh);
    },
    async () => {
      const fresh = waits && (await fetchPage(location.href))?.querySelector(".wait");
      if (!fresh) return;
      waits = "wait" in fresh.dataset;
      show(box, fresh);
    },
  );
}
