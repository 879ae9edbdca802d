// One case, opened: what is asked for, what was expected and what came, what was seen, and how.

function tag(state) {
  return el("span.tag.s-" + state, STATES[state].sign + " " + STATES[state].name);
}

function defectText(requirement) {
  const since = str(requirement.defect_since);
  const until = str(requirement.defect_until);
  if (!since) return "";
  return "The published SDK is known to break it " + (until ? (since === until ? "in " + since : "from " + since + " to " + until) : "since " + since) + ".";
}

function requirementNode(model, id) {
  const requirement = requirementOf(model, id);
  const sources = Object.entries(object(requirement.sources)).map(([code, meaning]) => code + ": " + str(meaning));
  return el("div.req",
    el("p", el("b", id), " ", str(requirement.level) && el("span.tag", str(requirement.level)), " ", el("span.soft", str(requirement.area))),
    requirement.text ? el("p", prose(requirement.text)) : el("p.soft", "This copy of chatspec has no text for it."),
    requirement.why && el("p.small", "Why it matters: ", prose(requirement.why)),
    requirement.versions && el("p.small", "Versions: ", prose(requirement.versions)),
    defectText(requirement) && el("p.small", defectText(requirement)),
    requirement.source && el("p.small", "Source: " + str(requirement.source) + (sources.length ? " (" + sources.join("; ") + ")" : "")));
}

function textOfKind(evidence, kind) {
  const entry = evidence.map(object).find((item) => item.kind === kind);
  return entry ? str(entry.text) : null;
}

// What was expected beside what came; where the case does not tell, its requirement and message do.
function pairNodes(model, item, result) {
  const evidence = list(result.evidence);
  const state = stateOf(result);
  const expected = textOfKind(evidence, "expected");
  const actual = textOfKind(evidence, "actual");
  if (expected === null && actual === null && !["fail", "warn", "known"].includes(state)) return [];
  const asked = () => item.requirements.map((id) => el("p", prose(requirementOf(model, id).text || id)));
  const came = actual === null ? str(result.message) : actual;
  const show = (text) => el("pre", text === "" ? el("span.soft", "(nothing)") : text);
  return [el("h4", "Expected, and what came"),
    el("div.pair", el("div.wanted", el("h5", "Expected"), expected === null ? el("div.asked", asked()) : show(expected)), el("div.came", el("h5", "Came"), show(came)))];
}

// Facts about the peer by version; those that are not the same everywhere, or not as recorded, stand out.
function seenNodes(model, item, shown) {
  const columns = model.kind === "report" ? [shown] : item.results.map((result, i) => (result ? i : -1)).filter((i) => i >= 0);
  const names = [...new Set(columns.flatMap((i) => Object.keys(object(item.results[i].observations))))].filter((name) => !name.startsWith("peer."));
  if (names.length === 0) return [];
  const recorded = object(item.results[shown].recorded);
  const isRecorded = Object.keys(recorded).length > 0;
  const rows = names.map((name) => {
    const values = columns.map((i) => object(item.results[i].observations)).map((o) => (has(o, name) ? str(o[name]) : null));
    const same = values.every((value) => value === values[0]) && !has(recorded, name);
    return el("tr", el("th", name), values.map((value) => el(same ? "td" : "td.otherwise", value === null ? "" : value)),
      isRecorded && el("td", has(recorded, name) ? str(recorded[name]) : ""));
  });
  const heads = [el("th", ""), columns.map((i) => el("th", columns.length > 1 ? model.columns[i].label : "observed")), isRecorded ? el("th", "recorded for it") : []].flat();
  return [el("h4", "Observations"), el("table.seen", el("thead", el("tr", heads)), el("tbody", rows))];
}

function differentNodes(item, result) {
  const different = object(result.different);
  if (!different.verdict) return [];
  const rounds = Object.entries(object(result.rounds)).map(([verdict, n]) => str(n) + " × " + verdict).join(", ");
  return [el("h4", "Another round came to another verdict"), el("p", rounds + ". Round " + str(different.round) + ": " + str(different.verdict) + ", " + str(different.message)),
    rerunLine(rerunOf(different)), timelineNodes(item.role, list(different.evidence))];
}

function resultNodes(model, item, shown) {
  const result = item.results[shown];
  const state = stateOf(result);
  const surprise = result.known && state === "pass";
  return [
    el("div.labels", tag(state), el("span.tag", item.level), el("span.tag", duration(result.duration_ms)),
      surprise && el("span.tag.s-known", "passes, though this version is known to break it")),
    el("p.message", str(result.message) || STATES[state].says + "."),
    rerunLine(rerunOf(result)),
    pairNodes(model, item, result),
    el("h4", "What is asked for"), item.requirements.map((id) => requirementNode(model, id)),
    seenNodes(model, item, shown),
    timelineNodes(item.role, list(result.evidence)),
    differentNodes(item, result),
  ].flat(3).filter(Boolean);
}

function caseBody(model, item) {
  const inside = el("div");
  const there = item.results.map((result, i) => (result ? i : -1)).filter((i) => i >= 0);
  const tabs = there.length > 1 && el("div.tabs", there.map((i) => {
    const tab = button("button.s-" + item.states[i], () => show(i), el("span.v", STATES[item.states[i]].sign), " " + model.columns[i].label);
    tab.dataset.column = String(i);
    return tab;
  }));
  function show(i) {
    if (tabs) for (const tab of tabs.children) tab.setAttribute("aria-pressed", String(tab.dataset.column === String(i)));
    inside.replaceChildren(...resultNodes(model, item, i));
  }
  const changes = item.changes.map(({ step, change, kind }) => el("p.small.c-" + kind,
    el("span.v", CHANGES[kind].sign), " " + str(step.from) + " → " + str(step.to) + ": " + CHANGES[kind].name, change.why && [". ", prose(change.why)]));
  show(there.includes(model.newest) ? model.newest : there[there.length - 1]);
  return el("div.body", el("p.lead", item.title), changes, tabs, inside);
}
