/* The overview's own period: two dates appear when they are asked for. */

const period = document.getElementById("select-period");
const dates = document.getElementById("dates");

function showDates(isShown) {
  dates.hidden = !isShown;
  for (const input of dates.querySelectorAll("input")) input.disabled = !isShown;
}

period?.addEventListener("change", () => {
  showDates(period.value === "custom");
  if (period.value === "custom") dates.querySelector("input").focus();
});
// Without this the browser's memory of the form may show another period than the page does.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
