// Starts the API reference at /schema (see server/openapi.py). Offline: no validator, no fonts.
"use strict";

// Swagger has a dark dress of its own; the portal's choice, or the system's, puts it on.
const isDark = window.matchMedia("(prefers-color-scheme: dark)");
const dress = () => {
  const theme = document.documentElement.dataset.theme ?? (isDark.matches ? "dark" : "light");
  document.documentElement.classList.toggle("dark-mode", theme === "dark");
};
dress();
isDark.addEventListener("change", dress);

window.addEventListener("DOMContentLoaded", () => {
  window.SwaggerUIBundle({
    url: document.getElementById("reference").dataset.schema,
    dom_id: "#reference",
    deepLinking: true,
    validatorUrl: null,
    persistAuthorization: false,
    presets: [window.SwaggerUIBundle.presets.apis],
  });
});
