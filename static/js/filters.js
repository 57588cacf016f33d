// Choosing in a filter's list applies it immediately; typing waits for Enter or the button.
for (const form of document.querySelectorAll("form.filters[method=get]")) {
  for (const select of form.querySelectorAll("select")) {
    select.addEventListener("change", () => form.requestSubmit());
  }
}
