// The map of all cases and the list of them. Both make their parts when they come near the screen.

const CHUNK = 60;
const ROW_HEIGHT = 34;
const TILES_PER_LINE = 40;

function whenNear(node, make) {
  if (!whenNear.observer) {
    whenNear.makers = new WeakMap();
    whenNear.observer = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => makeNow(entry.target)), { rootMargin: "900px" });
  }
  whenNear.makers.set(node, make);
  whenNear.observer.observe(node);
}

function makeNow(node) {
  const make = whenNear.makers && whenNear.makers.get(node);
  if (!make) return;
  whenNear.makers.delete(node);
  whenNear.observer.unobserve(node);
  make(node);
  node.style.minHeight = "";
}

function byArea(cases) {
  const areas = new Map();
  for (const item of cases) {
    if (!areas.has(item.area)) areas.set(item.area, []);
    areas.get(item.area).push(item);
  }
  return areas;
}

// ---- the map ----

function tileNode(model, item, column, open) {
  const state = item.states[column];
  const tile = state === "none" ? el("span.tile.s-none") : button("button.tile.s-" + state, () => open(item), STATES[state].sign);
  tile.tabIndex = -1; // the list below is the way for keys
  tile.title = plain(item.id + ": " + STATES[state].name);
  return tile;
}

function mapNodes(model, open, onArea) {
  const used = Object.keys(STATES).filter((state) => state !== "none" && model.cases.some((item) => item.states.includes(state)));
  const map = el("div.map");
  map.style.setProperty("--columns", String(model.columns.length));
  if (model.columns.length > 1) {
    map.append(el("div.map-row", el("span.map-head", "area"), model.columns.map((column) => el("span.map-head", column.label + (column.missing ? " (left out)" : "")))));
  }
  for (const [area, items] of byArea(model.cases)) {
    const row = el("div.map-row", button("button.map-name", () => onArea(area), area, " ", el("span.soft", String(items.length))));
    row.style.minHeight = Math.ceil(items.length / TILES_PER_LINE) * 19 + 14 + "px";
    whenNear(row, () => row.append(...model.columns.map((column, i) => el("div.tiles", items.map((item) => tileNode(model, item, i, open))))));
    map.append(row);
  }
  return [el("h2", "All cases at a glance"), el("div.legend", used.map((state) => el("span", el("span.v.s-" + state, STATES[state].sign), " " + STATES[state].name))), map];
}

// ---- the list ----

function changeMark(item) {
  const last = item.changes[item.changes.length - 1];
  return last && el("span.chg.c-" + last.kind, CHANGES[last.kind].sign + " " + CHANGES[last.kind].name);
}

function caseNode(model, item, view) {
  const cells = el("span.cells", item.states.map((state) => {
    const cell = el("span.v.s-" + state, STATES[state].sign);
    cell.setAttribute("aria-hidden", "true");
    return cell;
  }));
  const spoken = item.states.map((state, i) => (item.states.length > 1 ? model.columns[i].label + " " : "") + STATES[state].name).join(", ");
  const result = item.results[model.newest];
  const row = button("button.row", () => view.toggle(item), cells, el("span.sr", spoken + ": "), el("span.id", item.name), el("span.title", item.title), changeMark(item),
    el("span.meta", item.level + (result && result.duration_ms ? " · " + duration(result.duration_ms) : "")));
  row.setAttribute("aria-expanded", "false");
  const node = el("div.case", row);
  item.node = node;
  item.row = row;
  node.dataset.id = plain(item.id);
  return node;
}

function setOpen(model, item, open) {
  if (!item.row) return;
  let body = item.node.querySelector(":scope > .body");
  if (open && !body) {
    body = caseBody(model, item);
    item.node.append(body);
  }
  if (body) body.hidden = !open;
  item.row.setAttribute("aria-expanded", String(open));
}

function isOpen(item) {
  return Boolean(item.row && item.row.getAttribute("aria-expanded") === "true");
}

// Lays the cases out in groups by area and chunks of rows, empty as yet.
function layOut(model, cases, view, into) {
  into.replaceChildren();
  for (const item of cases) {
    item.node = item.row = null;
  }
  for (const [area, items] of byArea(cases)) {
    const group = el("section.group", el("h3", area));
    for (let at = 0; at < items.length; at += CHUNK) {
      const part = items.slice(at, at + CHUNK);
      const chunk = el("div.chunk");
      chunk.style.minHeight = part.length * ROW_HEIGHT + "px";
      chunk.style.containIntrinsicSize = "auto " + part.length * ROW_HEIGHT + "px";
      for (const item of part) item.chunk = chunk;
      whenNear(chunk, () => chunk.append(...part.map((item) => caseNode(model, item, view))));
      group.append(chunk);
    }
    into.append(group);
  }
}

function headNodes(model) {
  return model.columns.map((column, i) => {
    const node = el("span", column.label);
    node.title = plain(column.label);
    return node;
  });
}
