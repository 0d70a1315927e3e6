/* A page with equations is shown once they are set: what was shown before would move when they grow. Without scripts
   it is shown at once, as it is written. */
(() => {
  if (!document.querySelector('script[src*="mathjax/"]')) return;
  const root = document.documentElement;
  const show = () => {
    if (!root.classList.contains("unset")) return;
    root.classList.remove("unset");
    const place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (place) place.scrollIntoView();
  };
  root.classList.add("unset");
  setTimeout(show, 5000);
  const settings = (window.MathJax = window.MathJax || {});
  settings.startup = { pageReady: () => MathJax.startup.defaultPageReady().then(show, show) };
})();
