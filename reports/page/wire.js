// Reading evidence: the escapes that the writer put in, HTTP messages, event streams, records.

// Evidence shows bytes as text: "\\" is a backslash, "\r" and "\t" are those, "\x1b" is a byte. Gives
// the text without the escapes, and for each of its places how many bytes stand before it.
function unescapeEvidence(text) {
  const offsets = [];
  let out = "";
  let bytes = 0;
  const put = (piece, size) => {
    for (let i = 0; i < piece.length; i++) offsets.push(bytes);
    out += piece;
    bytes += size;
  };
  for (let i = 0; i < text.length;) {
    const code = text.codePointAt(i);
    const hex = text[i] === "\\" && /^\\x[0-9a-f]{2}/.exec(text.substr(i, 4));
    if (hex) {
      put("\ufffd", 1);
      i += 4;
    } else if (text[i] === "\\" && "\\rt".includes(text[i + 1] || " ")) {
      put({ "\\": "\\", r: "\r", t: "\t" }[text[i + 1]], 1);
      i += 2;
    } else {
      const size = code > 0xffff ? 2 : 1;
      put(text.substr(i, size), code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);
      i += size;
    }
  }
  offsets.push(bytes);
  return { text: out, offsets, exact: !/\\x[0-9a-f]{2}/.test(text) };
}

// JSON with line breaks. Only white space changes: numbers, double keys and escapes stay as they
// came. NULL when it is no JSON.
function prettyJson(text) {
  try {
    const value = JSON.parse(text);
    if (value === null || typeof value !== "object") return null;
  } catch {
    return null;
  }
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g) || [];
  let out = "";
  let depth = 0;
  tokens.forEach((token, i) => {
    const line = () => "\n" + "  ".repeat(depth);
    if (token === "{" || token === "[") {
      out += token;
      depth++;
      if (!"}]".includes(tokens[i + 1])) out += line();
    } else if (token === "}" || token === "]") {
      depth--;
      out += "{[".includes(tokens[i - 1]) ? token : line() + token;
    } else {
      out += token === "," ? "," + line() : token === ":" ? ": " : token;
    }
  });
  return out;
}

// The body of something, with line breaks when it is JSON that was taken down exactly.
function readable(text) {
  const clear = unescapeEvidence(text);
  return (clear.exact && prettyJson(clear.text)) || text;
}

// "GET /path HTTP/1.1\r", headers, an empty line and the rest; null when it is no HTTP message.
function readHttp(text) {
  const end = text.indexOf("\\r\n\\r\n");
  const head = end < 0 ? text : text.slice(0, end);
  const lines = head.split("\\r\n");
  if (!/^[A-Z]+ \S+ HTTP\/|^HTTP\//.test(lines[0])) return null;
  const headers = lines.slice(1).filter(Boolean).map((line) => {
    const colon = line.indexOf(":", 1);
    return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { start: lines[0], headers, body: end < 0 ? "" : text.slice(end + "\\r\n\\r\n".length) };
}

// The events of a piece of an event stream whose first byte has that offset in the stream: each with
// its own offset, its fields, and the records in it. A last one that is not closed is marked.
function readEvents(text, base) {
  const clear = unescapeEvidence(text);
  const events = [];
  const ends = /(\r\n|\n|\r)(?=\r\n|\n|\r|$)(\r\n|\n|\r)?/g;
  let from = 0;
  const add = (to, open) => {
    const raw = clear.text.slice(from, to);
    if (raw.trim() === "") return;
    const fields = {};
    for (const line of raw.split(/\r\n|\n|\r/)) {
      const colon = line.indexOf(":");
      const name = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (name === "event" || name === "id") fields[name] = value;
      if (name === "data") fields.data = fields.data === undefined ? value : fields.data + "\n" + value;
    }
    events.push({ offset: base + clear.offsets[from], size: clear.offsets[to] - clear.offsets[from], raw, fields, open, records: recordsOf(fields.data) });
  };
  for (const found of clear.text.matchAll(ends)) {
    const to = found.index + found[0].length;
    if (found[2] === undefined) continue;
    add(to, false);
    from = to;
  }
  add(clear.text.length, true);
  return events;
}

function recordsOf(data) {
  if (!data || data[0] !== "{") return [];
  try {
    return list(object(JSON.parse(data)).records).map((record) => describeRecord(object(record).seq_num, list(object(record).headers), str(object(record).body)));
  } catch {
    return [];
  }
}

// Control records carry the header trigger-control; the one header of a command record has no name.
function describeRecord(seq, headers, body) {
  const pairs = headers.filter(Array.isArray).map(([name, value]) => [str(name), str(value)]);
  const control = pairs.find(([name]) => name === "trigger-control");
  const command = pairs.find(([name]) => name === "");
  const kind = command ? "command" : control ? "control" : "data";
  return { seq, headers: pairs, body, kind, name: command ? command[1] : control ? control[1] : typeOf(body) };
}

// The type of the chunk in a record's body: "text-delta".
function typeOf(body) {
  const found = /"type":"([A-Za-z0-9:_-]{1,60})"/.exec(body);
  return found ? found[1] : "";
}

// "record 3 of chat/out": header lines, then the body.
function readRecord(title, text) {
  const found = /^(?:record (\d+) of|a record of)/.exec(title);
  if (!found) return null;
  const lines = text.split("\n");
  const headers = [];
  while (lines.length && /^[a-z0-9-]*: /i.test(lines[0]) && !lines[0].startsWith("{")) {
    const line = lines.shift();
    const colon = line.indexOf(":");
    headers.push([line.slice(0, colon), line.slice(colon + 2)]);
  }
  return describeRecord(found[1], headers, lines.join("\n"));
}
