// Dialogs that script makes: one of the browser's own, closed by Esc, a click beside it or its button.
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

// What the server shows on a page of its own, without the frame; null when it cannot be had.
export async function part(address, signal) {
  const answer = await fetch(address, { signal, redirect: "manual" });
  if (!answer.ok) return null;
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  return found.body.firstElementChild;
}
