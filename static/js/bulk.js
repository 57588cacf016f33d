// The bulk bar shows itself once a row is ticked, counts the rows, and ticks all of a page at once.
const rowsOf = (form) => [...form.querySelectorAll("tbody .pick")];

function show(form) {
  const rows = rowsOf(form);
  const page = form.querySelector("[data-pick-all]");
  const all = form.elements.all?.checked;
  const n = rows.filter((row) => row.checked).length;
  page.hidden = false;
  page.checked = n === rows.length;
  page.indeterminate = n > 0 && n < rows.length;
  form.querySelector("[data-bulk]").hidden = n === 0 && !all;
  form.querySelector("[data-bulk-count]").textContent = all ? "" : `${n} selected`;
  for (const button of form.querySelectorAll("[data-one]")) button.textContent = n === 1 ? button.dataset.one : button.dataset.many.replace("#", n);
}

const showAll = () => document.querySelectorAll("form[data-picks]").forEach(show);

document.addEventListener("change", ({ target }) => {
  const form = target.closest("form[data-picks]");
  if (!form) return;
  if (target.matches("[data-pick-all]")) {
    for (const row of rowsOf(form)) row.checked = target.checked;
    if (!target.checked && form.elements.all) form.elements.all.checked = false;
  }
  show(form);
});
document.addEventListener("reset", () => setTimeout(showAll));
document.addEventListener("renewed", showAll);
addEventListener("pageshow", showAll);
showAll();
