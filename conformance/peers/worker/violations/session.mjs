/* Violations of sessions and their handles. Records of cases about handles have types that begin with
 * "raw": what is done to those alone leaves the turns of agents as they are. */
import { chunkOf, controlOf, isTrim, withChunk } from "../records.mjs";

const pathOf = (call) => new URL(call.url).pathname;
const isRaw = (record) => String(chunkOf(record)?.type ?? "").startsWith("raw");
const SUBSCRIPTION = /\/realtime\/v1\/sessions\/[^/]+\/in$/;
const APPEND = /\/in\/append$/;
/* The body of a trim to sequence 1, which no turn of an agent comes to. */
const FIRST = "\0\0\0\0\0\0\0\x01";
/* Credentials of the case about a write that is refused. */
const REFUSED_WRITE = /\/out-credentials-after-write-[^/]*\/out$/;
const WAIT = /\/session-streams\/wait$/;

/* Another body of a request with one. */
function changed(call, change) {
  if (typeof call.body !== "string") return;
  const value = JSON.parse(call.body);
  call.body = JSON.stringify(change(value) ?? value);
  call.headers.delete("content-length");
}

/* What a step of a raw task gave, told otherwise. */
function told(name, change) {
  return (event) => {
    if (event.event === "note" && event.name === name) event.data = change(event.data) ?? event.data;
  };
}

/* A request that the SDK would not make. */
function ask(path, init) {
  fetch(`${process.env.TRIGGER_API_URL}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${process.env.TRIGGER_SECRET_KEY}`, ...init?.headers },
  }).catch(() => {});
}

let refused = 0; // requests for credentials
let cached; // their answer
let granted; // credentials as they came first, {json, headers}

export default {
  "open-retrieves": {
    event(event) {
      if (event.event === "done" && event.value?.results?.length === 0) ask(`/api/v1/sessions/${event.value.id}`);
    },
  },
  "start-adds-tag": {
    request(call) {
      if (call.method === "POST" && pathOf(call) === "/api/v1/sessions") {
        changed(call, (body) => ({ ...body, tags: [...(body.tags ?? []), "extra"] }));
      }
    },
  },
  "closes-once": {
    request(call) {
      if (!/\/close$/.test(pathOf(call)) || call.body !== "{}") return undefined;
      return Response.json({ error: "closed already" }, { status: 409 });
    },
  },
  "list-first-page": {
    response(call, json) {
      if (call.method === "GET" && pathOf(call) === "/api/v1/sessions") return { ...json, pagination: {} };
      return undefined;
    },
  },
  "bare-ids": {
    request(call) {
      if (/x%2F1\/(in\/append|close)$/.test(pathOf(call))) call.url = call.url.replace("x%2F1", "x/1");
    },
  },
  "send-quotes-strings": {
    request(call) {
      if (APPEND.test(pathOf(call)) && call.body === "no JSON at all") call.body = JSON.stringify(call.body);
    },
  },
  "part-id-per-try": {
    request(call) {
      if (APPEND.test(pathOf(call))) call.headers.set("x-part-id", crypto.randomUUID());
    },
  },
  "double-encodes": {
    records: (records) =>
      records.map((record) => (isRaw(record) ? withChunk(record, JSON.stringify(chunkOf(record))) : record)),
  },
  /* The first refusal is answered for good. */
  "keeps-refused-credentials": {
    request(call) {
      if (call.method !== "PUT" || !/\/out$/.test(pathOf(call))) return undefined;
      refused++;
      if (refused === 1) return undefined;
      return cached ? Response.json({ error: "no" }, { status: 403 }) : undefined;
    },
    response(call, json) {
      if (call.method === "PUT" && json.error) cached = true;
      return undefined;
    },
  },
  /* A write that is refused asks for no other credentials. */
  "keeps-credentials-that-failed": {
    payload() {
      granted = undefined;
    },
    request: (call) =>
      granted && REFUSED_WRITE.test(pathOf(call))
        ? new Response(JSON.stringify(granted.json), { headers: granted.headers })
        : undefined,
    response(call, json, headers) {
      if (!REFUSED_WRITE.test(pathOf(call))) return;
      const kept = new Headers(headers);
      kept.delete("content-length");
      granted = { json, headers: kept };
    },
  },
  "control-in-body": {
    records: (records) =>
      records.map((record) => (controlOf(record) === "mark" ? { ...record, body: '{"data":{},"id":"b"}' } : record)),
  },
  "control-sorts-headers": {
    records: (records) =>
      records.map((record) =>
        controlOf(record) === "mark" && record.headers.length > 1
          ? { ...record, headers: [...record.headers].sort(([a], [b]) => (a < b ? -1 : 1)) }
          : record,
      ),
  },
  "trims-twice": {
    records: (records) =>
      records.flatMap((record) => (isTrim(record) && record.body === FIRST ? [record, record] : [record])),
  },
  "position-behind": {
    event(event) {
      const told = event.event === "note" && /^(piped|written)$/.test(event.name) ? event.data?.value : undefined;
      if (told?.lastEventId) told.lastEventId = String(Number(told.lastEventId) + 1);
    },
  },
  "once-throws-late": { event: told("late", () => ({ error: { name: "TimeoutError", message: "late" } })) },
  "waits-outside": {
    event(event) {
      const result = event.event === "done" ? event.value?.results?.[0] : undefined;
      if (/task/.test(result?.error?.message ?? "")) event.value.results[0] = { value: null };
    },
  },
  "wait-names-no-io": {
    request(call) {
      if (WAIT.test(pathOf(call))) changed(call, ({ io, ...rest }) => rest);
    },
  },
  "wait-without-position": {
    request(call) {
      if (WAIT.test(pathOf(call))) changed(call, ({ lastSeqNum, ...rest }) => rest);
    },
  },
  "wake-delivers-twice": {
    event: told("twice", () => ({ value: { ok: true, output: { n: 1 } } })),
  },
  "failed-wait-is-ok": { event: told("failed", () => ({ value: { ok: true } })) },
  "skipped-wait-suspends": {
    event(event) {
      if (event.event !== "note" || event.name !== "skipped") return;
      ask(`/api/v1/runs/run_0/session-streams/wait`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ session: "none", io: "in" }),
      });
    },
  },
  "handler-misses-buffered": {
    event(event) {
      return event.event === "note" && event.name === "heard" && event.data?.value?.n === 1 ? false : undefined;
    },
  },
  "listener-consumes": {
    event(event) {
      if (event.event === "note" && event.name === "left") event.data = { value: { ok: false } };
    },
  },
  "peek-consumes": { event: told("second", () => ({ value: { ok: false } })) },
  "subscribes-short": {
    request(call) {
      if (SUBSCRIPTION.test(pathOf(call)) && call.method === "GET") call.headers.set("timeout-seconds", "60");
    },
  },
  "subscribes-afresh": {
    request(call) {
      if (SUBSCRIPTION.test(pathOf(call)) && call.method === "GET") call.headers.delete("last-event-id");
    },
  },
  "repeats-parts": {
    incoming: (record) =>
      /^part-/.test(record.id ?? "") ? { ...record, id: `${record.id}-${record.seq}` } : undefined,
  },
  "hands-out-commands": {
    incoming: (record) =>
      record.headers?.[0]?.[0] === "" ? { ...record, headers: [], id: `c${record.seq}`, data: "{}" } : undefined,
  },
  "side-channel-is-main": {
    request(call) {
      if (/\/channels\/x\/out$/.test(pathOf(call))) call.url = call.url.replace("/channels/x", "");
    },
  },
  "side-channel-waits": {
    event: (event) => {
      if (event.event === "note" && event.name === "wait" && event.data?.error) event.data = { value: { ok: false } };
    },
  },
  "quiet-outside-chat": {
    event(event) {
      if (event.event !== "note" || !/outside|context|task|chat/i.test(event.data?.error?.message ?? "")) return;
      if (/^(chatContextOrThrow|stream|chat\.close)$/.test(event.name)) event.data = { value: null };
    },
  },
};
