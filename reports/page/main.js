// Puts the page together. What is shown (search, filters, open case) is kept behind the # of the
// address, so that it can be sent on and survives a reload.

const THEMES = ["system", "light", "dark"];

function startTheme() {
  const read = () => { try { return localStorage.getItem("chatspec-theme"); } catch { return null; } };
  const set = (name) => {
    if (name === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    document.getElementById("theme-name").textContent = name;
    try { localStorage.setItem("chatspec-theme", name); } catch { /* it is only not remembered then */ }
  };
  let now = Math.max(0, THEMES.indexOf(read()));
  set(THEMES[now]);
  return () => set(THEMES[(now = (now + 1) % THEMES.length)]);
}

function readAddress() {
  const from = new URLSearchParams(location.hash.slice(1));
  return { q: from.get("q") || "", v: new Set((from.get("v") || "").split(",").filter((name) => has(STATES, name) || has(CHANGES, name))),
    area: from.get("area") || "", level: from.get("level") || "", open: from.get("case") || "" };
}

function writeAddress(state) {
  const to = new URLSearchParams();
  if (state.q) to.set("q", state.q);
  if (state.v.size) to.set("v", [...state.v].join(","));
  if (state.area) to.set("area", state.area);
  if (state.level) to.set("level", state.level);
  if (state.open) to.set("case", state.open);
  const text = to.toString();
  try { history.replaceState(null, "", "#" + text); } catch { location.hash = text; }
}

class View {
  constructor(model) {
    this.model = model;
    this.list = document.getElementById("list");
    this.state = readAddress();
    this.current = -1;
    this.nextTheme = startTheme();
    this.chips = new Map();
  }

  start() {
    const { model } = this;
    const open = (item) => this.show(item);
    document.title = plain("chatspec: " + document.getElementById("summary").querySelector("h1").textContent);
    document.getElementById("what").textContent = plain(model.columns.length > 1 ? model.columns.map((column) => column.label).join("  →  ") : model.columns[0].label);
    const fill = (id, nodes) => {
      const section = document.getElementById(id);
      section.replaceChildren(...nodes);
      section.hidden = nodes.length === 0;
    };
    fill("changes", model.steps.length ? changesNodes(model, open) : []);
    fill("attention", attentionNodes(model, open));
    fill("map", mapNodes(model, open, (area) => this.change({ area })));
    this.fillFilter();
    this.fillHeads();
    this.apply();
    if (this.state.open && model.byId.has(this.state.open)) this.show(model.byId.get(this.state.open));
    fillHelp(model);
    listenToKeys(this);
    this.listen();
  }

  fillHeads() {
    const n = this.model.columns.length;
    const narrow = n > 5 || innerWidth < 700;
    const heads = document.getElementById("heads");
    document.documentElement.style.setProperty("--cell", n === 1 ? "1.6rem" : narrow ? "1.7rem" : "4.6rem");
    heads.replaceChildren(...headNodes(this.model));
    heads.hidden = n === 1;
    for (const node of heads.children) node.style.writingMode = narrow ? "vertical-rl" : "";
  }

  fillFilter() {
    const { model } = this;
    const option = (value, text) => {
      const node = el("option", text);
      node.value = value;
      return node;
    };
    const choose = (id, all, values) => document.getElementById(id).replaceChildren(option("", all), ...values.map((value) => option(value, value)));
    choose("area", "all areas", [...new Set(model.cases.map((item) => item.area))]);
    choose("level", "all levels", [...new Set(model.cases.map((item) => item.level))]);
    const chip = (name, about, n, tone) => {
      const node = button("button.chip." + tone, () => {
        this.state.v.has(name) ? this.state.v.delete(name) : this.state.v.add(name);
        this.change({});
      }, el("span.v", about.sign), about.name, " ", el("b", NUMBERS.format(n)));
      this.chips.set(name, node);
      return node;
    };
    const counted = (table, prefix, of) => Object.entries(table).map(([name, about]) => [name, about, model.cases.filter((item) => of(item, name)).length, prefix + name])
      .filter(([name, , n]) => n > 0 && name !== "none").map((row) => chip(...row));
    document.getElementById("chips").replaceChildren(...counted(STATES, "s-", (item, name) => item.states.includes(name)),
      ...counted(CHANGES, "c-", (item, name) => item.changes.some((change) => change.kind === name)));
  }

  matches(item) {
    const { q, v, area, level } = this.state;
    const states = [...v].filter((name) => has(STATES, name));
    const changes = [...v].filter((name) => has(CHANGES, name));
    return (!area || item.area === area) && (!level || item.level === level) &&
      (states.length === 0 || states.some((name) => item.states.includes(name))) &&
      (changes.length === 0 || changes.some((name) => item.changes.some((change) => change.kind === name))) &&
      q.toLowerCase().split(/\s+/).every((word) => item.haystack.includes(word));
  }

  // Shows the list as the state says.
  apply() {
    const { state, model } = this;
    this.shown = model.cases.filter((item) => this.matches(item));
    this.current = -1;
    for (const [name, chip] of this.chips) chip.setAttribute("aria-pressed", String(state.v.has(name)));
    const query = document.getElementById("query");
    if (query.value !== state.q) query.value = state.q;
    document.getElementById("area").value = state.area;
    document.getElementById("level").value = state.level;
    const all = model.cases.length;
    const some = this.shown.length !== all;
    document.getElementById("count").replaceChildren(el("span", some ? NUMBERS.format(this.shown.length) + " of " + count(all, "case") : count(all, "case")),
      some ? button("button.tool.clear", () => this.change({ q: "", area: "", level: "", v: new Set() }), "Show all") : "");
    layOut(model, this.shown, this, this.list);
  }

  change(part) {
    Object.assign(this.state, part, { open: "" });
    writeAddress(this.state);
    this.apply();
  }

  search(q) {
    this.change({ q });
  }

  toggle(item) {
    const open = !isOpen(item);
    setOpen(this.model, item, open);
    this.current = this.shown.indexOf(item);
    this.state.open = open ? item.id : "";
    writeAddress(this.state);
  }

  // Brings a case into the list, opened.
  show(item) {
    if (!this.shown.includes(item)) {
      Object.assign(this.state, { q: "", area: "", level: "", v: new Set() });
      this.apply();
    }
    makeNow(item.chunk);
    if (!isOpen(item)) this.toggle(item);
    this.current = this.shown.indexOf(item);
    item.row.focus({ preventScroll: true });
    item.row.scrollIntoView({ block: "start" });
  }

  move(by) {
    if (this.shown.length === 0) return;
    const focused = document.activeElement && document.activeElement.closest(".case");
    const at = focused ? this.shown.findIndex((item) => item.node === focused) : this.current;
    this.current = Math.min(this.shown.length - 1, Math.max(0, at + by));
    const item = this.shown[this.current];
    makeNow(item.chunk);
    item.row.focus({ preventScroll: true });
    item.row.scrollIntoView({ block: "center" });
  }

  toggleCurrent() {
    if (this.shown[this.current]) this.toggle(this.shown[this.current]);
  }

  closeCurrent() {
    const item = this.shown[this.current];
    if (item && isOpen(item)) {
      this.toggle(item);
      item.row.focus();
    }
  }

  onlyTrouble() {
    const on = TROUBLE.every((name) => this.state.v.has(name));
    this.change({ v: on ? new Set() : new Set(TROUBLE) });
    document.getElementById("cases").scrollIntoView();
  }

  // On paper nothing can be opened: what is shown is made, and what went wrong is opened.
  preparePrint() {
    for (const item of this.shown) {
      makeNow(item.chunk);
      if (item.states.some((state) => TROUBLE.includes(state) || state === "known")) setOpen(this.model, item, true);
    }
  }

  listen() {
    let timer = 0;
    document.getElementById("query").addEventListener("input", (event) => {
      clearTimeout(timer);
      timer = setTimeout(() => this.search(event.target.value), 80);
    });
    for (const id of ["area", "level"]) document.getElementById(id).addEventListener("change", (event) => this.change({ [id]: event.target.value }));
    document.getElementById("theme").addEventListener("click", () => this.nextTheme());
    addEventListener("resize", () => this.fillHeads());
    addEventListener("hashchange", () => {
      this.state = readAddress();
      this.apply();
      if (this.model.byId.has(this.state.open)) this.show(this.model.byId.get(this.state.open));
    });
    addEventListener("beforeprint", () => this.preparePrint());
    matchMedia("print").addEventListener("change", (event) => event.matches && this.preparePrint());
  }
}

const model = readModel();
document.getElementById("summary").replaceChildren(...summaryNodes(model));
new View(model).start();
document.getElementById("foot").append("Made by chatspec. Everything in this page is in this file: it loads nothing and sends nothing.");
document.documentElement.dataset.ready = "yes";
