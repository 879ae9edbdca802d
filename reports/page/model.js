// What the page shows, from the documents in it: columns (one per report), and cases by id, each
// with its result in every column.

const STATES = {
  fail: { sign: "✗", name: "fail", says: "a MUST is broken" },
  warn: { sign: "!", name: "warn", says: "a SHOULD is broken" },
  error: { sign: "E", name: "error", says: "could not be judged, and not by the peer's fault" },
  inconclusive: { sign: "?", name: "inconclusive", says: "the machine was too slow to tell" },
  known: { sign: "◆", name: "known defect", says: "broken, as this version is known to" },
  info: { sign: "•", name: "observed", says: "an observation was recorded; there is no judgement" },
  pass: { sign: "✓", name: "pass", says: "as it should be" },
  skip: { sign: "–", name: "skipped", says: "something that the case needs is not there" },
  none: { sign: " ", name: "not run", says: "not run here" },
};
const TROUBLE = ["fail", "warn", "error", "inconclusive"];

const CHANGES = {
  regression: { sign: "▼", name: "regression", many: "regressions", says: "got worse" },
  fix: { sign: "▲", name: "fix", many: "fixes", says: "got better" },
  observation: { sign: "≠", name: "other observation", many: "other observations", says: "same verdict, behaves otherwise" },
  unjudged: { sign: "–", name: "no longer judged", many: "no longer judged", says: "was judged, is skipped" },
  judged: { sign: "+", name: "newly judged", many: "newly judged", says: "was skipped, is judged" },
  new: { sign: "+", name: "new case", many: "new cases", says: "only the newer report has it" },
  removed: { sign: "−", name: "removed case", many: "removed cases", says: "only the older report has it" },
};

function has(object, name) {
  return Object.prototype.hasOwnProperty.call(object, name);
}
function list(value) {
  return Array.isArray(value) ? value : [];
}
function object(value) {
  return value && typeof value === "object" && !Array.isArray(value) ? value : {};
}

function documents(name) {
  return [...document.querySelectorAll("script." + name)].map((node) => JSON.parse(node.textContent));
}

// The state of a result: its verdict, but what is known to be broken is apart.
function stateOf(result) {
  if (!result) return "none";
  const verdict = str(result.verdict);
  if (result.known && (verdict === "fail" || verdict === "warn")) return "known";
  return has(STATES, verdict) ? verdict : "error";
}

function peerName(report) {
  const peer = object(report.peer);
  return [str(peer.name), str(peer.version)].filter(Boolean).join(" ");
}

function readColumns(kind, reports, matrix) {
  if (kind === "matrix") {
    return list(matrix.columns).map((column, i) => ({ label: str(column.label), report: reports[i], missing: str(column.skipped) }));
  }
  if (kind === "compare") {
    const versions = reports.map((report) => str(object(object(report).peer).version));
    const told = versions[0] && versions[1] && versions[0] !== versions[1];
    return reports.map((report, i) => ({ label: told ? versions[i] : ["before", "after"][i], report }));
  }
  return [{ label: peerName(reports[0]), report: reports[0] }];
}

function addCase(cases, result, column, nColumns) {
  const id = str(result.id);
  let item = cases.get(id);
  if (!item) {
    const cut = id.lastIndexOf("/");
    item = {
      id, role: str(result.role), area: cut < 0 ? id : id.slice(0, cut), name: id.slice(cut + 1), title: str(result.title),
      level: str(result.level), requirements: list(result.requirements).map(str), results: new Array(nColumns).fill(null), changes: [],
    };
    cases.set(id, item);
  }
  item.results[column] = result;
}

function readModel() {
  const reports = documents("report");
  const matrix = documents("matrix")[0];
  const compare = documents("compare")[0];
  const kind = matrix ? "matrix" : compare ? "compare" : "report";
  const columns = readColumns(kind, reports, matrix);
  const cases = new Map();
  columns.forEach((column, i) => list(object(column.report).cases).forEach((result) => addCase(cases, object(result), i, columns.length)));
  const steps = matrix ? list(matrix.steps) : compare ? [{ from: columns[0].label, to: columns[1].label, changes: compare }] : [];
  for (const step of steps) {
    for (const change of list(object(step.changes).cases)) {
      const item = cases.get(str(change.case));
      if (item && has(CHANGES, str(change.change))) item.changes.push({ step, change, kind: str(change.change) });
    }
  }
  const there = columns.map((column, i) => (column.report ? i : -1)).filter((i) => i >= 0);
  const model = { kind, columns, cases: [...cases.values()], byId: cases, steps, newest: there.length ? there[there.length - 1] : 0, requirements: object(documents("requirements")[0]) };
  for (const item of model.cases) {
    item.states = item.results.map(stateOf);
    item.state = item.states[model.newest];
    item.haystack = [item.id, item.title, item.requirements.join(" "), ...item.results.map((r) => str(object(r).message))].join("\n").toLowerCase();
  }
  return model;
}

function rerunOf(result) {
  const item = list(object(result).evidence).find((entry) => object(entry).kind === "rerun");
  return item ? str(item.text) : "";
}

function requirementOf(model, id) {
  return has(model.requirements, id) ? object(model.requirements[id]) : {};
}
