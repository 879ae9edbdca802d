// The keyboard, and the dialog that explains it.

const KEYS = [["/", "search"], ["j  k", "next and previous case"], ["Enter  o", "open or close the case"], ["f", "only what is not as it should be, and back"],
  ["Esc", "close the case; in the search: empty it"], ["t", "light, dark, or as the system has it"], ["?", "this help"]];

function fillHelp(model) {
  document.getElementById("keys").append(...KEYS.flatMap(([keys, says]) => [el("dt", keys.split("  ").flatMap((key) => [el("kbd", key), " "])), el("dd", says)]));
  document.getElementById("signs").append(...Object.entries(STATES).filter(([state]) => state !== "none").flatMap(([state, about]) =>
    [el("dt", el("span.v.s-" + state, about.sign), " " + about.name), el("dd.soft", about.says)]));
  if (model.steps.length) {
    document.getElementById("signs").append(...Object.entries(CHANGES).flatMap(([kind, about]) => [el("dt", el("span.v.c-" + kind, about.sign), " " + about.name), el("dd.soft", about.says)]));
  }
}

function listenToKeys(view) {
  const help = document.getElementById("help");
  const query = document.getElementById("query");
  document.getElementById("help-open").addEventListener("click", () => help.showModal());
  const actions = {
    "/": () => { query.focus(); query.select(); }, j: () => view.move(1), k: () => view.move(-1), o: () => view.toggleCurrent(), Enter: () => view.toggleCurrent(),
    f: () => view.onlyTrouble(), t: () => view.nextTheme(), "?": () => help.showModal(), Escape: () => view.closeCurrent(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const at = event.target;
    if (at === query && event.key === "Escape") {
      view.search("");
      query.blur();
      return;
    }
    const typing = at instanceof HTMLInputElement || at instanceof HTMLSelectElement;
    const onButton = event.key === "Enter" && (at instanceof HTMLButtonElement || at.tagName === "SUMMARY" || at.tagName === "A");
    if (typing || onButton || !has(actions, event.key)) return;
    event.preventDefault();
    actions[event.key]();
  });
}
