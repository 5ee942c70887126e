// Runs before the first paint, so that a chosen theme never flashes the other one. A classic script on purpose.
try {
  const chosen = localStorage.getItem("pernoex.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage can be switched off; the system theme applies then.
}
