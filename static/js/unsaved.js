// Leaving a form that has changed asks first. Sending it, and its Cancel, do not.
const forms = [...document.querySelectorAll("form[data-guard]")];
let leaving = false;

function changed(element) {
  if (element.disabled || element.readOnly || element.type === "hidden" || element.closest("[data-filter]")) return false;
  if (element.type === "checkbox" || element.type === "radio") return element.checked !== element.defaultChecked;
  if (element.options) {
    const chosen = [...element.options].findIndex((option) => option.defaultSelected);
    return element.multiple ? [...element.options].some((o) => o.selected !== o.defaultSelected) : element.selectedIndex !== Math.max(chosen, 0);
  }
  return element.defaultValue !== undefined && element.value !== element.defaultValue;
}

// A refused form counts as changed.
const cameBack = () => document.querySelector("[data-unsaved], form[data-guard] [aria-invalid]") !== null;

const unsaved = () => forms.length > 0 && (cameBack() || forms.some((form) => [...form.elements].some(changed)));

document.addEventListener("submit", (event) => { if (!event.defaultPrevented) leaving = true; });
addEventListener("pageshow", () => { leaving = false; });
document.addEventListener("click", (event) => {
  if (event.target.closest?.("form[data-guard] .actions a")) leaving = true;
});
addEventListener("beforeunload", (event) => {
  if (!leaving && unsaved()) event.preventDefault();
});
