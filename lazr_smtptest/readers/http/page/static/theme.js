// Sets the chosen colours before anything is drawn, so that nothing flashes. It is
// no module: those run after the first paint.
(() => {
  try {
    const theme = localStorage.getItem("smtptest.theme");
    if (theme === "light" || theme === "dark") {
      document.documentElement.dataset.theme = theme;
    }
  } catch {
    // A browser may forbid storage; then the system's colours stay.
  }
})();
