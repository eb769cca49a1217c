/* Runs before the first paint, so that the chosen theme does not flash. */
(() => {
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
})();
