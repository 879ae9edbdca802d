/* Violations of chat.local. */
import { chunkOf, withChunk } from "../records.mjs";

const noteOf = (event) => (event.event === "note" ? event.name : undefined);

export default {
  /* As if what onBoot has set up were gone when a turn begins. */
  "boot-value-is-lost": {
    event(event) {
      if (noteOf(event) === "local") event.data.count = null;
    },
  },
  "local-error-is-vague": {
    records: (records) =>
      records.map((record) => {
        const chunk = chunkOf(record);
        const told = chunk?.type === "error" && chunk.errorText?.includes("chat.local");
        return told ? withChunk(record, { ...chunk, errorText: "An error occurred." }) : record;
      }),
  },
  "early-get-gives-nothing": {
    event(event) {
      if (noteOf(event) === "early") event.data = { value: {} };
    },
  },
  "nested-write-counts": {
    event(event) {
      if (noteOf(event) === "nested") event.data = { value: true };
    },
  },
  "sub-task-gets-no-locals": {
    request(call) {
      if (!/\/tasks\/[^/]+\/trigger$/.test(call.url)) return;
      const body = JSON.parse(call.body);
      delete body.options?.metadata?.["tool.execute.options"]?.chatLocals;
      call.body = JSON.stringify(body);
      call.headers.delete("content-length");
    },
  },
};
