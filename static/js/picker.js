// The tag picker: what is chosen as chips on top, a filter for long lists, and no tags sent for a type that has none
// (the stylesheet hides the picker then; the server refuses them anyway).
const MANY = 8;

function chips(picker) {
  const list = picker.querySelector(".picked");
  const boxes = [...picker.querySelectorAll("input[type=checkbox]")];
  const draw = () => {
    list.replaceChildren();
    for (const box of boxes.filter((box) => box.checked)) {
      const name = box.nextElementSibling.textContent;
      const chip = document.createElement("span");
      chip.className = "tag";
      chip.textContent = name;
      const remove = list.dataset.remove && document.getElementById(list.dataset.remove).content.cloneNode(true).firstElementChild;
      if (remove) {
        remove.setAttribute("aria-label", `Remove ${name}`);
        remove.addEventListener("click", () => {
          box.checked = false;
          for (const name of ["input", "change"]) box.dispatchEvent(new Event(name, { bubbles: true }));
          (box.checkVisibility() ? box : picker.querySelector("summary"))?.focus();
        });
        chip.append(remove);
      }
      list.append(chip);
    }
    if (!list.childElementCount && !picker.matches(".picker-row")) {
      const none = document.createElement("span");
      none.className = "small dim";
      none.textContent = "No tags chosen";
      list.append(none);
    }
  };
  list.hidden = false;
  picker.addEventListener("change", draw);
  draw();
}

function filter(picker) {
  const field = picker.querySelector("[data-filter]");
  const options = [...picker.querySelectorAll(".options .check")];
  if (!field || options.length <= MANY) return;
  field.hidden = false;
  const input = field.querySelector("input");
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const option of options) option.hidden = !option.textContent.toLowerCase().includes(wanted);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}

function followType(form, field) {
  const types = form.querySelectorAll("input[type=radio][data-tags]");
  if (!types.length) return;
  const show = () => {
    const chosen = form.querySelector("input[type=radio][data-tags]:checked");
    field.disabled = chosen?.dataset.tags === "no";
  };
  for (const radio of types) radio.addEventListener("change", show);
  show();
}

// enhance turns checkboxes into a picker, on load or later.
export function enhance(picker) {
  chips(picker);
  filter(picker);
  const field = picker.closest("fieldset");
  if (field?.form) followType(field.form, field);
}

for (const picker of document.querySelectorAll(".picker")) enhance(picker);
