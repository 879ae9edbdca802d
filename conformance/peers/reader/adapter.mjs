/*
 * A client around the kind of reader that the protocol's documentation prints for people to copy:
 * one function, no packages. It is a second JavaScript client beside the SDK, and tells what those
 * who copy such a reader get: what it is known to be careless about is left as it is (below).
 *
 *     node adapter.mjs
 *
 * The first half is the client, the second the adapter (../PROTOCOL.md).
 */
import { randomUUID } from "node:crypto";

/* ---- the reader ---- */

/*
 * Yields {seq, chunk} and {seq, control, headers} of one connection, until it ends or says [DONE].
 *
 * Careless, as such readers are: lines end at LF or CRLF only; event names are trimmed; a record or
 * a body of an odd shape throws; nothing is dropped as a repeat; chunks of old agents whose type
 * starts with "trigger:" are shown; an error event without a text is passed over.
 */
async function* readChannel(response) {
  const decoder = new TextDecoder();
  let unfinished = [];
  let event = "";
  let data = [];
  for await (const bytes of response.body) {
    const [first, ...others] = decoder.decode(bytes, { stream: true }).split("\n");
    unfinished.push(first);
    for (const begun of others) {
      const line = unfinished.join("").replace(/\r$/, "");
      unfinished = [begun];
      if (line.startsWith("event:")) event = line.slice(6).trim();
      else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
      if (line !== "") continue;
      const text = data.join("\n");
      const name = event;
      event = "";
      data = [];
      if (text === "[DONE]") return;
      if (name === "error" && text) throw new Error(`the stream failed: ${text}`);
      if (name === "batch" && text) yield* readBatch(JSON.parse(text));
    }
  }
}

function* readBatch(batch) {
  for (const record of batch.records) {
    const seq = record.seq_num;
    const headers = record.headers ?? [];
    if (headers[0]?.[0] === "") {
      yield { seq }; /* a command to the stream store: it moves the cursor and nothing else */
      continue;
    }
    const values = Object.fromEntries([...headers].reverse());
    const control = values["trigger-control"];
    if (control !== undefined) yield { seq, control, headers: values };
    else yield { seq, chunk: JSON.parse(record.body).data };
  }
}

/* ---- the client: the steps that the documentation describes, around that reader ---- */

class RefusedError extends Error {
  constructor(what, status, code) {
    super(`${what} was refused with ${status}`);
    this.name = "RefusedError";
    this.status = status;
    this.code = code;
  }
}

class Chat {
  constructor({ baseUrl, id, ask, stored, timeout }) {
    this.timeout = timeout;
    this.url = `${baseUrl}/realtime/v1/sessions/${encodeURIComponent(id)}`;
    this.id = id;
    this.ask = ask;
    this.token = stored?.publicAccessToken;
    this.cursor = stored?.lastEventId;
    this.streaming = stored ? stored.isStreaming !== false : false;
  }

  state() {
    if (!this.token) return null;
    return { publicAccessToken: this.token, lastEventId: this.cursor, isStreaming: this.streaming };
  }

  async start() {
    this.token = (await this.ask("start", { chatId: this.id })).publicAccessToken;
  }

  async append(record) {
    if (this.closed) throw new RefusedError("the append", 409, "session_closed");
    if (!this.token) await this.start();
    const body = JSON.stringify(record);
    const partId = randomUUID();
    const overcome = new Set();
    for (;;) {
      const response = await fetch(`${this.url}/in/append`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${this.token}`,
          "content-type": "application/json",
          "x-part-id": partId,
        },
        body,
      });
      const answer = await response.json().catch(() => ({}));
      if (response.ok) return answer?.seq;
      const kind = response.status === 403 ? 401 : response.status;
      if (overcome.has(kind) || ![401, 404].includes(kind)) {
        if (answer?.code === "session_closed") this.closed = true;
        throw new RefusedError("the append", response.status, answer?.code);
      }
      overcome.add(kind);
      if (kind === 401) {
        this.token = await this.ask("token", { chatId: this.id });
      } else {
        await this.start();
        this.cursor = undefined;
      }
    }
  }

  async send(trigger, more) {
    const payload = { chatId: this.id, trigger, ...more };
    this.seq = await this.append({ kind: "message", payload });
    return this.begin();
  }

  /* A new turn takes the place of the one that is read. */
  begin() {
    this.reading?.abort();
    this.reading = new AbortController();
    this.streaming = true;
    return this.reading;
  }

  async stop() {
    await this.append({ kind: "stop" });
    this.skipping = this.streaming;
    this.streaming = false;
    this.reading?.abort();
  }

  /* Reads a turn to its end; the reader knows one connection, so what is lost is taken up here. */
  async read(reading, deliver, peek) {
    let refreshed = false;
    for (let failures = 0; failures < 10 && !reading.signal.aborted; failures++) {
      const before = this.cursor;
      try {
        const response = await this.subscribe(reading.signal, peek);
        if ([401, 403].includes(response.status) && !refreshed) {
          refreshed = true;
          this.token = await this.ask("token", { chatId: this.id });
          continue;
        }
        if (response.status >= 400 && response.status < 500) {
          throw new RefusedError("the subscription", response.status);
        }
        if (response.ok && (await this.readConnection(response, reading, deliver))) break;
      } catch (error) {
        if (error instanceof RefusedError) throw error;
      }
      if (this.cursor !== before) failures = 0;
      await new Promise((resume) => setTimeout(resume, Math.min(100 * 2 ** failures, 5000)));
    }
    const mine = this.reading === reading;
    if (mine) this.reading = undefined;
    if (mine && !reading.signal.aborted && !reading.over) throw new Error("the stream brings nothing");
    reading.abort();
  }

  subscribe(signal, peek) {
    const headers = { authorization: `Bearer ${this.token}`, accept: "text/event-stream" };
    headers["timeout-seconds"] = String(this.timeout ?? 120);
    if (this.cursor !== undefined) headers["last-event-id"] = String(this.cursor);
    if (peek) headers["x-peek-settled"] = "1";
    return fetch(`${this.url}/out`, { headers, signal });
  }

  /* True when there is no more to come. */
  async readConnection(response, reading, deliver) {
    for await (const { seq, chunk, control, headers } of readChannel(response)) {
      if (reading.signal.aborted) return true;
      this.cursor = String(seq);
      if (control === "turn-complete" && this.isOurs(headers)) {
        this.streaming = false;
        reading.over = true;
        return true;
      }
      if (chunk !== undefined && !this.skipping) deliver(chunk);
    }
    if (response.headers.get("x-session-settled") !== "true") return false;
    this.streaming = false;
    reading.over = true;
    return true;
  }

  isOurs(headers) {
    if (headers["public-access-token"]) this.token = headers["public-access-token"];
    const last = headers["session-in-event-id"];
    const stopped = this.skipping && Number(last) < this.seq;
    this.skipping = false;
    return !stopped && !(Number(last) < this.seq);
  }
}

/* ---- the adapter ---- */

function say(message) {
  process.stdout.write(JSON.stringify(message) + "\n");
}

let state;

function reset() {
  for (const chat of state?.chats.values() ?? []) chat.reading?.abort();
  for (const controller of state?.streams.values() ?? []) controller.abort();
  state = { chats: new Map(), streams: new Map(), asks: new Map(), subscriptions: new Map() };
}

function describe({ name, message, status, code }) {
  return { name, message, status, code: code === undefined ? undefined : String(code) };
}

function chatOf({ chat: id }) {
  const owner = state;
  if (!owner.opened) throw new Error("no client is open");
  if (!owner.chats.has(id)) {
    const ask = (kind, params) =>
      new Promise((give, refuse) => {
        const number = owner.asks.size + 1;
        owner.asks.set(number, { give, refuse });
        if (state === owner) say({ event: "ask", ask: number, kind, params });
      });
    const { baseUrl, options } = owner.opened;
    const { sessions, streamTimeoutSeconds: timeout } = options ?? {};
    owner.chats.set(id, new Chat({ baseUrl, id, ask, stored: sessions?.[id], timeout }));
  }
  return owner.chats.get(id);
}

/* Deeper values cannot be written as a line. */
const MAX_DEPTH = 500;

function isDeep(value, levels) {
  if (value === null || typeof value !== "object") return false;
  return levels === 0 || Object.values(value).some((inner) => isDeep(inner, levels - 1));
}

/* Answers the command, then reports what `read` delivers. */
function stream({ id }, read) {
  const owner = state;
  const tell = (message) => state === owner && say({ ...message, id });
  setImmediate(() =>
    read((chunk) => tell({ event: "chunk", chunk: isDeep(chunk, MAX_DEPTH) ? null : chunk })).then(
      () => tell({ event: "end" }),
      (error) => tell({ event: "error", error: describe(error) }),
    ),
  );
  return { stream: true };
}

async function turn(command, trigger, more) {
  const chat = chatOf(command);
  const reading = await chat.send(trigger, more);
  return stream(command, (deliver) => chat.read(reading, deliver, false));
}

const commands = {
  open(command) {
    const { kind = "transport", client = "main" } = command;
    if (kind === "subscription") state.subscriptions.set(client, command);
    else {
      state.opened = command;
      state.chats.clear();
    }
  },
  send: (command) => turn(command, "submit-message", { message: command.messages.at(-1) }),
  regenerate: (command) => turn(command, "regenerate-message"),
  action: (command) => turn(command, "action", { action: command.action }),
  stop: (command) => chatOf(command).stop(),
  reconnect(command) {
    const chat = chatOf(command);
    if (!chat.token || !chat.streaming || chat.closed || chat.reading) return { stream: false };
    const reading = chat.begin();
    return stream(command, (deliver) => chat.read(reading, deliver, true));
  },
  session: (command) => ({ value: chatOf(command).state() }),
  /* One connection of the bare reader. */
  read(command) {
    const opened = state.subscriptions.get(command.client ?? "main");
    const controller = new AbortController();
    state.streams.set(command.id, controller);
    return stream(command, async (deliver) => {
      const headers = { accept: "text/event-stream", ...opened.headers };
      if (opened.options?.lastEventId !== undefined) headers["last-event-id"] = opened.options.lastEventId;
      const seconds = opened.options?.timeoutInSeconds;
      if (seconds !== undefined) headers["timeout-seconds"] = String(seconds);
      const response = await fetch(opened.url, { headers, signal: controller.signal });
      if (!response.ok) throw new RefusedError("the subscription", response.status);
      for await (const part of readChannel(response)) deliver(part);
    });
  },
  abort({ target }) {
    state.streams.get(target)?.abort();
  },
  answer({ ask: number, value, error }) {
    const { give, refuse } = state.asks.get(number);
    if (error === undefined) give(value);
    else refuse(new Error(error));
  },
  reset,
  quit: () => void setImmediate(() => process.exit(0)),
};

async function obey(line) {
  let command;
  try {
    command = JSON.parse(line);
  } catch (error) {
    say({ event: "fail", id: null, error: describe(error) });
    return;
  }
  const { id = null, command: name } = command ?? {};
  if (!Object.hasOwn(commands, name)) {
    say({ event: "unsupported", id, command: String(name) });
    return;
  }
  const owner = state;
  try {
    const result = await commands[name](command);
    if (state === owner || name === "reset") say({ event: "ok", id, ...result });
  } catch (error) {
    if (state === owner) say({ event: "fail", id, error: describe(error) });
  }
}

reset();
say({
  event: "hello",
  protocol: 1,
  name: "chatspec-reader",
  version: "1.0",
  runtime: `node ${process.versions.node}`,
  capabilities: Object.keys(commands),
  kinds: {
    transport: ["send", "regenerate", "action", "stop", "reconnect", "session"],
    subscription: ["read", "abort"],
  },
});
/* Lines end at LF and at nothing else, and a long one comes in many pieces. */
let pieces = [];
process.stdin.on("data", (bytes) => {
  for (let end; (end = bytes.indexOf(10)) >= 0; bytes = bytes.subarray(end + 1)) {
    const line = Buffer.concat([...pieces, bytes.subarray(0, end)]).toString("utf8");
    pieces = [];
    void obey(line);
  }
  pieces.push(bytes);
});
process.stdin.on("end", () => process.exit(0));
