/*
 * The adapter around the SDK's clients: one file for every version from 4.5.0 on.
 *
 *     node adapter.mjs --root DIR        DIR/node_modules/@trigger.dev/sdk is what is driven
 *     node adapter.mjs --root DIR --violate ID    it does one thing wrong (violations.mjs)
 *
 * It speaks the line protocol of ../PROTOCOL.md and holds no expectations: it does what it is told
 * and reports what the SDK did. Versions are told apart by what they offer and never by number, so
 * that a version that nobody has seen yet works as well.
 */
import { webcrypto } from "node:crypto";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { entryFile, packageFolder, packageVersion, readJson } from "./packages.mjs";

const PROTOCOL = 1;

/* The transport is made for browsers, which have this; Node has it by itself from 19 on. */
globalThis.crypto ??= webcrypto;

/* ---- finding and loading what is under test ---- */

/* An entry may be missing, or need something that this platform has not: then what it brings is
 * missing, and hello says so. */
async function load(folder, entry, lacks) {
  try {
    return await import(pathToFileURL(entryFile(folder, entry)).href);
  } catch (error) {
    lacks[entry] = String(error?.message ?? error).split("\n")[0];
    return {};
  }
}

async function loadSdk(root) {
  const folder = packageFolder("@trigger.dev/sdk", root);
  if (!folder) throw new Error(`@trigger.dev/sdk is not installed under ${root}`);
  const version = readJson(join(folder, "package.json")).version;
  const core = packageFolder("@trigger.dev/core", folder);
  const lacks = {};
  const entries = {
    chat: await load(folder, "./chat", lacks),
    main: await load(folder, ".", lacks),
    server: await load(folder, "./chat-server", lacks),
    agent: await load(folder, "./ai", lacks),
    core: core ? await load(core, "./v3", lacks) : {},
  };
  if (!entries.chat.TriggerChatTransport) {
    const why = lacks["./chat"] ?? "its chat entry has no TriggerChatTransport";
    throw new Error(`@trigger.dev/sdk ${version} has no chat transport: ${why}`);
  }
  return {
    ...entries,
    lacks,
    version,
    parser: packageVersion("eventsource-parser", core),
    ai: packageVersion("ai", folder),
  };
}

/* ---- talking ---- */

/* stdout is for events: whatever the SDK logs goes to the other one. */
for (const level of ["log", "info", "debug"]) console[level] = console.error;

/* A warning is for who runs the application: told as such. */
console.warn = (...words) => {
  console.error(...words);
  voice(state)({ event: "warning", text: String(words[0]) });
};

function say(message) {
  process.stdout.write(JSON.stringify(message) + "\n");
}

function describeError(error) {
  if (error === null || typeof error !== "object") return { name: "", message: String(error) };
  const told = { name: String(error.name ?? ""), message: String(error.message ?? "") };
  if (typeof error.status === "number") told.status = error.status;
  if (error.code !== undefined) told.code = String(error.code);
  return told;
}

/* Events of the SDK hold Error objects, which JSON would show as {}. */
function describeEvent(event) {
  return event?.error ? { ...event, error: describeError(event.error) } : event;
}

/* A command that this client, version or platform does not have; `what` is missing. */
class Unsupported extends Error {}

function need(object, method) {
  if (typeof object?.[method] !== "function") throw new Unsupported(method);
  return object;
}

/* ---- state: everything that `reset` drops is in one object ---- */

function freshState() {
  return {
    clients: new Map(),
    streams: new Map(),
    ended: new Map(),
    asks: new Map(),
    lastAsk: 0,
    environment: {}, // what variables were before a client was opened with others
  };
}

let state = freshState();

/* say(), as long as nothing was reset. */
function voice(owner) {
  return (message) => {
    if (state === owner) say(message);
  };
}

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

/* ---- streams ---- */

/* AbortSignal.any is what the SDK joins signals with; without it (Node before 20.3) none is passed
 * and `abort` is not offered. */
const canAbort = typeof AbortSignal.any === "function";

/* Deeper values than these cannot be written as a line by every runtime, nor read from one. */
const MAX_DEPTH = 500;

function isDeep(value, levels) {
  if (value === null || typeof value !== "object") return false;
  return levels === 0 || Object.values(value).some((inner) => isDeep(inner, levels - 1));
}

/* Reports a stream to its end. Reading starts at once, as an application would do, unless the
 * stream was paused. */
async function report(owner, id, entry) {
  const tell = voice(owner);
  try {
    for (;;) {
      await entry.paused;
      const { done, value } = await entry.reader.read();
      if (done) break;
      tell({ event: "chunk", id, chunk: isDeep(value, MAX_DEPTH) ? null : value });
    }
    tell({ event: "end", id });
  } catch (error) {
    tell({ event: "error", id, error: describeError(error) });
  } finally {
    const { controller } = owner.streams.get(id) ?? {};
    owner.streams.delete(id);
    if (controller) owner.ended.set(id, { controller });
  }
}

function pause(entry) {
  entry.paused ??= new Promise((resume) => {
    entry.resume = resume;
  });
}

/* A signal of the call's own, or that of an earlier command again. */
function controllerFor({ aborted, signalOf }) {
  if (!canAbort && (aborted || signalOf !== undefined)) throw new Unsupported("abort");
  if (!canAbort) return undefined;
  const before = state.streams.get(signalOf) ?? state.ended.get(signalOf);
  if (signalOf !== undefined && !before) throw new Error(`command ${signalOf} began no stream`);
  const controller = before?.controller ?? new AbortController();
  if (aborted) controller.abort();
  return controller;
}

/* Runs `begin` with a signal and answers the command once the SDK has said whether there is a
 * stream: the stream's events follow under the same id. */
async function beginStream(command, begin) {
  const { id, paused } = command;
  const owner = state;
  const entry = { controller: controllerFor(command) };
  if (paused) pause(entry);
  owner.streams.set(id, entry);
  let stream;
  try {
    stream = await begin(entry.controller?.signal);
  } catch (error) {
    owner.streams.delete(id);
    throw error;
  }
  if (!stream) {
    owner.streams.delete(id);
    return { stream: false };
  }
  entry.reader = stream.getReader();
  /* After the answer, so that `ok` always comes before the first chunk. */
  setImmediate(() => report(owner, id, entry));
  return { stream: true };
}

/* ---- clients: one object per kind, from command to what it does ---- */

/* What the API client of the SDK is told once for all, for the clients that are made for servers. */
function configure(sdk, { baseUrl, apiUrl, secretKey, options = {} }) {
  need(sdk.main, "configure").configure({
    baseURL: apiUrl ?? baseUrl,
    ...(secretKey === undefined ? {} : { accessToken: secretKey }),
    ...(options.previewBranch ? { previewBranch: options.previewBranch } : {}),
    ...(options.externalDeploymentId ? { externalDeploymentId: options.externalDeploymentId } : {}),
  });
}

/* The address, or a function that knows one for each endpoint. */
function baseUrlOf({ baseUrl, baseUrls }) {
  return baseUrls ? ({ endpoint }) => baseUrls[endpoint] : baseUrl;
}

/* An application's own fetch, which tells what it was called with. */
function fetchOf({ fetch: wanted }, tell, client) {
  if (!wanted) return {};
  const telling = (url, init, context) => {
    const { method = "GET", headers = {} } = init ?? {};
    const plain = !(headers instanceof Headers);
    const names = plain ? Object.keys(headers) : [...headers.keys()];
    const { endpoint = null } = context ?? {};
    tell({
      event: "event",
      client,
      content: { type: "fetch", endpoint, method, headers: plain ? "object" : "Headers", names },
    });
    return fetch(url, init);
  };
  return { fetch: telling };
}

/* TriggerChatTransport: the client of a browser. */
function openTransport(sdk, command) {
  const { client = "main", task, starter, options = {} } = command;
  const owner = state;
  const tell = voice(owner);
  const transport = new sdk.chat.TriggerChatTransport({
    ...options,
    task,
    baseURL: baseUrlOf(command),
    ...fetchOf(command, tell, client),
    accessToken: (params) => ask(owner, "token", { client, ...params }),
    ...(starter ? { startSession: (params) => ask(owner, "start", { client, ...params }) } : {}),
    onSessionChange: (chat, session) => tell({ event: "session", client, chat, session }),
    onEvent: (event) => tell({ event: "event", client, content: describeEvent(event) }),
  });
  const send = (trigger) => (command) =>
    beginStream(command, (abortSignal) =>
      need(transport, "sendMessages").sendMessages({
        trigger,
        chatId: command.chat,
        messageId: command.messageId,
        messages: command.messages ?? [],
        metadata: command.metadata,
        body: command.body,
        headers: command.headers,
        abortSignal,
      }),
    );
  return {
    send: send("submit-message"),
    regenerate: send("regenerate-message"),
    pending: async ({ chat, message, metadata }) => ({
      value: await need(transport, "sendPendingMessage").sendPendingMessage(chat, message, metadata),
    }),
    action: (command) =>
      beginStream(command, (abortSignal) =>
        need(transport, "sendAction").sendAction(command.chat, command.action, {
          abortSignal,
          metadata: command.metadata,
          ...(command.settled
            ? { onSettled: (content) => tell({ event: "settled", id: command.id, client, content }) }
            : {}),
        }),
      ),
    stop: async ({ chat }) => ({
      value: await need(transport, "stopGeneration").stopGeneration(chat),
    }),
    reconnect: (command) =>
      beginStream(command, (abortSignal) =>
        need(transport, "reconnectToStream").reconnectToStream({
          chatId: command.chat,
          abortSignal,
          ...("stopOnAbort" in command ? { stopOnAbort: command.stopOnAbort } : {}),
        }),
      ),
    start: async ({ chat }) => ({ value: await need(transport, "start").start(chat) }),
    preload: async ({ chat }) => ({ value: await need(transport, "preload").preload(chat) }),
    session: ({ chat }) => ({ value: need(transport, "getSession").getSession(chat) ?? null }),
    "set-session": ({ chat, session }) => void need(transport, "setSession").setSession(chat, session),
    "seed-cursor": ({ chat, cursor }) =>
      void need(transport, "seedResumeCursor").seedResumeCursor(chat, cursor),
    "clear-gate": ({ chat }) => void need(transport, "clearSupersedeGate").clearSupersedeGate(chat),
    status: ({ chat }) => ({
      value: {
        status: need(transport, "sessionStatus").sessionStatus(chat) ?? null,
        closedReason: transport.sessionClosedReason?.(chat) ?? null,
      },
    }),
    close({ client: name = "main" }) {
      need(transport, "dispose").dispose();
      state.clients.delete(name);
    },
    drop: () => transport.dispose?.(),
  };
}

/* AgentChat: the client of a server. */
function openAgent(sdk, command) {
  configure(sdk, command);
  const { client = "main", task, chat: id, options = {}, turnCallback } = command;
  const tell = voice(state);
  const agent = new (need(sdk.chat, "AgentChat").AgentChat)({
    ...options,
    agent: task,
    id,
    baseURL: baseUrlOf(command),
    ...fetchOf(command, tell, client),
    onTriggered: (content) => tell({ event: "triggered", client, content }),
    onTurnComplete: (content) => {
      tell({ event: "turn", client, content });
      if (turnCallback === "throws") throw new Error("the callback was told to throw");
      if (turnCallback === "rejects") return Promise.reject(new Error("the callback was told to reject"));
    },
  });
  const send = (trigger) => (command) =>
    beginStream(command, (abortSignal) =>
      agent.sendRaw(command.messages ?? [], { trigger, abortSignal }),
    );
  return {
    send: send("submit-message"),
    regenerate: send("regenerate-message"),
    pending: async ({ message }) => ({
      value: await agent.steer(message.parts.map((part) => part.text ?? "").join("")),
    }),
    action: (command) =>
      beginStream(command, async (abortSignal) => {
        const answer = await agent.sendAction(command.action, { abortSignal });
        return answer.stream;
      }),
    text: async ({ text }) => {
      const answer = await agent.sendMessage(text);
      return { value: { ...(await answer.result()), whole: await answer.text() } };
    },
    status: () => ({ value: { id: agent.id } }),
    stop: async () => void (await agent.stop()),
    reconnect: (command) => beginStream(command, (abortSignal) => agent.reconnect(abortSignal)),
    preload: async () => ({ value: await agent.preload() }),
    session: () => ({ value: agent.session ?? null }),
    close: async () => ({ value: await agent.close() }),
    handover: async ({ messages, messageId, isFinal }) =>
      void (await need(agent, "sendHandover").sendHandover({
        partialAssistantMessage: messages,
        messageId,
        isFinal,
      })),
    "handover-skip": async () => void (await need(agent, "sendHandoverSkip").sendHandoverSkip()),
  };
}

/* SSEStreamSubscription: one subscription, with every part as it comes. */
function openSubscription(sdk, { client = "main", url, headers, resolver, options = {} }) {
  const owner = state;
  const tell = voice(owner);
  const controller = new AbortController();
  const subscription = new (need(sdk.core, "SSEStreamSubscription").SSEStreamSubscription)(url, {
    ...options,
    headers,
    signal: controller.signal,
    onComplete: () => tell({ event: "event", client, content: { type: "complete" } }),
    onError: (error) =>
      tell({ event: "event", client, content: { type: "error", error: describeError(error) } }),
    ...(resolver ? { resolveHeaders: () => ask(owner, "headers", { client }) } : {}),
  });
  return {
    read: (command) =>
      beginStream(command, async (signal) => {
        signal?.addEventListener("abort", () => controller.abort(), { once: true });
        return subscription.subscribe();
      }),
    "retry-now": () => void need(subscription, "retryNow").retryNow(),
    "force-reconnect": () => void need(subscription, "forceReconnect").forceReconnect(),
    status: () => ({ value: { settled: subscription.sessionSettled ?? null } }),
    drop: () => controller.abort(),
  };
}

/* ---- a stream of bytes alone ---- */

/* The pieces that a body comes in; their lengths are used in turn. */
function* cut(bytes, pieces) {
  const lengths = pieces.some((length) => length > 0) ? pieces : [bytes.length];
  for (let from = 0, n = 0; from < bytes.length; n++) {
    const to = Math.min(from + lengths[n % lengths.length], bytes.length);
    yield bytes.subarray(from, to);
    from = to;
  }
}

const inRange = (text, low, high) =>
  /^-?[0-9]+$/.test(text) && BigInt(text) >= low && BigInt(text) <= high;
const isPair = (header) =>
  Array.isArray(header) && header.length === 2 && header.every((text) => typeof text === "string");

/* A part as an event. What an event cannot hold is told by name, as a part of an odd kind. */
function describePart({ id, chunk, timestamp, headers }) {
  const time = Number.isInteger(timestamp) ? String(BigInt(timestamp)) : String(timestamp);
  const odd = [];
  if (!inRange(id, 0n, 2n ** 64n - 1n)) odd.push(["seq_num", String(id)]);
  if (timestamp !== undefined && !inRange(time, -(2n ** 63n), 2n ** 63n - 1n)) {
    odd.push(["timestamp", JSON.stringify(timestamp)]);
  }
  if (!Array.isArray(headers) || !headers.every(isPair)) {
    odd.push(["headers", JSON.stringify(headers)]);
  }
  if (odd.length > 0) return { type: "record", kind: "odd", headers: odd };
  return {
    type: "record",
    seq_num: id,
    kind: "data",
    headers,
    ...(timestamp === undefined ? {} : { timestamp: time }),
    ...(chunk === undefined ? {} : { body: JSON.stringify(chunk) }),
  };
}

/* The subscription fetches from a function, so that no network is between the bytes and its
 * parsers. It does not retry: what makes it give up is the last event. */
async function decode(sdk, { bytes, pieces = [] }) {
  const { SSEStreamSubscription } = need(sdk.core, "SSEStreamSubscription");
  const waiting = cut(Buffer.from(bytes, "base64"), pieces);
  const body = new ReadableStream({
    pull(stream) {
      const { value, done } = waiting.next();
      if (done) stream.close();
      else stream.enqueue(value);
    },
  });
  const subscription = new SSEStreamSubscription("http://localhost/", {
    headers: {},
    maxRetries: 0,
    fetchClient: async () => new Response(body, { headers: { "X-Stream-Version": "v2" } }),
  });
  const value = [];
  try {
    const reader = (await subscription.subscribe()).getReader();
    for (let part; !(part = await reader.read()).done; ) value.push(describePart(part.value));
  } catch (error) {
    const message = String(error?.message ?? error);
    const told = /^Stream read failed: (.*)$/s.exec(message);
    value.push(told ? { type: "error", body: told[1] } : { type: "failed", body: message });
  }
  return { value };
}

function streamOfValues(values) {
  return new ReadableStream({
    start(stream) {
      for (const value of values) stream.enqueue(value);
      stream.close();
    },
  });
}

/* The handle of a session, or of one of its side channels, and the sessions API. */
function openSession(sdk, command) {
  configure(sdk, command);
  const { client = "main", chat: id, channel } = command;
  const { sessions } = sdk.main;
  const whole = need(sessions, "open").open(id);
  const handle = channel === undefined ? whole : need(whole, "channel").channel(channel);
  bent?.handle?.(handle);
  return {
    write: async ({ value }) => ({ value: (await handle.in.send(value)) ?? null }),
    read: (command) => {
      const tell = voice(state);
      const { id, options = {} } = command;
      return beginStream(command, (signal) =>
        handle.out.read({
          ...options,
          signal,
          onPart: (content) => tell({ event: "part", id, client, content }),
          onControl: (content) => tell({ event: "control", id, client, content }),
          onComplete: () => tell({ event: "event", client, content: { type: "complete" } }),
          onError: (error) =>
            tell({ event: "event", client, content: { type: "error", error: describeError(error) } }),
        }),
      );
    },
    append: async ({ value }) => ({ value: (await handle.out.append(value)) ?? null }),
    pipe: async ({ values }) => ({
      value: (await handle.out.pipe(streamOfValues(values)).waitUntilComplete()) ?? null,
    }),
    writer: async ({ values }) => {
      const execute = ({ write }) => values.forEach((value) => write(value));
      return { value: (await handle.out.writer({ execute }).waitUntilComplete()) ?? null };
    },
    renew: () => void need(handle.out, "reset").reset(),
    control: async ({ subtype, headers = [] }) => ({
      value: (await handle.out.writeControl(subtype, headers)) ?? null,
    }),
    trim: async ({ seq }) => ({ value: (await handle.out.trimTo(seq)) ?? null }),
    call: async ({ method, arguments: given = [], every }) => {
      if (method === "startAction") {
        const [task, actionOptions, params] = given;
        const { createStartSessionAction } = need(sdk.agent.chat, "createStartSessionAction");
        return { value: await createStartSessionAction(task, actionOptions)(params) };
      }
      if (every) {
        const data = [];
        for await (const item of need(sessions, method)[method](...given)) data.push(item);
        return { value: { data } };
      }
      const page = await need(sessions, method)[method](...given);
      const { data, pagination } = page ?? {};
      return { value: Array.isArray(data) ? { data, pagination } : (page ?? null) };
    },
  };
}

/* The warm head-start handler: a route of a web server. The model is played: what it says is in the
 * command that opens the handler. */
function openHeadStart(sdk, command) {
  const { task, baseUrl, secretKey, options = {}, model = {} } = command;
  const { headStart } = need(sdk.server.chat, "headStart");
  const { text = "", chunks = [], finishReason = "stop" } = model;
  /* A model that fails says so where a caller asks how it ended. */
  const told = (value) => {
    const promise = model.error === undefined ? Promise.resolve(value) : Promise.reject(new Error(model.error));
    promise.catch(() => {});
    return promise;
  };
  const played = () => ({
    finishReason: told(finishReason),
    response: told({
      messages: model.messages ?? [{ role: "assistant", content: [{ type: "text", text }] }],
    }),
    /* The id of the message is the caller's to give, in the chunk that begins it. */
    toUIMessageStream: ({ generateMessageId } = {}) =>
      streamOfValues(
        chunks.map((chunk) =>
          chunk?.type === "start" && generateMessageId ? { messageId: generateMessageId(), ...chunk } : chunk,
        ),
      ),
    toUIMessageStreamResponse: () => new Response(""),
  });
  const made = headStart({
    ...options,
    agentId: task,
    apiClient: { baseURL: baseUrl, accessToken: secretKey },
    run: async () => played(),
  });
  const handler = bent?.handler?.(made) ?? made;
  return {
    "head-start": (command) =>
      beginStream(command, async (signal) => {
        const request = new Request("http://localhost/api/chat", {
          method: "POST",
          headers: { "content-type": "application/json", ...command.headers },
          body: JSON.stringify(command.body),
          signal,
        });
        const answer = await handler(request);
        voice(state)({
          event: "event",
          client: command.client ?? "main",
          content: { type: "answer", status: answer.status, headers: Object.fromEntries(answer.headers) },
        });
        return answer.body?.pipeThrough(new TextDecoderStream());
      }),
  };
}

/* ---- what this version offers on this platform ---- */

/* Kinds of clients; each with the class that it needs, and the commands that need a method of it. */
const KINDS = {
  transport: {
    open: openTransport,
    type: (sdk) => sdk.chat.TriggerChatTransport,
    /* Arrow-function members live on instances, so a throw-away one tells what there is. */
    sample: (Transport) => new Transport({ task: "sample", accessToken: async () => "" }),
    commands: {
      send: "sendMessages",
      regenerate: "sendMessages",
      pending: "sendPendingMessage",
      action: "sendAction",
      stop: "stopGeneration",
      reconnect: "reconnectToStream",
      start: "start",
      preload: "preload",
      session: "getSession",
      "set-session": "setSession",
      "seed-cursor": "seedResumeCursor",
      "clear-gate": "clearSupersedeGate",
      status: "sessionStatus",
      close: "dispose",
    },
  },
  agent: {
    open: openAgent,
    type: (sdk) => sdk.main.configure && sdk.chat.AgentChat,
    commands: {
      send: "sendRaw",
      regenerate: "sendRaw",
      pending: "steer",
      action: "sendAction",
      text: "sendMessage",
      status: "",
      stop: "stop",
      reconnect: "reconnect",
      preload: "preload",
      session: "",
      close: "close",
      handover: "sendHandover",
      "handover-skip": "sendHandoverSkip",
    },
  },
  subscription: {
    open: openSubscription,
    type: (sdk) => sdk.core.SSEStreamSubscription,
    commands: {
      read: "subscribe",
      "retry-now": "retryNow",
      "force-reconnect": "forceReconnect",
      status: "",
    },
  },
  session: {
    open: openSession,
    type: (sdk) => sdk.main.configure && sdk.main.sessions?.open && Object,
    commands: {
      write: "",
      read: "",
      append: "",
      pipe: "",
      writer: "",
      renew: "",
      control: "",
      trim: "",
      call: "",
    },
  },
  "head-start": {
    open: openHeadStart,
    type: (sdk) => sdk.server.chat?.headStart,
    commands: { "head-start": "" },
  },
};

/* {kind: [commands]}, and what is missing with the reason. */
function survey(sdk) {
  const kinds = {};
  const lacks = { ...sdk.lacks };
  for (const [kind, { type, sample, commands }] of Object.entries(KINDS)) {
    const found = type(sdk);
    if (!found) {
      lacks[kind] ??= "this version does not have it";
      continue;
    }
    const instance = sample?.(found);
    const has = (method) =>
      method === "" || typeof (instance?.[method] ?? found.prototype?.[method]) === "function";
    kinds[kind] = Object.keys(commands).filter((command) => has(commands[command]));
    instance?.dispose?.();
  }
  if (!canAbort) lacks.abort = "AbortSignal.any is missing: it takes Node 20.3";
  return { kinds, lacks };
}

/* ---- commands about the adapter itself ---- */

/* Node gives its collector to a new context once the flag is set, without being started with it. */
function collect() {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

function setVariable(name, value) {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

/* Of the process, so of all its clients; `reset` takes them back. */
function setEnvironment(environment) {
  for (const [name, value] of Object.entries(environment)) {
    if (!Object.hasOwn(state.environment, name)) state.environment[name] = process.env[name];
    setVariable(name, value);
  }
}

function streamOf({ target }) {
  return state.streams.get(target);
}

function generalCommands(sdk, kinds) {
  const commands = {
    open(command) {
      const { kind = "transport", client = "main" } = command;
      if (!kinds[kind]) throw new Unsupported(kind);
      setEnvironment(command.environment ?? {});
      state.clients.set(client, KINDS[kind].open(sdk, command));
    },
    /* Also of a stream that has ended: an application may keep its signal for long. */
    abort(command) {
      const entry = streamOf(command) ?? state.ended.get(command.target);
      entry?.controller.abort();
      return { value: Boolean(entry) };
    },
    async cancel(command) {
      const entry = streamOf(command);
      entry?.resume?.();
      await entry?.reader?.cancel();
      return { value: Boolean(entry) };
    },
    pause(command) {
      const entry = streamOf(command);
      if (entry) pause(entry);
      return { value: Boolean(entry) };
    },
    resume(command) {
      const entry = streamOf(command);
      entry?.resume?.();
      if (entry) entry.paused = undefined;
      return { value: Boolean(entry) };
    },
    answer({ ask: number, value, error }) {
      const question = state.asks.get(number);
      if (!question) throw new Error(`no open question ${number}`);
      state.asks.delete(number);
      if (error !== undefined) question.refuse(new Error(error));
      else question.give(value);
    },
    /* Whatever the old clients still do is no longer reported, and their streams are let go. */
    reset() {
      const old = state;
      state = freshState();
      for (const [name, value] of Object.entries(old.environment)) setVariable(name, value);
      for (const entry of old.streams.values()) {
        entry.resume?.();
        entry.controller?.abort();
      }
      for (const client of old.clients.values()) client.drop?.();
      for (const question of old.asks.values()) question.refuse(new Error("the adapter was reset"));
    },
    /* The heap after a collection; what the adapter itself keeps is little. */
    memory() {
      collect();
      const { heapUsed, external } = process.memoryUsage();
      return { value: heapUsed + external };
    },
    decode: (command) => decode(sdk, command),
    quit() {
      setImmediate(() => process.exit(0));
    },
  };
  if (!kinds.subscription) delete commands.decode;
  if (!canAbort) delete commands.abort;
  return commands;
}

/* ---- obeying ---- */

function handlerOf(general, command) {
  const { command: name, client = "main" } = command;
  if (Object.hasOwn(general, name)) return general[name];
  const known = Object.values(KINDS).some(({ commands }) => Object.hasOwn(commands, name));
  if (!known) throw new Unsupported(name);
  const found = state.clients.get(client);
  if (!found) throw new Error(`no client "${client}" is open`);
  if (name === "drop" || !Object.hasOwn(found, name)) throw new Unsupported(name);
  return found[name];
}

async function obey(general, line) {
  let command;
  try {
    command = JSON.parse(line);
  } catch (error) {
    say({ event: "fail", id: null, error: { name: "SyntaxError", message: error.message } });
    return;
  }
  const { id = null, command: name } = command ?? {};
  const owner = state;
  try {
    const result = await handlerOf(general, command ?? {})(command);
    if (state === owner || name === "reset") say({ event: "ok", id, ...result });
  } catch (error) {
    if (state !== owner) return;
    if (error instanceof Unsupported) {
      const what = error.message === name ? {} : { what: error.message };
      say({ event: "unsupported", id, command: String(name), ...what });
    } else {
      say({ event: "fail", id, error: describeError(error) });
    }
  }
}

/* Lines end at LF and at nothing else: node:readline also ends them at U+2028 and U+2029, which JSON
 * strings may hold. */
function readLines(onLine) {
  let pieces = [];
  process.stdin.on("data", (bytes) => {
    let from = 0;
    for (let end; (end = bytes.indexOf(10, from)) >= 0; from = end + 1) {
      pieces.push(bytes.subarray(from, end));
      const line = Buffer.concat(pieces).toString("utf8");
      pieces = [];
      if (line !== "") onLine(line);
    }
    if (from < bytes.length) pieces.push(bytes.subarray(from));
  });
  process.stdin.on("end", () => process.exit(0));
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

/* What one violation bends; undefined: the client is as it is. */
let bent;

try {
  const violateAt = process.argv.indexOf("--violate");
  if (violateAt >= 0) {
    const { violate } = await import("./violations.mjs");
    bent = await violate(process.argv[violateAt + 1], resolve(process.argv[rootAt + 1]));
  }
  const sdk = await loadSdk(resolve(process.argv[rootAt + 1]));
  const { kinds, lacks } = survey(sdk);
  const general = generalCommands(sdk, kinds);
  say({
    event: "hello",
    protocol: PROTOCOL,
    name: "@trigger.dev/sdk",
    version: sdk.version,
    runtime: `node ${process.versions.node}`,
    parser: sdk.parser,
    ai: sdk.ai,
    capabilities: [...new Set([...Object.keys(general), ...Object.values(kinds).flat()])],
    kinds,
    features: [
      "head-start",
      "agent-chat",
      "turn-callback",
      "addresses",
      "fetch",
      "environment",
      "tabs",
      ...(canAbort ? ["aborted-send", "signal-of"] : []),
    ],
    lacks,
    ...(kinds.subscription ? { decode: ["timestamps", "lenient", "parts"] } : {}),
  });
  /* Not awaited: commands run side by side, so that `answer` reaches a pending `send`. */
  readLines((line) => void obey(general, line));
} catch (error) {
  console.error(`adapter: ${error.message}`);
  process.exit(1);
}
