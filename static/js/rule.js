// Choosing what a condition looks at brings the comparisons and values that fit it, as the button beside it does.
for (const form of document.querySelectorAll("form[data-rule]")) {
  form.addEventListener("change", (event) => {
    const [kind, row] = event.target.name.split("-");
    if (kind !== "what" && kind !== "operator") return;
    const button = form.querySelector(`button[value="update-${row}"]`);
    if (button) form.requestSubmit(button);
  });
  // The sentence is the server's: it goes as soon as it no longer says what the form does.
  const words = form.querySelector("[data-words]");
  if (words) form.addEventListener("input", (event) => { if (event.target.name !== "name") words.hidden = true; });
}
