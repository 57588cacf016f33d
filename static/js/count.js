// Keeps "12 of 64" beside a field up to date, counting what a person calls a character.
const graphemes = window.Intl?.Segmenter && new Intl.Segmenter(undefined, { granularity: "grapheme" });

function characters(text) {
  const trimmed = text.trim();
  return graphemes ? [...graphemes.segment(trimmed)].length : [...trimmed].length;
}

for (const output of document.querySelectorAll("output[data-max]")) {
  const field = document.getElementById(output.htmlFor.value);
  const max = Number(output.dataset.max);
  const show = () => {
    const n = characters(field.value);
    output.value = `${n} of ${max}`;
    output.classList.toggle("over", n > max);
  };
  field?.addEventListener("input", show);
}
