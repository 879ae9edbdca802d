// The peer of the endpoint's fan-out: a plain Node server that does the same and no more.
//   GET  /NAME          an event stream of what is appended from now on
//   POST /NAME/append   one record; all subscribers of NAME get a batch event
// Prints its URL, and ends with its stdin.
import http from "node:http";

const topics = new Map();

function topic(name) {
  let found = topics.get(name);
  if (!found) {
    found = { subscribers: new Set(), records: 0, bytes: 0 };
    topics.set(name, found);
  }
  return found;
}

function subscribe(name, request, response) {
  const { subscribers } = topic(name);
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  response.flushHeaders();
  subscribers.add(response);
  request.on("close", () => subscribers.delete(response));
}

function append(name, body, response) {
  const to = topic(name);
  const seq = to.records++;
  const timestamp = Date.now();
  const record = { seq_num: seq, timestamp, body: JSON.stringify({ data: body, id: String(seq) }) };
  to.bytes += record.body.length + 8;
  const data = JSON.stringify({ records: [record], tail: { seq_num: seq + 1, timestamp } });
  const event = Buffer.from(`event: batch\nid: ${seq},${to.records},${to.bytes}\ndata: ${data}\n\n`);
  for (const subscriber of to.subscribers) subscriber.write(event);
  const answer = `{"ok":true,"seq":${seq}}`;
  response.writeHead(200, { "Content-Type": "application/json", "Content-Length": answer.length });
  response.end(answer);
}

const server = http.createServer((request, response) => {
  const [, name, verb] = request.url.split("/");
  if (request.method === "GET") {
    subscribe(name, request, response);
  } else if (request.method === "POST" && verb === "append") {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => append(name, Buffer.concat(parts).toString(), response));
  } else {
    response.writeHead(404).end();
  }
});
server.listen({ host: "127.0.0.1", port: 0, backlog: 1024 }, () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
process.stdin.on("end", () => process.exit(0)).resume();
