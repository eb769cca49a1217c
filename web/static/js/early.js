/* What cannot wait for the page's modules: the chosen theme, which must not flash; the reader's zone; early clicks;
   scripts that do not arrive. */
(() => {
  document.addEventListener("error", (event) => {
    // Without a translation the scripts speak English.
    const isMissed = event.target.localName === "script" && !event.target.src.includes("/texts/");
    if (isMissed) document.documentElement.classList.add("lacks-script");
  }, true);
  try {
    const theme = localStorage.getItem("tallydock-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch { /* A browser without storage follows the system. */ }
  try {
    // The server prints days and times in the reader's zone; it learns it here.
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone && !document.cookie.includes(`tallydock_zone=${encodeURIComponent(zone)}`)) {
      document.cookie = `tallydock_zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax`;
    }
  } catch { /* Then it is UTC, and says so. */ }
  // A button that a module serves can be clicked before the module is there. It is clicked again once all have run.
  let early = null;
  const keep = (event) => { early = event.target.closest("[data-post]") ?? early; };
  document.addEventListener("click", keep, true);
  document.addEventListener("DOMContentLoaded", () => {
    document.removeEventListener("click", keep, true);
    if (!document.querySelector("dialog[open]")) early?.click();
  });
})();
