// A set-up that was not answered yet starts with the browser's own time zone.
const zone = document.querySelector("form[data-guess-zone] select[name=time_zone]");
const guess = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && [...zone.options].some((o) => o.value === guess)) zone.value = guess;
