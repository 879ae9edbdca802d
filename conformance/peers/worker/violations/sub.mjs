/* Violations of what a parent does with a durable agent of its own. */
import { chunkOf, isData, withChunk } from "../records.mjs";

const PART = "data-subagent";

/* Bends the bodies of what is sent to a child. */
function bendBody(call, path, bend) {
  if (call.method !== "POST" || !path.test(new URL(call.url).pathname)) return undefined;
  const body = JSON.parse(call.body);
  const bent = bend(body);
  call.body = JSON.stringify(body);
  return bent;
}

const bendParts = (records, bend) =>
  records.flatMap((record) => {
    const chunk = isData(record) ? chunkOf(record) : undefined;
    if (chunk?.type !== PART) return [record];
    const bent = bend(chunk);
    return bent ? [withChunk(record, bent)] : [];
  });

export default {
  "child-without-preload": {
    request: (call) =>
      bendBody(call, /\/api\/v1\/sessions$/, ({ triggerConfig }) => {
        triggerConfig.basePayload.trigger = "submit-message";
      }),
  },
  "child-without-tag": {
    request: (call) =>
      bendBody(call, /\/api\/v1\/sessions$/, ({ triggerConfig }) => {
        triggerConfig.tags = [];
      }),
  },
  "never-closes-child": {
    request: (call) =>
      bendBody(call, /-child\/in\/append$/, ({ payload }) => (payload?.trigger === "close" ? false : undefined)),
  },
  "numbers-parts-from-one": {
    records: (records) =>
      bendParts(records, (part) => ({ ...part, data: { ...part.data, seq: part.data.seq + 1 } })),
  },
  "loses-a-chunk-of-the-child": {
    records: (records) =>
      bendParts(records, (part) =>
        part.data.seq === 1 ? { ...part, data: { ...part.data, chunks: part.data.chunks.slice(1) } } : part,
      ),
  },
  "keeps-parts-in-history": {
    event: (event) => {
      const messages = event.event === "hook" && event.name === "onTurnComplete" ? event.data?.uiMessages : undefined;
      const answer = messages?.find(({ parts }) => parts.some(({ type }) => type === "tool-forward"));
      answer?.parts.push({ type: PART, data: {} });
      return event;
    },
  },
  "shows-the-model-the-whole-output": {
    event: (event) => {
      for (const { content } of event.event === "prompt" ? event.messages : []) {
        for (const part of Array.isArray(content) ? content : []) {
          if (/^summary of/.test(part.output?.value)) part.output = { type: "json", value: { blob: "xxxxxxxx" } };
        }
      }
      return event;
    },
  },
  "sub-task-without-continuation": {
    event: (event) => {
      if (event.event === "note" && event.name === "chatContextOrThrow") delete event.data.value?.continuation;
      return event;
    },
  },
  /* The stop of that case alone: what a stop does else is the business of other cases. */
  "deaf-to-stop-beside-child": {
    incoming: ({ data }) =>
      typeof data === "string" && data.includes("the child too") ? null : undefined,
  },
};
