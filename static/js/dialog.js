// Dialogs made by scripts: dialog elements, closed by Esc, a click beside them or their button.
export function makeDialog(className, name) {
  const dialog = document.createElement("dialog");
  dialog.className = `dialog ${className}`;
  dialog.setAttribute("aria-label", name);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  return dialog;
}

// Fetches a page's content without its frame; null if that fails.
export async function part(address, signal) {
  const answer = await fetch(address, { signal, redirect: "manual" });
  if (!answer.ok) return null;
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  return found.body.firstElementChild;
}
