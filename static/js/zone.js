// A form that was not answered yet starts with the browser's own time zone, as if the page had said so.
const zone = document.querySelector("form[data-guess-zone] select[name=time_zone]");
const guess = Intl.DateTimeFormat().resolvedOptions().timeZone;
const option = [...(zone?.options ?? [])].find((o) => o.value === guess);
if (option) {
  for (const other of zone.options) other.defaultSelected = other === option;
  zone.value = guess;
}
