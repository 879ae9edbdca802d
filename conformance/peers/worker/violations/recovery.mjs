/* Violations of boots that go on where another run ended, of the stored transcript, and of running out
 * of memory. */
import { chunkOf, dataRecord, isTurnComplete } from "../records.mjs";

/* What a record of .in or .out holds: its `data` is an object, or the text of one. */
function inside(record) {
  if (typeof record.data !== "string") return record.data;
  try {
    return JSON.parse(record.data);
  } catch {
    return undefined;
  }
}

const withInside = (record, data) => ({ ...record, data: typeof record.data === "string" ? JSON.stringify(data) : data });
const isUserRecord = (record) => inside(record)?.kind === "message" && inside(record).payload?.message !== undefined;
/* A data record of .out: those of .in have a kind. */
const isChunk = (record) => typeof inside(record)?.type === "string";
const isUpload = ({ method, url }) => method === "PUT" && url.includes("/packets/");
const isDownload = ({ method, url }) => method === "GET" && url.includes("/packets/");
const isBootRead = ({ method, url }) => method === "GET" && /\/(snapshot-url|(in|out)\/records)/.test(url);

/* What several violations keep from one thing they see to the next, for the run that began last. */
let run = {};
function began(event) {
  if (event.event === "started") run = { id: event.id, task: event.task };
}
let unreadable = false; // the run's transcript is one that nobody can read
let lastMessage; // of a run's payload: its id

const hookEvent = (name, data) => ({ event: "hook", id: run.id, at: 0, name, data });

export default {
  /* The cursor of .in is not used when its tail is read. */
  "reads-in-from-start": {
    request(call) {
      if (/\/in\/records\?/.test(call.url)) call.url = call.url.replace(/\?.*/, "");
    },
  },
  /* Answers behind the transcript do not exist for it, finished or not. */
  "ignores-out-tail": {
    incoming: (record) => (isChunk(record) ? null : undefined),
  },
  /* Each open message is found twice. */
  "doubles-open-message": {
    incoming(record) {
      if (!isUserRecord(record) || record.seq === undefined) return undefined;
      const data = inside(record);
      const message = { ...data.payload.message, id: `${data.payload.message.id}-again` };
      const again = withInside(record, { ...data, payload: { ...data.payload, message } });
      return [record, { ...again, id: `${record.id}x`, seq: record.seq + 0.5 }];
    },
  },
  /* Messages that wait at boot are never seen. */
  "loses-open-messages": {
    request(call) {
      if (call.method === "GET" && /\/in(\/records)?(\?|$)/.test(call.url)) run.drains = call.url.includes("/in/records");
    },
    incoming(record) {
      if (!isUserRecord(record)) return undefined;
      run.lost ??= new Set();
      if (run.drains) run.lost.add(String(record.seq));
      return run.lost.has(String(record.seq)) ? null : undefined;
    },
    event: began,
  },
  /* Every open message comes with the metadata of the first. */
  "one-metadata-for-all": {
    request(call) {
      if (call.method === "GET" && /\/in(\/records)?(\?|$)/.test(call.url)) run.drains = call.url.includes("/in/records");
    },
    incoming(record) {
      if (!isUserRecord(record) || !run.drains) return undefined;
      const data = inside(record);
      run.metadata ??= data.payload.metadata;
      return [withInside(record, { ...data, payload: { ...data.payload, metadata: run.metadata } })];
    },
    event: began,
  },
  /* A boot that reads what was there calls onChatStart all the same. */
  "chat-start-on-continuation": {
    request(call) {
      if (isBootRead(call) && call.url.includes("snapshot-url")) run.reads = true;
    },
    event(event) {
      began(event);
      return event.event === "hook" && event.name === "onBoot" && run.reads
        ? [event, hookEvent("onChatStart", event.data)]
        : undefined;
    },
  },
  /* onRecoveryBoot is called at every boot. */
  "recovers-always": {
    event(event) {
      began(event);
      if (event.event !== "hook") return undefined;
      if (event.name === "onRecoveryBoot") run.recovered = true;
      return event.name === "onBoot" && run.task === "recovery" && !run.recovered
        ? [hookEvent("onRecoveryBoot", {}), event]
        : undefined;
    },
  },
  /* What was pending is neither taken out of the partial nor told. */
  "raw-partial": {
    event(event) {
      if (event.event !== "hook" || event.name !== "onRecoveryBoot") return;
      const { partialAssistant, pendingToolCalls } = event.data;
      for (const { toolName, toolCallId } of pendingToolCalls ?? []) {
        partialAssistant?.parts.push({ type: `tool-${toolName}`, toolCallId, state: "input-available" });
      }
      event.data.pendingToolCalls = [];
    },
  },
  /* onRecoveryBoot is called once the run has begun. */
  "boots-before-hook": {
    event(event) {
      began(event);
      if (event.event !== "hook") return undefined;
      if (event.name === "onRecoveryBoot") {
        run.kept = event;
        return false;
      }
      if (event.name !== "onBoot" || !run.kept) return undefined;
      return [event, run.kept];
    },
  },
  /* A read that fails at boot leaves a run that writes nothing. */
  "fails-with-reads": {
    answered(call, status) {
      if ((isBootRead(call) || isDownload(call)) && status >= 500) run.failed = true;
    },
    records: (records) => (run.failed ? [] : records),
    event: began,
  },
  /* A chat that begins is told to go on. */
  "beginning-goes-on": {
    event(event) {
      if (event.event === "hook" && event.name === "onBoot") event.data.continuation = true;
    },
  },
  /* Without a cursor .in is read from behind its first record. */
  "cursor-out-of-thin-air": {
    request(call) {
      if (/\/sessions\/no-cursor-[^/]*\/in\/records$/.test(call.url)) call.url += "?afterEventId=0";
    },
  },
  /* The default comes whatever onRecoveryBoot decides: its chain, its turns, its beforeBoot. */
  "hook-decides-nothing": {
    event(event) {
      began(event);
      if (event.event === "prompt" && run.task === "recovery-chain") {
        event.messages.splice(-1, 0, { role: "assistant", content: [{ type: "text", text: "half" }] });
      } else if (event.event === "prompt" && run.task === "recovery-turns") {
        event.messages = JSON.parse(JSON.stringify(event.messages).replace("made by the hook", "three"));
      } else if (event.event === "hook" && event.name === "beforeBoot") {
        return false;
      } else if (event.event === "error" && event.message === "beforeBoot fails") {
        return { event: "done", id: event.id, value: null };
      }
      return undefined;
    },
    records: (records) =>
      records.flatMap((record) => {
        if (run.task !== "recovery-no-turns" || run.answered || chunkOf(record)?.type !== "start") return [record];
        run.answered = true;
        const id = "open";
        const part = [{ type: "text-start", id }, { type: "text-delta", id, delta: "third" }, { type: "text-end", id }];
        return [record, ...part.map(dataRecord)];
      }),
  },

  /* ---- the transcript ---- */

  "stores-nothing": {
    request: (call) => (isUpload(call) ? new Response("") : undefined),
  },
  /* The cursor's last digit is another; the length stays. */
  "wrong-in-cursor": {
    request(call) {
      if (!isUpload(call)) return;
      const other = (_, head, last) => `${head}${(Number(last) + 1) % 10}"`;
      call.body = call.body.replaceAll(/("lastInEventId":"\d*)(\d)"/g, other);
    },
  },
  "wrong-offsets": {
    request(call) {
      if (!isUpload(call)) return;
      call.body = call.body.replace(/"offsets":\[(\d+)(\d)/, (_, head, last) => `"offsets":[${head}${(Number(last) + 1) % 10}`);
      call.headers.delete("content-length");
    },
  },
  /* A transcript of the first format counts as none: its objects are told by when they were stored. */
  "refuses-format-1": {
    request(call) {
      if (isUpload(call)) run.uploaded = true;
      if (isDownload(call) && !run.uploaded) return new Response("", { status: 404 });
      return undefined;
    },
  },
  /* A turn that failed is not stored. */
  "forgets-failed-turn": {
    records(records) {
      if (records.some((record) => chunkOf(record)?.type === "error")) run.error = true;
      return records;
    },
    request: (call) => (isUpload(call) && run.error ? new Response("") : undefined),
    event: began,
  },
  /* What cannot be read counts as an empty transcript of all that is on .out. */
  "unreadable-counts-as-read": {
    payload: ({ chatId }) => void (unreadable = /^snapshot-(garbage|unknown-version)-/.test(chatId)),
    request: (call) =>
      unreadable && isDownload(call)
        ? Response.json({ version: 1, savedAt: 1000, messages: [], lastOutEventId: "15" })
        : undefined,
  },
  "partial-is-final": {
    request(call) {
      if (isUpload(call)) call.body = call.body.replaceAll('"final":false', '"final":true ');
    },
  },
  /* Stores the history that the application gives. */
  "stores-hydrated": {
    request(call) {
      const session = call.url.match(/^(.*\/)realtime\/v1\/sessions\/([^/]*)\/out$/);
      if (session && call.method === "PUT") run.presign = { url: `${session[1]}api/v1/sessions/${session[2]}/snapshot-url`, headers: call.headers };
    },
    records(records) {
      if (run.task === "hydrate" && run.presign && records.some(isTurnComplete)) {
        fetch(run.presign.url, { method: "PUT", headers: run.presign.headers }).catch(() => {});
      }
      return records;
    },
    event: began,
  },

  /* ---- out of memory ---- */

  "no-second-attempt": {
    event(event) {
      if (event.value?.registered?.retry) delete event.value.registered.retry;
    },
  },
  "oom-ends-quietly": {
    event: (event) =>
      event.event === "error" && event.name === "OutOfMemoryError" ? { event: "done", id: event.id, value: null } : undefined,
  },
  /* Whatever goes wrong ends the run: nothing is written any more. */
  "any-error-ends-the-run": {
    records(records) {
      if (run.over) return [];
      run.over = run.task === "oom" && records.some((record) => chunkOf(record)?.type === "error");
      return records;
    },
    event: began,
  },
  /* The second attempt takes the message of the first for another. */
  "retry-answers-again": {
    payload(payload) {
      if (payload.message && lastMessage === payload.message.id) {
        return { ...payload, message: { ...payload.message, id: `${payload.message.id}-again` } };
      }
      lastMessage = payload.message?.id;
      return payload;
    },
  },
  /* The second attempt is not given the message of the first. */
  "retry-forgets-message": {
    payload(payload) {
      if (payload.message && lastMessage === payload.message.id) {
        const { message, trigger, ...rest } = payload;
        return { ...rest, continuation: true };
      }
      lastMessage = payload.message?.id;
      return payload;
    },
  },
};
