/*
 * Violations: the adapter's client does one thing wrong, so that the suite can prove that its cases
 * notice where no other client does what they are about.
 *
 *     node adapter.mjs --root DIR --violate ID
 *
 * The SDK is left as it is; what is bent lies between it and the wire, or between it and the adapter.
 * A violation has any of these:
 *
 *   before()                before the SDK is loaded
 *   records(records, call)  what an append to the store carries, whatever its form: gives back what is
 *                           sent instead (../worker/violations.mjs)
 *   request(call)           any other request {method, url, headers, body}: change it in place; give
 *                           back false to send nothing (the SDK gets an empty 200) or a Response
 *   handle(handle)          the handle of a session, before the adapter uses it
 *   handler(handler)        the head-start handler: give back another
 */
import { createRequire, syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bendFetch } from "../worker/bend-fetch.mjs";
import { bendHttp2 } from "../worker/bend-http2.mjs";
import { controlOf, isData, isTrim, loadRecords } from "../worker/records.mjs";
import { packageFolder } from "./packages.mjs";

const LIMIT = 1047552; // bytes of a record's body

const bodyOf = (value) => JSON.stringify({ data: value, id: "1234567" });
const bytesOf = (value) => Buffer.byteLength(bodyOf(value));
const pathOf = ({ url }) => new URL(url).pathname;

/* The body of a request that comes by that method on a path of that end, or undefined. */
function bodyWhen(call, method, end) {
  return call.method === method && pathOf(call).endsWith(end) && call.body ? JSON.parse(call.body) : undefined;
}

const isRead = (call) => call.method === "GET" && pathOf(call).endsWith("/out");

function bendBody(call, method, end, bend) {
  const body = bodyWhen(call, method, end);
  if (!body) return;
  bend(body);
  call.body = JSON.stringify(body);
  call.headers.delete("content-length");
}

const bendCreate = (bend) => ({
  request: (call) => bendBody(call, "POST", "/api/v1/sessions", (body) => bend(body.triggerConfig)),
});

const bendHandover = (bend) => ({
  request: (call) => bendBody(call, "POST", "/in/append", (body) => body.kind === "handover" && bend(body)),
});

/* append(value, go) in the place of the handle's own, which is go(value). */
const bendAppend = (append) => ({
  handle({ out }) {
    const go = out.append.bind(out);
    out.append = (value, ...rest) => append(value, (other) => go(other, ...rest), out);
  },
});

/* What is in the frames of a handler's answer, one by one. */
const bendAnswer = (bendFrame, bendHeaders = () => {}) => ({
  handler: (handler) => async (request) => {
    const answer = await handler(request);
    const headers = new Headers(answer.headers);
    bendHeaders(headers);
    const frames = new TransformStream({
      transform(frame, out) {
        if (bendFrame(Buffer.from(frame).toString("utf8"))) out.enqueue(frame);
      },
    });
    return new Response(answer.body.pipeThrough(frames), { status: answer.status, headers });
  },
});

function ownFetch(bend) {
  const { fetch } = globalThis;
  globalThis.fetch = (input, init) => bend(input, init, fetch);
}

/* Status 503 of an append session looks like 403, which nobody tries again. */
function refuseForGood() {
  const http2 = createRequire(import.meta.url)("node:http2");
  const { connect } = http2;
  http2.connect = (...args) => {
    const session = connect(...args);
    const request = session.request.bind(session);
    session.request = (...words) => {
      const stream = request(...words);
      const emit = stream.emit.bind(stream);
      stream.emit = (event, headers, ...rest) => {
        if (event === "response" && headers[":status"] === 503) headers[":status"] = 403;
        return emit(event, headers, ...rest);
      };
      return stream;
    };
    return session;
  };
  syncBuiltinESMExports();
}

const all = {
  /* ---- writers ---- */
  "control-with-body": {
    records: (records) =>
      records.map((record) => (controlOf(record) === undefined ? record : { ...record, body: "x" })),
  },
  "makes-up-credentials": {
    before: () =>
      ownFetch(async (input, init, go) => {
        const answer = await go(input, init);
        if (init?.method !== "PUT") return answer;
        const headers = new Headers(answer.headers);
        for (const name of ["x-s2-access-token", "x-s2-stream-name"]) {
          if (!headers.has(name)) headers.set(name, "made-up");
        }
        if (!/^[a-z0-9-]{8,48}$/.test(headers.get("x-s2-basin") ?? "")) headers.set("x-s2-basin", "made-up-basin");
        return new Response(answer.body, { status: answer.status, headers });
      }),
  },
  "trims-one-less": {
    records: (records) =>
      records.map((record) =>
        isTrim(record) ? { ...record, body: `${record.body.slice(0, -1)}${String.fromCharCode(record.body.charCodeAt(7) - 1)}` } : record,
      ),
  },
  /* What the store's client looks for to tell a platform without HTTP/2. */
  "without-http2": {
    before: () => {
      globalThis.WebSocketPair = class {};
    },
  },
  "bare-data": {
    records: (records) =>
      records.map((record) =>
        isData(record) ? { ...record, body: Buffer.from(JSON.stringify(JSON.parse(Buffer.from(record.body, "latin1")).data)).toString("latin1") } : record,
      ),
  },
  "asks-every-time": bendAppend((value, go, out) => {
    out.reset();
    return go(value);
  }),
  "gives-up-at-once": { before: refuseForGood },
  "reports-the-tail": {
    handle({ out }) {
      const pipe = out.pipe.bind(out);
      out.pipe = (...args) => {
        const piped = pipe(...args);
        const waitUntilComplete = async () => {
          const { lastEventId } = await piped.waitUntilComplete();
          return { lastEventId: String(Number(lastEventId) + 1) };
        };
        return { ...piped, waitUntilComplete };
      };
    },
  },

  /* ---- how large a record may be ---- */
  "limit-one-lower": bendAppend((value, go) => {
    if (bytesOf(value) < LIMIT) return go(value);
    throw Object.assign(new Error(`${bytesOf(value)} bytes, limit 1047552`), { name: "ChatChunkTooLargeError" });
  }),
  "sends-a-part": bendAppend(async (value, go) => {
    if (bytesOf(value) > LIMIT) await go("a part of it");
    return go(value);
  }),
  "error-without-numbers": bendAppend(async (value, go) => {
    try {
      return await go(value);
    } catch {
      throw Object.assign(new Error("too large"), { name: "ChatChunkTooLargeError" });
    }
  }),
  "counts-characters": bendAppend((value, go) =>
    go(bodyOf(value).length <= LIMIT && bytesOf(value) > LIMIT ? "counted otherwise, so it was sent" : value),
  ),
  "always-a-type": bendAppend(async (value, go) => {
    try {
      return await go(value);
    } catch (error) {
      error.message = error.message.replace("chunk is", 'chunk of type "unknown" is');
      throw error;
    }
  }),
  "refuses-large-appends": {
    handle(handle) {
      const send = handle.in.send.bind(handle.in);
      handle.in.send = async (value, ...rest) => {
        if (Buffer.byteLength(value) > 512 * 1024) throw new Error("too large to be posted");
        return send(value, ...rest);
      };
    },
  },

  /* ---- the head-start handler ---- */
  "creates-without-history": bendCreate(({ basePayload }) => {
    delete basePayload.headStartMessages;
  }),
  "waits-a-minute": bendCreate((config) => {
    config.basePayload.idleTimeoutInSeconds = 60;
  }),
  "chat-tag-last": bendCreate((config) => {
    config.tags = [...config.tags.slice(1), config.tags[0]];
  }),
  "three-tags": bendCreate((config) => {
    config.tags = config.tags.slice(0, 3);
  }),
  "long-tags": bendCreate((config) => {
    const tag = `chat:${config.basePayload.chatId}`;
    if (!config.tags.includes(tag)) config.tags.unshift(tag);
  }),
  "never-final": bendHandover((body) => {
    body.isFinal = false;
  }),
  "always-final": bendHandover((body) => {
    body.isFinal = true;
  }),
  "another-message-id": bendHandover((body) => {
    body.messageId = "another";
  }),
  "hands-over-at-once": {
    request(call) {
      if (call.method === "PUT") {
        const url = call.url.replace(/out$/, "in/append");
        const body = JSON.stringify({ kind: "handover", partialAssistantMessage: [], messageId: "m", isFinal: true });
        const headers = { authorization: call.headers.get("authorization"), "content-type": "application/json" };
        void fetch(url, { method: "POST", headers, body });
      }
    },
  },
  "reads-from-the-start": {
    request: (call) => void (isRead(call) && call.headers.delete("last-event-id")),
  },
  "drops-session-state": bendAnswer((frame) => !frame.includes("trigger:session-state")),
  "drops-turn-complete": bendAnswer((frame) => !frame.includes("trigger:turn-complete")),
  "invents-a-cursor": {
    request: (call) => void (isRead(call) && !call.headers.has("last-event-id") && call.headers.set("last-event-id", "0")),
  },
  "never-skips": {
    request: (call) => (bodyWhen(call, "POST", "/in/append")?.kind === "handover-skip" ? Response.json({ ok: true }) : undefined),
  },
  "answers-without-token": bendAnswer(
    () => true,
    (headers) => headers.delete("x-trigger-chat-access-token"),
  ),
  "makes-up-a-chat": {
    handler: (handler) => async (request) => {
      const body = await request.json();
      const { url, method, headers, signal } = request;
      return handler(new Request(url, { method, headers, signal, body: JSON.stringify({ chatId: "made-up", ...body }) }));
    },
  },
  "asks-whether-settled": {
    request: (call) => void (isRead(call) && call.headers.set("x-peek-settled", "1")),
  },
};

/* Puts it between the SDK and what it talks to; to be called before the SDK is loaded. Gives what the
 * adapter is to call itself. */
export async function violate(id, root) {
  if (!Object.hasOwn(all, id)) throw new Error(`no violation is called "${id}"`);
  const { before, records, request, handle, handler } = all[id];
  before?.();
  if (records || request) {
    const sdk = packageFolder("@trigger.dev/sdk", root);
    await loadRecords(pathToFileURL(join(sdk, "package.json")).href);
    bendFetch({ ...(records && { records }), ...(request && { request: [request] }) });
    if (records) bendHttp2({ records });
  }
  return { handle, handler };
}
