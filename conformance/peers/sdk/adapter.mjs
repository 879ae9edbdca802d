/*
 * The adapter around the SDK's chat transport: one file for every version from 4.5.0 on.
 *
 *     node adapter.mjs --root DIR        DIR/node_modules/@trigger.dev/sdk is what is driven
 *
 * It speaks the line protocol of ../PROTOCOL.md and holds no expectations: it does what it is told
 * and reports what the SDK did. Versions are told apart by what they offer and never by number, so
 * that a version that nobody has seen yet works as well.
 */
import { webcrypto } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const PROTOCOL = 1;

/* The transport is made for browsers, which have this; Node has it by itself from 19 on. */
globalThis.crypto ??= webcrypto;

/* ---- finding and loading what is under test ---- */

function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

/* Where `name` would be found by code in `from`. Not through require.resolve, since a package may
 * keep its package.json out of its exports. */
function packageFolder(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (dirname(folder) === folder) return undefined;
  }
}

function packageVersion(name, from) {
  const folder = from && packageFolder(name, from);
  return folder ? readJson(join(folder, "package.json")).version : undefined;
}

/* The file behind an entry of a package's exports map. Importing that file works from any place
 * and lets several versions live side by side. */
function entryFile(folder, entry) {
  let target = readJson(join(folder, "package.json")).exports?.[entry];
  for (const condition of ["import", "default"]) {
    if (target && typeof target === "object" && condition in target) target = target[condition];
  }
  if (typeof target !== "string") throw new Error(`the package has no entry "${entry}"`);
  return join(folder, target);
}

async function loadSdk(root) {
  const folder = packageFolder("@trigger.dev/sdk", root);
  if (!folder) throw new Error(`@trigger.dev/sdk is not installed under ${root}`);
  const chat = await import(pathToFileURL(entryFile(folder, "./chat")).href);
  const core = packageFolder("@trigger.dev/core", folder);
  return {
    Transport: chat.TriggerChatTransport,
    version: readJson(join(folder, "package.json")).version,
    parser: packageVersion("eventsource-parser", core),
    ai: packageVersion("ai", folder),
  };
}

/* ---- talking ---- */

function say(message) {
  process.stdout.write(JSON.stringify(message) + "\n");
}

function describeError(error) {
  if (error === null || typeof error !== "object") return { name: "", message: String(error) };
  const told = { name: String(error.name ?? ""), message: String(error.message ?? "") };
  if (typeof error.status === "number") told.status = error.status;
  if (error.code !== undefined) told.code = error.code;
  return told;
}

/* Events of the SDK hold Error objects, which JSON would show as {}. */
function describeEvent(event) {
  return event?.error ? { ...event, error: describeError(event.error) } : event;
}

/* ---- state: everything that `reset` drops is in one object ---- */

function freshState() {
  return { clients: new Map(), streams: new Map(), asks: new Map(), lastAsk: 0 };
}

let state = freshState();

/* A question to the suite; settled by the command `answer`. */
function ask(owner, kind, params) {
  return new Promise((give, refuse) => {
    if (state !== owner) {
      refuse(new Error("the adapter was reset"));
      return;
    }
    const number = ++owner.lastAsk;
    owner.asks.set(number, { give, refuse });
    say({ event: "ask", ask: number, kind, params });
  });
}

/* Reports a stream to its end. Reading starts at once, as an application would do. */
async function report(owner, id, stream) {
  const tell = (message) => {
    if (state === owner) say(message);
  };
  try {
    const reader = stream.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      tell({ event: "chunk", id, chunk: value });
    }
    tell({ event: "end", id });
  } catch (error) {
    tell({ event: "error", id, error: describeError(error) });
  } finally {
    owner.streams.delete(id);
  }
}

/* AbortSignal.any is what the SDK joins signals with; without it (Node before 20.3) none is passed
 * and `abort` is not offered. */
const canAbort = typeof AbortSignal.any === "function";

/* Runs `begin` with a signal and answers the command once the SDK has said whether there is a
 * stream: the stream's events follow under the same id. */
async function beginStream(id, begin) {
  const owner = state;
  const controller = canAbort ? new AbortController() : undefined;
  owner.streams.set(id, controller);
  let stream;
  try {
    stream = await begin(controller?.signal);
  } catch (error) {
    owner.streams.delete(id);
    throw error;
  }
  if (!stream) owner.streams.delete(id);
  /* After the answer, so that `ok` always comes before the first chunk. */
  if (stream) setImmediate(() => report(owner, id, stream));
  return { stream: Boolean(stream) };
}

function clientOf(command) {
  const client = state.clients.get(command.client ?? "main");
  if (!client) throw new Error(`no client "${command.client ?? "main"}" is open`);
  return client;
}

function sendMessages(command, trigger) {
  const { chat, messages = [], messageId, metadata, body, headers } = command;
  const client = clientOf(command);
  return beginStream(command.id, (abortSignal) =>
    client.sendMessages({
      trigger,
      chatId: chat,
      messageId,
      messages,
      metadata,
      body,
      headers,
      abortSignal,
    }),
  );
}

/* ---- commands ---- */

function commandsFor(sdk) {
  const methods = sdk.Transport.prototype;
  /* Arrow-function members live on instances, so a throw-away one tells what there is. */
  const sample = new sdk.Transport({ task: "sample", accessToken: async () => "" });
  const offers = (name) => typeof (sample[name] ?? methods[name]) === "function";
  sample.dispose?.();

  const commands = {
    open({ client = "main", task, baseUrl, starter, options = {} }) {
      const owner = state;
      const still = (message) => {
        if (state === owner) say(message);
      };
      const transport = new sdk.Transport({
        ...options,
        task,
        baseURL: baseUrl,
        accessToken: (params) => ask(owner, "token", { client, ...params }),
        ...(starter ? { startSession: (params) => ask(owner, "start", { client, ...params }) } : {}),
        onSessionChange: (chat, session) => still({ event: "session", client, chat, session }),
        onEvent: (event) => still({ event: "event", client, content: describeEvent(event) }),
      });
      owner.clients.set(client, transport);
    },
    send: (command) => sendMessages(command, "submit-message"),
    regenerate: (command) => sendMessages(command, "regenerate-message"),
    stop: async (command) => ({ value: await clientOf(command).stopGeneration(command.chat) }),
    action: (command) =>
      beginStream(command.id, (abortSignal) =>
        clientOf(command).sendAction(command.chat, command.action, {
          abortSignal,
          metadata: command.metadata,
        }),
      ),
    reconnect: (command) =>
      beginStream(command.id, (abortSignal) =>
        clientOf(command).reconnectToStream({ chatId: command.chat, abortSignal }),
      ),
    session: (command) => ({ value: clientOf(command).getSession(command.chat) ?? null }),
    abort({ target }) {
      const controller = state.streams.get(target);
      controller?.abort();
      return { value: Boolean(controller) };
    },
    answer({ ask: number, value, error }) {
      const question = state.asks.get(number);
      if (!question) throw new Error(`no open question ${number}`);
      state.asks.delete(number);
      if (error !== undefined) question.refuse(new Error(error));
      else question.give(value);
    },
    close(command) {
      clientOf(command).dispose();
      state.clients.delete(command.client ?? "main");
    },
    /* Whatever the old clients still do is no longer reported, and their streams are let go. */
    reset() {
      const old = state;
      state = freshState();
      for (const controller of old.streams.values()) controller?.abort();
      for (const client of old.clients.values()) client.dispose();
      for (const question of old.asks.values()) question.refuse(new Error("the adapter was reset"));
    },
    quit() {
      setImmediate(() => process.exit(0));
    },
  };

  const needs = {
    send: "sendMessages",
    regenerate: "sendMessages",
    stop: "stopGeneration",
    action: "sendAction",
    reconnect: "reconnectToStream",
    session: "getSession",
    close: "dispose",
  };
  for (const [command, method] of Object.entries(needs)) {
    if (!offers(method)) delete commands[command];
  }
  if (!canAbort) delete commands.abort;
  return commands;
}

async function obey(commands, line) {
  let command;
  try {
    command = JSON.parse(line);
  } catch (error) {
    say({ event: "fail", id: null, error: { name: "SyntaxError", message: error.message } });
    return;
  }
  const { id, command: name } = command;
  if (!Object.hasOwn(commands, name)) {
    say({ event: "unsupported", id, command: name });
    return;
  }
  const owner = state;
  try {
    const result = await commands[name](command);
    if (state === owner || name === "reset") say({ event: "ok", id, ...result });
  } catch (error) {
    if (state === owner) say({ event: "fail", id, error: describeError(error) });
  }
}

/* ---- start ---- */

for (const kind of ["unhandledRejection", "uncaughtException"]) {
  process.on(kind, (error) => say({ event: "unhandled", kind, error: describeError(error) }));
}

const rootAt = process.argv.indexOf("--root");
if (rootAt < 0 || !process.argv[rootAt + 1]) {
  console.error("usage: node adapter.mjs --root DIR");
  process.exit(2);
}

try {
  const sdk = await loadSdk(resolve(process.argv[rootAt + 1]));
  const commands = commandsFor(sdk);
  say({
    event: "hello",
    protocol: PROTOCOL,
    name: "@trigger.dev/sdk",
    version: sdk.version,
    runtime: `node ${process.versions.node}`,
    parser: sdk.parser,
    ai: sdk.ai,
    capabilities: Object.keys(commands),
  });
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  /* Not awaited: commands run side by side, so that `answer` reaches a pending `send`. */
  lines.on("line", (line) => {
    if (line !== "") void obey(commands, line);
  });
  lines.on("close", () => process.exit(0));
} catch (error) {
  console.error(`adapter: ${error.message}`);
  process.exit(1);
}
