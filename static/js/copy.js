// Buttons with data-copy="<id>" copy the value or the text of that element, or the text in data-copy-text, which is JSON. They are
// hidden without script, where the field can be selected by hand.
const said = document.createElement("p");
said.className = "vh";
said.setAttribute("role", "status");
document.body.append(said);

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const text = button.dataset.copyText ? JSON.parse(button.dataset.copyText) : (source.value ?? source.textContent);
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // no clipboard outside https: leave the text selected for the keyboard
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    const exact = (event) => {
      event.clipboardData.setData("text/plain", text);
      event.preventDefault();
    };
    document.addEventListener("copy", exact);
    const done = document.execCommand("copy");
    document.removeEventListener("copy", exact);
    if (!done) return;
  }
  const label = button.querySelector("[data-label]");
  const before = label.textContent;
  if (before === "Copied") return;
  label.textContent = said.textContent = "Copied";
  setTimeout(() => {
    label.textContent = before;
    said.textContent = "";
  }, 2000);
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
