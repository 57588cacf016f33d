// morph updates an element on the page to match a fresh one from the server, part by part. Elements that stay keep their focus
// and undo history. Inputs get the fresh values too.
export function morph(old, fresh) {
  if (old.nodeName !== fresh.nodeName || old.type !== fresh.type || old.matches?.(".picker") || old.nodeType !== Node.ELEMENT_NODE) {
    if (!old.isEqualNode(fresh)) old.replaceWith(fresh);
    return;
  }
  const { value: chosen, checked } = fresh; // read first: below, parts of fresh move into old, and a list would forget what is chosen
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !(name === "open" && old.matches(".pick, .new-tag"))) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const children = [...fresh.childNodes];
  while (old.childNodes.length > children.length) old.lastChild.remove();
  children.forEach((child, i) => (old.childNodes[i] ? morph(old.childNodes[i], child) : old.append(child)));
  if (old.matches("input, select, textarea")) {
    if (old.value !== chosen) old.value = chosen;
    old.checked = checked;
  }
}
