/* Violations of the turn loop: what is written, and in which order. */
import {
  chunkOf,
  dataRecord,
  isTrim,
  isTurnComplete,
  withChunk,
  withHeader,
} from "../records.mjs";

const typeOf = (record) => chunkOf(record)?.type;

/* The same records, with those of one kind made anew. */
const change = (is, make) => (records) => records.flatMap((record) => (is(record) ? make(record) : [record]));

/* A long row of deltas the wrong way round. */
const LONG = 20;
function reversed(records) {
  const deltas = records.filter((record) => typeOf(record) === "text-delta");
  if (deltas.length < LONG) return records;
  return records.map((record) => (typeOf(record) === "text-delta" ? deltas.pop() : record));
}

/* The first turn's hooks told the wrong way round, once a run. */
function swappedHooks() {
  const told = new Set();
  return (event) => {
    if (event.event !== "hook") return;
    if (event.name === "onChatStart") event.name = "onTurnStart";
    else if (event.name === "onTurnStart" && !told.has(event.id)) {
      told.add(event.id);
      event.name = "onChatStart";
    }
  };
}

/* A look at the snapshot that a fresh run has no use for. */
function looksForSnapshot(call) {
  const url = new URL(call.url);
  const opened = url.pathname.match(/^\/realtime\/v1\/sessions\/([^/]+)\/in$/);
  if (!opened || call.headers.get("last-event-id")) return;
  const headers = { authorization: call.headers.get("authorization") };
  fetch(`${url.origin}/api/v1/sessions/${opened[1]}/snapshot-url`, { headers }).catch(() => {});
}

/* Claims are asked for twice, from a case's second turn on: each has a platform of its own. */
function asksForClaimsTwice() {
  const asked = new Map();
  return (call) => {
    if (!call.url.endsWith("/auth/jwt/claims") || call.headers.get("x-again")) return;
    asked.set(call.url, (asked.get(call.url) ?? 0) + 1);
    if (asked.get(call.url) < 3) return;
    const { method, body } = call;
    fetch(call.url, { method, body, headers: { ...Object.fromEntries(call.headers), "x-again": "1" } }).catch(() => {});
  };
}

/* An answer that pauses is told to be over. */
const PAUSE = 5;
function overInMidAnswer(records) {
  const of = (type) => records.filter((record) => typeOf(record) === type).length;
  if (of("text-delta") < PAUSE || of("text-end") > 0) return records;
  return [...records, { headers: [["trigger-control", "turn-complete"]], body: "" }];
}

/* A message that was answered before gets the beginning of an answer again. */
function answersNothing() {
  let trigger;
  let written = 0;
  return {
    payload() {
      trigger = undefined;
      written = 0;
    },
    incoming({ data }) {
      const message = typeof data === "string" ? data : "";
      trigger = message.includes('"trigger":"submit-message"') ? "submit-message" : undefined;
    },
    records: (records) =>
      records.flatMap((record) => {
        if (!isTurnComplete(record)) {
          written += isTrim(record) ? 0 : 1;
          return [record];
        }
        const empty = written === 0 && trigger !== undefined;
        written = 0;
        return empty ? [dataRecord({ type: "start", messageId: "again" }), record] : [record];
      }),
  };
}

/* The first id of an answer, whatever it is an answer to. */
function keepsIdOnRegenerate() {
  let id;
  let again = false;
  return {
    incoming({ data }) {
      if (typeof data === "string" && data.includes('"regenerate-message"')) again = true;
    },
    records: change((record) => typeOf(record) === "start", (record) => {
      const chunk = chunkOf(record);
      const kept = again && id ? id : chunk.messageId;
      id = chunk.messageId;
      again = false;
      return [withChunk(record, { ...chunk, messageId: kept })];
    }),
  };
}

/* Parts that were only to be seen are told to be part of the message. */
function keepsTransient() {
  const seen = [];
  return {
    records(records) {
      seen.push(...records.map(chunkOf).filter((chunk) => chunk?.transient));
      return records;
    },
    event(event) {
      if (event.event !== "hook" || event.name !== "onTurnComplete") return;
      event.data.responseMessage?.parts?.push(...seen.splice(0));
    },
  };
}

export default {
  "drops-trim": {
    records: (records) => records.filter((record) => !isTrim(record)),
  },
  "reverses-long-batches": { records: reversed },
  "hooks-swapped": { event: swappedHooks() },
  "fresh-run-reads-snapshot": { request: looksForSnapshot },
  "claims-twice": { request: asksForClaimsTwice() },
  "boundary-in-mid-answer": { records: overInMidAnswer },
  "part-ids-repeat": {
    records: change((record) => typeOf(record) === "text-end", (record) => [
      { ...record, body: JSON.stringify({ data: chunkOf(record), id: "the-end" }) },
    ]),
  },
  "start-with-other-id": {
    records: change((record) => typeOf(record) === "start", (record) => {
      const chunk = chunkOf(record);
      return [withChunk(record, { ...chunk, messageId: `${chunk.messageId}-0` })];
    }),
  },
  "boundary-with-body": {
    records: change(isTurnComplete, (record) => [{ ...record, body: "{}" }]),
  },
  "boundary-control-last": {
    records: change(isTurnComplete, (record) => [withHeader({ ...record, headers: record.headers.slice(1) }, ...record.headers[0])]),
  },
  "noop-turn-writes": answersNothing(),
  "regenerate-keeps-id": keepsIdOnRegenerate(),
  "keeps-transient-parts": keepsTransient(),
  "swallows-errors": {
    records: (records) => records.filter((record) => typeOf(record) !== "error"),
  },
};
