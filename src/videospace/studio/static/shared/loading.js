// Helps a page of which a script did not arrive. It is no module, and needs no other file: the words of
// the page did not arrive either, so it has its own.

(() => {
  const WORDS = {
    en: ["A part of this page did not arrive from the studio.", "Load it again"],
    de: ["Ein Teil dieser Seite kam vom Studio nicht an.", "Neu laden"],
    es: ["Una parte de esta página no llegó del estudio.", "Cargar de nuevo"],
    fr: ["Une partie de cette page n’est pas arrivée du studio.", "Recharger"],
    hi: ["इस पृष्ठ का एक भाग स्टूडियो से नहीं आया।", "फिर से लोड करें"],
  };

  addEventListener("error", ({ target }) => {
    if (!(target instanceof HTMLScriptElement)) return;
    if (document.readyState === "loading") addEventListener("DOMContentLoaded", tellIt);
    else tellIt();
  }, { capture: true });

  function tellIt() {
    const chosen = [localStorage.getItem("studio.language"), ...navigator.languages].map((each) => each?.split("-")[0]);
    const language = chosen.find((each) => Object.hasOwn(WORDS, each)) ?? "en";
    const [problem, again] = WORDS[language];
    const button = Object.assign(document.createElement("button"), { textContent: again });
    button.addEventListener("click", () => location.reload());
    const heading = Object.assign(document.createElement("h1"), { textContent: problem });
    const message = Object.assign(document.createElement("div"), { lang: language, role: "alert", className: "card" });
    message.append(heading, button);
    document.getElementById("main").prepend(message);
  }
})();
