/* Violations of the rows about common mistakes. Where the same chunks belong to many cases, only the
 * stream of the case meant is bent: a chat's id begins with the name of its case. */
import { chunkOf, controlRecord, dataRecord, headerOf, isTurnComplete, withChunk, withHeader } from "../records.mjs";

const typeOf = (record) => chunkOf(record)?.type;
const errorText = (record) => String((typeOf(record) === "error" && chunkOf(record).errorText) || "");

/* What is written to the streams of those cases: the stream's name is in the path, escaped. */
const inCases = (names, change) => (records, { url }) =>
  names.some((name) => decodeURIComponent(url).includes(`/${name}-`)) ? records.flatMap(change) : records;
const inCase = (name, change) => inCases([name], change);

/* Whether the run that began last is that case's: the payload tells. */
function runOf(name) {
  const run = { is: false, continues: false };
  return {
    run,
    payload({ chatId, continuation }) {
      run.is = new RegExp(`^${name}-[0-9a-f]+$`).test(chatId);
      run.continues = continuation === true;
    },
  };
}

const appended = runOf("follow-up-by-append-right");
const continued = runOf("continuation");
const LOST_LOCAL = "chat.local can only be modified after initialization.";
let heavy = false; // the agent with tools named for the call alone runs
let marked; // the token of an answer's header

export default {
  "create-appends": {
    request(call) {
      if (call.method !== "POST" || new URL(call.url).pathname !== "/api/v1/sessions") return;
      const { externalId, triggerConfig } = JSON.parse(call.body);
      if (!triggerConfig?.basePayload?.message) return;
      fetch(`${process.env.TRIGGER_API_URL}/realtime/v1/sessions/${externalId}/in/append`, {
        method: "POST",
        headers: { authorization: `Bearer ${process.env.TRIGGER_SECRET_KEY}`, "x-part-id": "follow-up" },
        body: JSON.stringify({ kind: "message", payload: triggerConfig.basePayload }),
      }).catch(() => {});
    },
  },
  "append-reaches-nobody": {
    payload: appended.payload,
    incoming: (record) => (appended.run.is && String(record.data).includes('"submit-message"') ? null : undefined),
  },
  "copies-header-token": {
    response(_, json, headers) {
      marked = headers.get("x-trigger-jwt") ?? marked;
      return json;
    },
    records: (records) =>
      records.map((record) =>
        marked && isTurnComplete(record) && headerOf(record, "public-access-token")
          ? withHeader(record, "public-access-token", marked)
          : record,
      ),
  },
  "hides-local-error": {
    records: (records) =>
      records.map((record) =>
        errorText(record).startsWith("chat.local") ? withChunk(record, { type: "error", errorText: "failed" }) : record,
      ),
  },
  /* What onBoot sets up is gone in a continuation, and its turn fails. */
  "continuation-has-no-local": {
    payload: continued.payload,
    records: (records) =>
      records.map((record) =>
        continued.run.is && continued.run.continues && typeOf(record) === "text-delta"
          ? withChunk(record, { type: "error", errorText: LOST_LOCAL })
          : record,
      ),
  },
  "history-not-waited-for": {
    payload(payload) {
      if (payload.metadata?.gates?.includes("history")) delete payload.metadata.gates;
    },
  },
  "drops-ask-output": {
    records: inCase("question-executes-wrong", (record) => (typeOf(record) === "tool-output-available" ? [] : [record])),
  },
  "answers-question": {
    records: inCase("question-waits-right", (record) =>
      typeOf(record) === "tool-input-available"
        ? [record, dataRecord({ type: "tool-output-available", toolCallId: "call1", output: {} })]
        : [record],
    ),
  },
  "forgets-short-form": {
    event(event) {
      if (event.event !== "prompt" || event.callOfTurn !== 0) return;
      event.messages = JSON.parse(JSON.stringify(event.messages).replaceAll(/summary of \d+ characters/g, "xxxxxxxx"));
    },
  },
  "remembers-tools-of-the-call": {
    event(event) {
      if (event.event === "started") heavy = event.task === "heavy-on-call-only";
      if (event.event !== "prompt" || event.callOfTurn !== 0 || !heavy) return;
      event.messages = JSON.parse(JSON.stringify(event.messages).replaceAll(/x{8,}/g, "summary of 300 characters"));
    },
  },
  "hides-warm-output": {
    records: inCase("warm-tools-execute-wrong", (record) => (typeOf(record) === "tool-output-available" ? [] : [record])),
  },
  "warm-step-runs-tools": {
    records: inCase("warm-tools-bare-right", (record) =>
      typeOf(record) === "tool-input-available"
        ? [record, dataRecord({ type: "tool-output-available", toolCallId: "call1", output: {} })]
        : [record],
    ),
  },
  "hides-limit": {
    records: inCase("megabytes-wrong", (record) =>
      errorText(record).includes("1047552") ? [withChunk(record, { type: "error", errorText: "failed" })] : [record],
    ),
  },
  "limit-counts-short-outputs": {
    records: inCase("summary-right", (record) =>
      typeOf(record) === "tool-output-available"
        ? [withChunk(record, { type: "error", errorText: "exceeds the limit of 1047552 bytes" })]
        : [record],
    ),
  },
  /* The stream is never settled, so a read that peeks waits for the answer like any other. */
  "begins-again-at-once": {
    records: inCase("peek-on-send-wrong", (record) =>
      isTurnComplete(record) ? [record, dataRecord({ type: "start", messageId: "next" })] : [record],
    ),
  },
  "keeps-answer-to-itself": {
    records: inCase("read-on-send-right", (record) => (chunkOf(record)?.delta === "second" ? [] : [record])),
  },
  "agent-peeks": {
    request(call) {
      if (call.method === "GET" && /\/in$/.test(new URL(call.url).pathname)) call.headers.set("x-peek-settled", "1");
    },
  },
  "data-ends-turns": {
    records: inCase("control-as-data-wrong", (record) =>
      typeOf(record) === "trigger:turn-complete" ? [controlRecord("turn-complete")] : [record],
    ),
  },
  "boundary-as-data": {
    records: inCases(["control-in-headers-right", "forms"], (record) =>
      isTurnComplete(record) ? [dataRecord({ type: "trigger:turn-complete" }), record] : [record],
    ),
  },
  "exports-mcp": {
    event(event) {
      if (event.event === "done" && Array.isArray(event.value)) event.value = [...event.value, "mcpTools"];
    },
  },
};
