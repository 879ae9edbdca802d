// The top of the page, in plain words: how it went, what changed, why it matters, how to see it again.

function tally(model, column) {
  const counts = Object.fromEntries(Object.keys(STATES).map((state) => [state, 0]));
  for (const item of model.cases) counts[item.states[column]]++;
  return counts;
}

// The tone and the sentence of one run.
function judgement(counts) {
  const good = counts.pass + counts.info;
  const judged = good + counts.fail + counts.warn + counts.known;
  const known = (counts.known ? " " + count(counts.known, "known defect") + " showed, as expected of this version." : "") +
    (judged ? " " + NUMBERS.format(good) + " of " + count(judged, "judged case") + " are as they should be." : "") +
    (counts.skip ? " " + NUMBERS.format(counts.skip) + (counts.skip === 1 ? " was" : " were") + " skipped." : "");
  if (counts.fail) return ["fail", count(counts.fail, "case breaks a MUST", "cases break a MUST"), (counts.warn ? count(counts.warn, "more breaks", "more break") + " a SHOULD." : "") + known].map((text) => text.trim());
  if (counts.error) return ["error", count(counts.error, "case") + " could not be judged", "That is not the peer's fault: see the messages below." + known];
  if (counts.warn) return ["warn", "No MUST is broken, but " + count(counts.warn, "case breaks a SHOULD", "cases break a SHOULD"), known];
  if (counts.inconclusive) return ["inconclusive", count(counts.inconclusive, "case") + " could not be told on this machine", "It was too slow for them; nothing else is wrong." + known];
  if (counts.pass + counts.info + counts.known === 0) return ["skip", "Nothing was judged", "Every case was skipped; the list says why."];
  return ["pass", counts.known ? "Nothing new is broken" : "Everything is as it should be", known.trim()];
}

function changeCounts(step) {
  const summary = object(object(step.changes).summary);
  return Object.keys(CHANGES).map((kind) => [kind, Number(summary[kind]) || 0]).filter(([, n]) => n > 0);
}

function judgementOfStep(step) {
  const counts = Object.fromEntries(changeCounts(step));
  const between = "From " + str(step.from) + " to " + str(step.to);
  const said = changeCounts(step).filter(([kind]) => kind !== "regression").map(([kind, n]) => count(n, CHANGES[kind].name, CHANGES[kind].many)).join(", ");
  if (counts.regression) return ["fail", between + ", " + count(counts.regression, "case") + " got worse", said];
  if (said) return ["pass", between + ", nothing got worse", said];
  return ["pass", between + ", nothing changed", ""];
}

function factNodes(model) {
  const report = object(model.columns[model.newest] && model.columns[model.newest].report);
  const peer = object(report.peer);
  const facts = [["Peer", [str(peer.name), str(peer.version)].join(" ").trim()], ["From", str(peer.source)], ["Runtime", str(peer.runtime)], ["AI SDK", str(peer.ai)],
    ["Event parser", str(peer.parser)], ["Held to", str(report.profile)], ["Started", str(report.started).replace("T", " ").replace(/\.\d+Z$/, " UTC")],
    ["Took", duration(report.duration_ms)], ["Seed", str(report.seed)], ["Rounds", str(report.rounds)], ["chatspec", str(report.suite)]];
  return el("dl.facts", facts.filter(([, value]) => value).map(([name, value]) => el("div", el("dt", name), el("dd", value))));
}

function summaryNodes(model) {
  const counts = tally(model, model.newest);
  const report = object(model.columns[model.newest] && model.columns[model.newest].report);
  const last = model.steps[model.steps.length - 1];
  const [tone, words, more] = last ? judgementOfStep(last) : judgement(counts);
  const own = judgement(counts);
  const sentence = last ? [more ? "Also: " + more + "." : "", str(last.to) + " by itself: " + own[1].replace(/^(Nothing|Every)/, (word) => word.toLowerCase()) + ".", own[2]].filter(Boolean).join(" ") : more;
  const missing = model.columns.filter((column) => column.missing).map((column) => el("p", column.label + " was left out: " + column.missing));
  const bar = el("div.bar", Object.keys(STATES).filter((state) => state !== "none" && counts[state]).map((state) => {
    const part = el("i.s-" + state);
    part.style.flex = String(counts[state]);
    return part;
  }));
  bar.setAttribute("aria-hidden", "true");
  return [
    el("div.verdict.s-" + tone, el("span.v", STATES[tone].sign), el("div", el("h1", words), sentence && el("p", sentence),
      report.interrupted === true && el("p", "The run was interrupted: cases that had not ended are not here."),
      Number(report.flaky) > 0 && el("p", count(Number(report.flaky), "case") + " came to several verdicts in " + count(Number(report.rounds), "round") + "."), missing)),
    bar, factNodes(model),
  ];
}

// ---- what changed ----

function observationDiffs(change) {
  const rows = list(change.observations).map(object).map((seen) => [el("dt", str(seen.name)),
    el("dd", has(seen, "before") ? el("del", str(seen.before)) : el("span.soft", "not there"), " → ", has(seen, "after") ? el("ins", str(seen.after)) : el("span.soft", "not there"))]);
  return rows.length > 0 && el("dl.diffs", rows);
}

// The state in the column of that label; of a case that the page does not have, the verdict.
function stateIn(model, item, label, verdict) {
  const column = model.columns.findIndex((one) => one.label === label && one.report);
  const state = item && column >= 0 ? item.states[column] : verdict;
  return has(STATES, state) && state !== "none" ? state : "";
}

function changeNode(model, step, change, open) {
  const item = model.byId.get(str(change.case));
  const sides = [[step.from, change.before], [step.to, change.after]].map(([label, verdict]) => stateIn(model, item, str(label), str(verdict))).map((state) => state && tag(state));
  return el("div.finding",
    el("div.head", item ? button("button.open-case", () => open(item), str(change.case)) : el("code", str(change.case)), el("span.tag", str(change.level)),
      sides[0], sides[0] && sides[1] && " → ", sides[1], el("span.soft", str(change.requirements))),
    change.message && el("p.say", str(change.message)),
    observationDiffs(change),
    change.why && el("p.why", "Why it matters: ", prose(change.why)),
    change.change === "regression" && item && rerunLine(rerunOf(item.results[model.newest])));
}

const OPEN_AT_ONCE = ["regression", "fix", "unjudged"];
const OPEN_AT_MOST = 12;

function stepNodes(model, step, open) {
  const changes = list(object(step.changes).cases).map(object);
  const kinds = changeCounts(step);
  const cards = kinds.map(([kind, n]) => {
    const of = changes.filter((change) => change.change === kind);
    const head = [el("span.v.c-" + kind, CHANGES[kind].sign + " "), count(n, CHANGES[kind].name, CHANGES[kind].many), el("span.soft", " · " + CHANGES[kind].says)];
    const make = () => of.map((change) => changeNode(model, step, change, open));
    const details = later("details.more", head, make);
    if (OPEN_AT_ONCE.includes(kind) && n <= OPEN_AT_MOST) openNow(details);
    const card = el("div.card.toned", details);
    card.classList.add("c-" + kind);
    return card;
  });
  return [el("div.step-head", el("h3", str(step.from) + " → " + str(step.to)), kinds.length === 0 && el("span.soft", "nothing changed")), cards];
}

function changesNodes(model, open) {
  return [el("h2", "What changed"), [...model.steps].reverse().map((step) => stepNodes(model, step, open))].flat(3);
}

// ---- what is not as it should be ----

function findingNode(model, item, open) {
  const result = item.results[model.newest];
  return el("div.finding", el("div.head", el("span.v.s-" + item.state, STATES[item.state].sign), button("button.open-case", () => open(item), item.id), el("span.soft", item.title)),
    result.message && el("p.say", str(result.message)), rerunLine(rerunOf(result)));
}

function byRequirement(items) {
  const groups = new Map();
  for (const item of items) {
    const id = item.requirements[0] || "";
    groups.set(id, (groups.get(id) || []).concat(item));
  }
  return groups;
}

function findingCards(model, items, open) {
  return [...byRequirement(items)].map(([id, of]) => {
    const requirement = requirementOf(model, id);
    const card = el("div.card.toned", el("h3", id, el("span.tag", of[0].level), el("span.soft", str(requirement.area))),
      requirement.text && el("p", prose(requirement.text)), requirement.why && el("p.why", "Why it matters: ", prose(requirement.why)), of.map((item) => findingNode(model, item, open)));
    card.classList.add("s-" + of[0].state);
    return card;
  });
}

// What could not be judged tells nothing of a requirement: those with one reason are one card.
const SAME_REASON = 4;

function unjudgedCards(model, items, open) {
  const reasons = new Map();
  for (const item of items) {
    const reason = str(object(item.results[model.newest]).message);
    reasons.set(reason, (reasons.get(reason) || []).concat(item));
  }
  const many = [...reasons].filter(([reason, of]) => reason && of.length >= SAME_REASON);
  const cards = many.map(([reason, of]) => {
    const card = el("div.card.toned", el("h3", count(of.length, "case") + " could not be judged", el("span.soft", STATES[of[0].state].says)), el("p", reason),
      later("details.more", "which", () => of.map((item) => findingNode(model, item, open))));
    card.classList.add("s-" + of[0].state);
    return card;
  });
  const told = new Set(many.flatMap(([, of]) => of));
  return [cards, items.filter((item) => !told.has(item))];
}

const FINDINGS_AT_ONCE = 20;

function attentionNodes(model, open) {
  const trouble = TROUBLE.flatMap((state) => model.cases.filter((item) => item.state === state));
  const judged = trouble.filter((item) => item.state !== "error" && item.state !== "inconclusive");
  const [reasons, single] = unjudgedCards(model, trouble.filter((item) => !judged.includes(item)), open);
  const wrong = judged.concat(single);
  const newest = (item) => object(item.results[model.newest]);
  const groups = [
    ["known defect", "known defects", "this version fails them, as the catalogue says", model.cases.filter((item) => item.state === "known")],
    ["pass of what is known as broken", "passes of what is known as broken", "the catalogue may be out of date", model.cases.filter((item) => newest(item).known && item.state === "pass")],
    ["observation", "observations", "not as recorded; no promise is broken",
      model.cases.filter((item) => !TROUBLE.includes(item.state) && item.state !== "known" && Object.keys(object(newest(item).recorded)).length > 0)],
  ].filter(([, , , items]) => items.length > 0);
  if (trouble.length + groups.length === 0) return [];
  const first = findingCards(model, wrong.slice(0, FINDINGS_AT_ONCE), open);
  const rest = wrong.slice(FINDINGS_AT_ONCE);
  return [el("h2", trouble.length ? "What is not as it should be" + (model.steps.length ? " in " + model.columns[model.newest].label : "") : "Worth knowing"),
    first, rest.length > 0 && later("details.more", count(rest.length, "more case"), () => findingCards(model, rest, open)), reasons,
    groups.map(([one, many, says, items]) => el("div.card", later("details.more", [count(items.length, one, many), el("span.soft", " · " + says)], () => items.map((item) => findingNode(model, item, open)))))].flat(2).filter(Boolean);
}
