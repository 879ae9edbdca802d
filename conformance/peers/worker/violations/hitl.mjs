/* Violations of questions to the user and of approvals. */
import { chunkOf, dataRecord, inputOf, withChunk, withInput } from "../records.mjs";

const mapChunks = (records, change) =>
  records.map((record) => {
    const chunk = chunkOf(record);
    const changed = chunk && change(chunk);
    return changed ? withChunk(record, changed) : record;
  });

/* The client's message in a record of .in, if it is an assistant's with parts of tools. */
function answerIn(record) {
  const { kind, payload } = inputOf(record);
  const message = kind === "message" ? payload?.message : undefined;
  return message?.role === "assistant" ? message : undefined;
}

/* The same record with other parts of its message. */
function withParts(record, change) {
  const message = answerIn(record);
  const parts = message.parts.map(change);
  const input = inputOf(record);
  return withInput(record, { ...input, payload: { ...input.payload, message: { ...message, parts } } });
}

const isHook = (event, name) => event.event === "hook" && event.name === name;

/* Tool parts of the messages that onTurnComplete was shown. */
function toolParts(event) {
  if (!isHook(event, "onTurnComplete")) return [];
  return (event.data.uiMessages ?? []).flatMap((message) => message.parts ?? []).filter((part) => part.toolCallId);
}

const misses = (part) => (part.toolCallId ? { ...part, toolCallId: `other-${part.toolCallId}` } : part);

function startsOf(records) {
  return records.map(chunkOf).filter((chunk) => chunk?.type === "start").map((chunk) => chunk.messageId);
}

/* State is of the process; the payload of a run clears it. */
const started = new Set();
const known = new Set();
const approved = new Set();
let said = new Map();
let continued = false;

export default {
  "answers-its-own-question": {
    records: (records) =>
      records.flatMap((record) => {
        const { type, toolName, toolCallId } = chunkOf(record) ?? {};
        return type === "tool-input-available" && toolName === "ask"
          ? [record, dataRecord({ type: "tool-output-available", toolCallId, output: {} })]
          : [record];
      }),
  },
  "lists-no-pending-calls": {
    event(event) {
      if (event.event === "note" && event.name === "pending") event.data = { value: [] };
    },
  },
  "new-message-for-an-answer": {
    records: (records) =>
      mapChunks(records, (chunk) => {
        if (chunk.type !== "start") return undefined;
        if (started.has(chunk.messageId)) return { ...chunk, messageId: `new-${chunk.messageId}` };
        started.add(chunk.messageId);
        return undefined;
      }),
  },
  "answer-counts-as-two": {
    event(event) {
      if (!isHook(event, "onTurnComplete")) return;
      const fresh = event.data.newUIMessages ?? [];
      if (fresh.length === 1 && fresh[0].role === "assistant") event.data.newUIMessages = [fresh[0], fresh[0]];
    },
  },
  "takes-the-input-of-the-answer": {
    event(event) {
      for (const part of toolParts(event)) if (part.state === "output-available") part.input = { q: "forged" };
    },
  },
  /* The call is looked for in the message that the answer names, and nowhere else. */
  "goes-by-the-message-id": {
    records(records) {
      for (const id of startsOf(records)) known.add(id);
    },
    incoming(record) {
      const answer = answerIn(record);
      return answer && known.size > 0 && !known.has(answer.id) ? withParts(record, misses) : undefined;
    },
  },
  /* Whatever was said of a call last is what is kept. */
  "last-word-counts": {
    payload() {
      said = new Map();
    },
    incoming(record) {
      for (const { toolCallId, type, state, output } of answerIn(record)?.parts ?? []) {
        if (type === "tool-ask") said.set(toolCallId, { state, output });
      }
    },
    event(event) {
      for (const part of toolParts(event)) Object.assign(part, said.get(part.toolCallId) ?? {});
    },
  },
  "gives-up-the-open-call": {
    event(event) {
      for (const part of toolParts(event)) {
        if (part.state === "input-available" && event.data.turn > 0) part.state = "output-error";
      }
    },
  },
  "approval-of-another-call": {
    records: (records) =>
      mapChunks(records, (chunk) =>
        chunk.type === "tool-approval-request" ? { ...chunk, toolCallId: "another" } : undefined,
      ),
  },
  "hides-what-was-approved": {
    incoming(record) {
      for (const part of answerIn(record)?.parts ?? []) if (part.approval) approved.add(part.toolCallId);
    },
    records: (records) =>
      records.filter((record) => {
        const chunk = chunkOf(record);
        return !(chunk?.type === "tool-output-available" && approved.has(chunk.toolCallId));
      }),
    payload() {
      approved.clear();
    },
  },
  "runs-what-was-refused": {
    incoming: (record) =>
      answerIn(record)
        ? withParts(record, (part) => (part.approval ? { ...part, approval: { ...part.approval, approved: true } } : part))
        : undefined,
  },
  "failure-is-an-output": {
    incoming: (record) =>
      answerIn(record)
        ? withParts(record, ({ errorText, ...part }) =>
            part.state === "output-error" ? { ...part, state: "output-available", output: {} } : { ...part, errorText },
          )
        : undefined,
  },
  "late-answer-misses-its-call": {
    payload(payload) {
      continued = payload.continuation === true;
    },
    incoming: (record) => (continued && answerIn(record) ? withParts(record, misses) : undefined),
  },
  "old-results-are-new": {
    event(event) {
      if (event.event === "note" && event.name === "new" && event.data.value) {
        event.data.value.unshift({ toolCallId: "call1", toolName: "ask", output: {} });
      }
    },
  },
};
