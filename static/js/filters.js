// Choosing in a filter's list applies it immediately; typing waits for Enter or the button. A fold that is open stays open on the next page:
// its data-fold is the parameter that says so.
for (const form of document.querySelectorAll("form.filters[method=get]")) {
  for (const select of form.querySelectorAll("select")) {
    select.addEventListener("change", () => form.requestSubmit());
  }
  form.addEventListener("formdata", (event) => {
    for (const name of new Set(event.formData.keys())) {
      if (event.formData.getAll(name).every((value) => value === "")) event.formData.delete(name); // keeps the address short
    }
    for (const fold of form.querySelectorAll("details[data-fold][open]")) event.formData.set(fold.dataset.fold, "1");
  });
}
