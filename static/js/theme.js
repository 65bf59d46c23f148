// Light, dark, or what the system says. A classic script in <head>, so that no page flashes in the wrong colours.
(() => {
  const key = "auscult-theme";
  const root = document.documentElement;
  const stored = () => {
    try { return localStorage.getItem(key); } catch { return null; } // storage may be switched off
  };
  const apply = (theme) => (theme ? (root.dataset.theme = theme) : delete root.dataset.theme);
  apply(stored());

  const isDark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-switch]");
    if (!button) return;
    const theme = isDark() ? "light" : "dark";
    apply(theme);
    try { localStorage.setItem(key, theme); } catch { /* the choice then lasts for this page */ }
    document.dispatchEvent(new CustomEvent("auscult:theme", { detail: { theme } }));
  });
})();
