// A new form starts with the browser's time zone as if the server had selected it.
const zone = document.querySelector("form[data-guess-zone] select[name=time_zone]");
const guess = Intl.DateTimeFormat().resolvedOptions().timeZone;
const option = [...(zone?.options ?? [])].find((o) => o.value === guess);
if (option) {
  for (const other of zone.options) other.defaultSelected = other === option;
  zone.value = guess;
}
