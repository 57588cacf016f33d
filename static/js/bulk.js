// The bulk bar shows itself once a row is ticked, counts the rows, and ticks all of a page at once.
for (const form of document.querySelectorAll("form[data-picks]")) {
  const rows = [...form.querySelectorAll("tbody .pick")];
  const page = form.querySelector("[data-pick-all]");
  const bar = form.querySelector("[data-bulk]");
  const count = form.querySelector("[data-bulk-count]");
  const all = form.elements.all;
  const show = () => {
    const n = rows.filter((row) => row.checked).length;
    page.checked = n === rows.length;
    page.indeterminate = n > 0 && n < rows.length;
    bar.hidden = n === 0 && !all.checked;
    count.textContent = all.checked ? "" : `${n} selected`;
  };
  page.hidden = false;
  page.addEventListener("change", () => {
    for (const row of rows) row.checked = page.checked;
    if (!page.checked) all.checked = false;
    show();
  });
  form.addEventListener("change", show);
  form.addEventListener("reset", () => setTimeout(show));
  addEventListener("pageshow", show);
  show();
}
