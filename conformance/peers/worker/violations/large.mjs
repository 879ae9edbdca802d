/* Violations of the limit of one record, and of what a turn that meets it tells. */
import { chunkOf, isData, withChunk } from "../records.mjs";

const NEAR_THE_EDGE = 1_000_000;
const isTooLarge = (error) => error?.name === "ChatChunkTooLargeError";

/* What a note, a hook and a step's result tell of such an error. */
function bendError(event, bend) {
  if (isTooLarge(event.data?.error)) bend(event.data.error);
  return event;
}

export default {
  "refuses-at-the-edge": {
    records: (records) => records.filter((record) => record.body.length < NEAR_THE_EDGE),
  },
  "hides-size-of-chunk": {
    event: (event) => bendError(event, (error) => delete error.chunkSize),
  },
  "ignores-kind-of-chunk": {
    event: (event) => bendError(event, (error) => error.chunkType === "audit" && delete error.chunkType),
  },
  "swallows-size-error": {
    records: (records) =>
      records.filter((record) => {
        const chunk = isData(record) ? chunkOf(record) : undefined;
        return !(chunk?.type === "error" && /data-big.*1047552/.test(chunk.errorText));
      }),
  },
  "hides-size-error-from-hook": {
    event: (event) => {
      if (event.event === "hook" && event.name === "onTurnComplete" && /"?tool-output/.test(event.data?.error?.message)) {
        delete event.data.error;
      }
      return event;
    },
  },
  "loses-summary": {
    records: (records) =>
      records.map((record) => {
        const chunk = isData(record) ? chunkOf(record) : undefined;
        if (chunk?.type !== "tool-output-available" || !chunk.output?.summary) return record;
        return withChunk(record, { ...chunk, output: { id: chunk.output.id } });
      }),
  },
  "cuts-what-is-injected": {
    event: (event) => {
      if (event.event !== "prompt") return event;
      const cut = (key, value) => (value?.length === 1100002 && value.$text ? value.$text : value);
      return JSON.parse(JSON.stringify(event, cut));
    },
  },
};
