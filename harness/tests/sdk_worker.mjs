// Real agents against the endpoint: sdk_worker.mjs SDK_FOLDER [NAME]. One worker process runs several chats of
// two turns each, one after the other; ends with 1 and the reason when something is not so.
//
//   TRIGGER_API_URL, TRIGGER_SECRET_KEY   the endpoint
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const CHATS = 5;
const WITHIN_MS = 30_000; // until everything here is done, on a slow machine

const root = resolve(process.argv[2]);
const name = process.argv[3] ?? "one";
const url = process.env.TRIGGER_API_URL;
const secretKey = process.env.TRIGGER_SECRET_KEY;
const worker = fileURLToPath(new URL("../../conformance/peers/worker/worker.mjs", import.meta.url));

const child = spawn(process.execPath, [worker, "--root", root], { stdio: ["pipe", "pipe", "inherit"] });
const events = [];
const news = new EventEmitter();
createInterface({ input: child.stdout }).on("line", (line) => {
  events.push(JSON.parse(line));
  news.emit("event");
});
const ended = once(child, "exit").then(() => fail("the worker ended"));
const tooLate = new Promise((_, refuse) => {
  setTimeout(() => refuse(new Error("took too long")), WITHIN_MS).unref();
});

function fail(what) {
  console.error(`not so: ${what}`);
  console.error(events.slice(-10).map((event) => JSON.stringify(event).slice(0, 300)).join("\n"));
  child.kill();
  process.exit(1);
}

async function until(what, holds) {
  for (;;) {
    const found = events.find(holds);
    if (found) return found;
    await Promise.race([once(news, "event"), ended, tooLate]).catch(() => fail(what));
  }
}

let commands = 0;
function command(members) {
  const id = ++commands;
  child.stdin.write(JSON.stringify({ id, ...members }) + "\n");
  return id;
}

async function call(method, path, body) {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${secretKey}`, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) fail(`${method} ${path} is answered well: ${response.status} ${await response.text()}`);
  return response.json();
}

function message(chatId, id, text, metadata) {
  const parts = [{ type: "text", text }];
  return { chatId, trigger: "submit-message", message: { id, role: "user", parts }, metadata };
}

const turnComplete = ({ headers }) => headers?.[0]?.[1] === "turn-complete";

async function chat(chatId) {
  const session = await call("POST", "/api/v1/sessions", {
    type: "chat.agent",
    externalId: chatId,
    taskIdentifier: "plain",
    triggerConfig: { basePayload: { chatId } },
  });
  const payload = message(chatId, "u1", "hi", { script: [[{ text: "first answer", delta: 4 }]] });
  const run = command({ command: "run", task: "plain", url, secretKey, runId: session.runId, payload });
  const done = (turn) => ({ id, event, name: hook, data }) =>
    id === run && event === "hook" && hook === "onTurnComplete" && data.turn === turn;
  await until("the first turn is complete", done(0));
  await call("POST", `/realtime/v1/sessions/${chatId}/in/append`, {
    kind: "message",
    payload: message(chatId, "u2", "and?", { script: [[{ text: "second answer" }]] }),
  });
  await until("the second turn is complete", done(1));
  const { records } = await call("GET", `/realtime/v1/sessions/${chatId}/out/records`);
  const text = records.map(({ data }) => data?.delta ?? "").join("");
  if (!text.includes("second answer")) fail(`${chatId} holds the second answer: ${JSON.stringify(records)}`);
  if (!turnComplete(records.at(-1))) fail(`${chatId} ends with a boundary`);
  const prompts = events.filter(({ id, event }) => id === run && event === "prompt");
  if (prompts.length !== 2) fail(`the model was asked twice: ${prompts.length}`);
  if (prompts[1].messages.length !== 3) fail("the second prompt holds the first exchange");
  const reset = command({ command: "reset" });
  const { value } = await until("the reset is done", ({ id, event }) => id === reset && event === "done");
  if (value.clean !== true) fail(`${chatId} leaves nothing behind`);
}

const hello = await until("hello", ({ event }) => event === "hello");
console.log(`sdk ${hello.version}, ai ${hello.ai}, s2 ${hello.s2}: ${hello.agents.length} agents`);
for (let i = 0; i < CHATS; i++) await chat(`worker-${name}-${i}`);
const odd = events.filter(({ event }) => event === "unhandled");
if (odd.length > 0) fail("no error went uncaught");
console.log(`${CHATS} chats of two turns in one process`);
child.stdin.end();
process.exit(0);
