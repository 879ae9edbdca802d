// The evidence of one result as a timeline.

// Who is at the other end, and which way a kind of evidence goes there: "out" to the peer, "in" from
// it. In the endpoint role the suite is the client, in the others it is the server.
function directionOf(role, kind, title) {
  if (kind === "sent") return "out";
  if (kind === "received") return "in";
  if (role === "endpoint") return kind === "request" ? "out" : kind === "response" ? "in" : "";
  if (kind === "request") return "in";
  if (kind === "response") return "out";
  if (kind === "event" && role === "agent") return /\/out$/.test(title) ? "in" : "out";
  return kind === "event" ? "out" : "";
}

const DIRECTIONS = { out: ["→", "to the peer"], in: ["←", "from the peer"], "": ["·", "a note"] };

// What happened in its order; what has no time stays behind what it was told after.
function inOrder(evidence) {
  let last = 0;
  const items = evidence.map((entry, i) => {
    const at = typeof entry.at_ms === "number" ? entry.at_ms : null;
    last = at === null ? last : at;
    return { entry, at, sort: last, i };
  });
  return items.sort((a, b) => a.sort - b.sort || a.i - b.i);
}

function recordTag(record) {
  const seq = record.seq === undefined ? "" : "#" + str(record.seq) + " ";
  const what = record.kind === "data" ? record.name || "data" : record.kind + ": " + record.name;
  return el("span.tag." + record.kind, seq + what);
}

function headerList(headers) {
  return headers.length > 0 && el("dl.headers", headers.map(([name, value]) => [el("dt", name === "" ? "(no name)" : name), el("dd", value)]));
}

function block(text) {
  return text !== "" && el("pre.block", text);
}

function recordNodes(record) {
  return el("div.event", el("div.bar-line", recordTag(record)), headerList(record.headers), block(prettyJson(record.body) || record.body));
}

function eventNodes(event) {
  const type = event.fields.event || (event.records.length ? "batch" : event.fields.data === undefined ? "no data" : "message");
  const place = "bytes " + NUMBERS.format(event.offset) + " to " + NUMBERS.format(event.offset + event.size - 1);
  return el("div.event",
    el("div.bar-line", el("span.tag." + (type === "ping" ? "ping" : "data"), type), event.fields.id !== undefined && el("span.off", "id " + event.fields.id),
      el("span.off", place + (event.open ? ", not closed" : ""))),
    event.records.length ? event.records.map(recordNodes) : block(prettyJson(event.fields.data || "") || event.raw));
}

// What a piece of evidence is: its tags, a first line to see it by, and how to show all of it.
function describeEntry(entry) {
  const kind = str(entry.kind);
  const title = str(entry.title);
  const text = str(entry.text);
  const stream = /event stream, from byte (\d+)$/.exec(title);
  if (stream) {
    const events = readEvents(text, Number(stream[1]));
    const marked = events.flatMap((event) => event.records);
    const tags = marked.slice(0, 6).map(recordTag).concat(marked.length ? [] : events.slice(0, 6).map((event) =>
      event.fields.event !== undefined && el("span.tag." + (event.fields.event === "ping" ? "ping" : "data"), event.fields.event)));
    return { tags, peek: text, make: () => events.map(eventNodes) };
  }
  const record = kind === "event" && readRecord(title, text);
  if (record) return { tags: [recordTag(record)], peek: record.body, make: () => [headerList(record.headers), block(readable(record.body))].filter(Boolean) };
  const http = (kind === "request" || kind === "response") && readHttp(text);
  if (http) {
    const told = title.includes(http.start.split(" ")[1]);
    return { tags: [], peek: told ? http.body : http.start, make: () => [el("div.start", http.start), headerList(http.headers), block(readable(http.body))].filter(Boolean) };
  }
  return { tags: [], peek: text, make: () => [block(readable(text)) || el("p.soft", "nothing more was recorded")] };
}

function entryNode(role, item) {
  const { entry, at } = item;
  const kind = str(entry.kind);
  const title = str(entry.title);
  const seen = describeEntry(entry);
  const [sign, meaning] = DIRECTIONS[directionOf(role, kind, title)];
  const mark = el("span.dir", sign);
  mark.classList.add("d-" + (directionOf(role, kind, title) || "note"));
  mark.title = meaning;
  const short = at === null ? title : title.replace(/ at \d+ ms/, "");
  const head = [el("span.kind", el("b", kind === "note" || kind === "output" ? short : kind + " "), kind !== "note" && kind !== "output" && short), seen.tags, el("span.peek", seen.peek.slice(0, 160).replace(/\s+/g, " "))].flat();
  const details = later("details", head, () => el("div.inside", seen.make(),
    entry.left_out > 0 && el("p.soft", count(Number(entry.left_out), "more byte") + " left out")));
  return el("li", el("span.at", at === null ? "" : "+" + NUMBERS.format(at) + " ms"), mark, details);
}

const NOT_IN_TIMELINE = ["expected", "actual", "rerun"];

function timelineNodes(role, evidence) {
  const items = inOrder(evidence.map(object).filter((entry) => !NOT_IN_TIMELINE.includes(entry.kind)));
  if (items.length === 0) return [];
  const lines = el("ol.timeline", items.map((item) => entryNode(role, item)));
  const all = button("button.tool", () => {
    const details = [...lines.querySelectorAll("details")];
    const open = details.some((node) => !node.open);
    for (const node of details) open ? openNow(node) : (node.open = false);
    all.textContent = open ? "Close all" : "Open all";
  }, "Open all");
  return [el("div.time-head", el("h4", "What happened"), all), lines];
}
