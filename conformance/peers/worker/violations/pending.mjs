/* Violations of messages that arrive while an answer is being written. */
import { chunkOf, headerOf, inputOf, isTurnComplete, withChunk, withHeader } from "../records.mjs";

const INJECTED = "data-pending-message-injected";
const isHook = (event, name) => event.event === "hook" && event.name === name;

function mapInjected(records, change) {
  return records.map((record) => {
    const chunk = chunkOf(record);
    return chunk?.type === INJECTED ? withChunk(record, { ...chunk, data: change(chunk.data) }) : record;
  });
}

/* A user's message in a record of .in. */
function messageIn(record) {
  const { kind, payload } = inputOf(record);
  return kind === "message" && payload?.trigger === "submit-message" ? payload.message : undefined;
}

const textOf = (parts) => (typeof parts === "string" ? parts : (parts ?? []).map((part) => part.text ?? "").join(""));

/* What of a run is told: its task, whether a turn is under way, texts of messages that came within one. */
function watcher() {
  const seen = { task: undefined, busy: false, received: new Set() };
  return {
    seen,
    look(event) {
      if (event.event === "started") {
        seen.task = event.task;
        seen.busy = false;
        seen.received.clear();
      } else if (isHook(event, "run")) seen.busy = true;
      else if (isHook(event, "onBeforeTurnComplete")) seen.busy = false;
      else if (isHook(event, "onReceived")) seen.received.add(textOf(event.data.message?.parts));
    },
  };
}

/* Takes the last message out of a prompt if it is one of those that came in mid-turn. */
function dropReceived(event, { received }) {
  const last = event.messages?.at(-1);
  if (last?.role === "user" && received.has(textOf(last.content))) event.messages.pop();
}

const aborting = watcher();
const dropping = watcher();
const losing = watcher();
const injecting = watcher();
const compacting = watcher();
let aborted = false;
let injectedIds = [];
let repeated = new Map();

export default {
  "message-aborts-the-turn": {
    event: (event) => aborting.look(event),
    incoming(record) {
      if (messageIn(record) && aborting.seen.busy) aborted = true;
    },
    records(records) {
      const sent = records.map((record) =>
        aborted && chunkOf(record)?.type === "finish" ? withChunk(record, { type: "abort" }) : record,
      );
      if (records.some(isTurnComplete)) aborted = false;
      return sent;
    },
    payload() {
      aborted = false;
    },
  },
  /* Of agents without pendingMessages. A turn that failed is over with its boundary alone. */
  "drops-messages-in-mid-turn": {
    event: (event) => dropping.look(event),
    records(records) {
      if (records.some(isTurnComplete)) dropping.seen.busy = false;
    },
    incoming: (record) =>
      messageIn(record) && dropping.seen.busy && dropping.seen.task === "plain" ? null : undefined,
  },
  "asks-for-each-message": {
    event(event) {
      const messages = isHook(event, "shouldInject") ? event.data.messages : undefined;
      return messages?.map((message) => ({ ...event, data: { ...event.data, messages: [message] } }));
    },
  },
  "injects-without-telling": {
    event: (event) => (isHook(event, "onInjected") ? false : undefined),
  },
  "injection-without-texts": {
    records: (records) => mapInjected(records, (data) => ({ ...data, messages: [] })),
  },
  "injected-not-in-history": {
    records(records) {
      mapInjected(records, (data) => {
        injectedIds.push(...data.messageIds);
        return data;
      });
    },
    event(event) {
      if (!isHook(event, "onTurnComplete")) return;
      for (const list of ["uiMessages", "newUIMessages"]) {
        event.data[list] = (event.data[list] ?? []).filter((message) => !injectedIds.includes(message.id));
      }
    },
    payload() {
      injectedIds = [];
    },
  },
  /* A message that was not injected is in no later turn either. */
  "waiting-message-is-lost": {
    event(event) {
      losing.look(event);
      if (event.event === "prompt" && event.callOfTurn === 0) dropReceived(event, losing.seen);
    },
  },
  "counts-what-waits": {
    records: (records) =>
      records.map((record) => {
        const consumed = isTurnComplete(record) ? headerOf(record, "session-in-consumed-id") : undefined;
        return consumed === undefined ? record : withHeader(record, "session-in-event-id", consumed);
      }),
  },
  /* Although run() has not asked for it. */
  "injects-all-the-same": {
    event(event) {
      injecting.look(event);
      if (event.event !== "prompt" || event.callOfTurn === 0 || injecting.seen.task !== "pending-unmanaged") return;
      for (const text of injecting.seen.received) event.messages.push({ role: "user", content: [{ type: "text", text }] });
    },
  },
  "compaction-drops-the-injection": {
    event(event) {
      compacting.look(event);
      const compacted = event.event === "prompt" && event.messages.some(({ content }) => textOf(content) === "the summary");
      if (compacted) dropReceived(event, compacting.seen);
    },
  },
  "queues-a-repeat-twice": {
    incoming(record) {
      const id = messageIn(record)?.id;
      if (id) repeated.set(id, (repeated.get(id) ?? 0) + 1);
    },
    records: (records) =>
      mapInjected(records, (data) => ({
        ...data,
        messageIds: data.messageIds.flatMap((id) => Array(Math.max(1, repeated.get(id) ?? 1)).fill(id)),
      })),
    payload() {
      repeated = new Map();
    },
  },
};
