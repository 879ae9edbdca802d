/* Violations of compaction: when it comes, what it leaves, what it tells. */
import { chunkOf } from "../records.mjs";

/* What the message in hand says of compaction, and what the runs did about it. */
let wanted = {};
const compacted = new Set(); // runs
const inner = new Set();

function follow(event) {
  if (event.event === "hook" && event.name === "onCompacted") compacted.add(event.id);
  if (event.event === "note" && event.name === "shouldCompact" && event.data.source === "inner") inner.add(event.id);
}

const isHook = (event, name) => event.event === "hook" && event.name === name;
const isQuestion = (event) => event.event === "note" && event.name === "shouldCompact";
const messageOf = (record) => {
  try {
    return JSON.parse(record.data).payload;
  } catch {
    return undefined;
  }
};

/* The same for a message of the boot and for one on .in. */
const onMetadata = (look) => ({
  payload(payload) {
    if (payload?.metadata) look(payload.metadata);
  },
  incoming(record) {
    const payload = messageOf(record);
    if (!payload?.metadata) return undefined;
    look(payload.metadata);
    return { ...record, data: JSON.stringify({ ...JSON.parse(record.data), payload }) };
  },
});

const remember = onMetadata((metadata) => {
  wanted = metadata;
});

const textOf = (message) => (message.content ?? []).map?.((part) => part.text ?? "").join("") ?? message.content;
const extra = (event, more) => ({ at: event.at, id: event.id, ...more });
const summarizes = (event) => extra(event, { event: "hook", name: "summarize", data: { source: "outer" } });

export default {
  "never-compacts": onMetadata((metadata) => {
    delete metadata.compactAbove;
  }),
  "compacts-unasked": {
    ...remember,
    event: (event) =>
      isQuestion(event) && event.data.source === "outer" && event.data.totalTokens <= wanted.compactAbove
        ? [event, summarizes(event)]
        : undefined,
  },
  "compacts-again": {
    event(event) {
      follow(event);
      if (!isHook(event, "onTurnComplete") || !(event.data.stopped || inner.has(event.id))) return undefined;
      const asked = { name: "shouldCompact", data: { source: "outer", totalTokens: 0 } };
      return [extra(event, { event: "note", ...asked }), summarizes(event), event];
    },
  },
  "forgets-summary": {
    ...remember,
    event(event) {
      if (event.event !== "prompt") return;
      event.messages = event.messages.filter((message) => {
        const text = textOf(message);
        return text !== wanted.summary && !text.startsWith("[Conversation summary]");
      });
    },
  },
  "hides-compaction": {
    records: (records) => records.filter((record) => chunkOf(record)?.type !== "data-compaction"),
  },
  "silent-compaction": {
    event: (event) => (isHook(event, "onCompacted") ? false : undefined),
  },
  "cuts-what-is-seen": {
    event(event) {
      follow(event);
      if (!isHook(event, "onTurnComplete") || !compacted.has(event.id)) return;
      event.data.uiMessages = event.data.uiMessages.slice(-2);
    },
  },
  "keeps-what-is-seen": {
    event(event) {
      follow(event);
      if (!isHook(event, "onTurnComplete") || !compacted.has(event.id)) return;
      event.data.uiMessages = [{ role: "user", parts: [] }, ...event.data.uiMessages];
    },
  },
  "ignores-prepare-step": {
    event: (event) => (event.event === "note" && event.name === "prepareStep" ? false : undefined),
  },
  "compacts-after-spread": {
    ...remember,
    event(event) {
      follow(event);
      if (event.event !== "prompt" || event.callOfTurn !== 1 || !wanted.summary || inner.has(event.id)) return;
      event.messages = [{ role: "user", content: [{ type: "text", text: wanted.summary }] }];
    },
  },
};
