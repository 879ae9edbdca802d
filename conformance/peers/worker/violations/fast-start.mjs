/* Violations of fast starts: of a run that waits for its first message or for a handover, and of the route
 * handler of Head Start. */
import { chunkOf, isData } from "../records.mjs";

let run; // payload of the run that goes on or went on last
let asked = false; // its model
let stopped = false; // before that
const seen = new Map(); // how often a chat was preloaded
let handler = false; // a handler is at work, and no run yet
let leftover = false; // an old handover was seen by a continuation

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const told = (record) => parse(record.data);
const withData = (record, data) => ({ ...record, data: JSON.stringify(data) });

const follow = {
  payload(payload) {
    run = payload;
    asked = stopped = handler = leftover = false;
    if (payload?.trigger === "preload") seen.set(payload.chatId, (seen.get(payload.chatId) ?? 0) + 1);
  },
  event(event) {
    if (event.event === "prompt") asked = true;
  },
};

/* A first message in the place of the wait. */
const answersAtOnce = (trigger) => ({
  payload(payload) {
    if (payload?.trigger !== trigger) return;
    const message = { id: "made-up", role: "user", parts: [{ type: "text", text: "made up" }] };
    payload.message = payload.headStartMessages?.[0] ?? message;
    payload.trigger = "submit-message";
  },
});

/* What the handler puts on .in or creates, changed in place; `false`: it never goes out. */
const handlerSays = (change) => ({
  request(call) {
    const path = new URL(call.url).pathname;
    const what = path.endsWith("/in/append") ? "append" : path === "/api/v1/sessions" ? "create" : undefined;
    const body = what && call.method === "POST" ? parse(call.body) : undefined;
    if (!body) return undefined;
    if (change[what]?.(body) === false) return false;
    call.body = JSON.stringify(body);
    call.headers.delete("content-length");
    return undefined;
  },
});

/* The answer to a post to the handler. */
const answerIs = (change) => ({
  event(event) {
    if (event.event === "done" && event.value?.headers && event.value.status) change(event.value);
  },
});

export default {
  "answers-preload": answersAtOnce("preload"),
  "preload-untold": {
    event(event) {
      if (event.event === "hook" && event.data?.preloaded === true) event.data.preloaded = false;
    },
  },
  "keeps-early-stop": {
    ...follow,
    incoming(record) {
      if (run?.trigger === "preload" && !asked && told(record)?.kind === "stop") stopped = true;
      return undefined;
    },
    records: (records) => records.filter((record) => !stopped || chunkOf(record)?.type !== "text-delta"),
  },
  "ignores-early-close": {
    ...follow,
    incoming: (record) =>
      run?.trigger === "preload" && !asked && told(record)?.payload?.trigger === "close" ? null : undefined,
  },
  "forgets-after-oom": {
    ...follow,
    incoming: (record) =>
      seen.get(run?.chatId) > 1 && told(record)?.kind === "message" ? null : undefined,
  },
  "answers-before-handover": answersAtOnce("handover-prepare"),
  "renames-handover": {
    incoming(record) {
      const data = told(record);
      return data?.kind === "handover" ? withData(record, { ...data, messageId: "other" }) : undefined;
    },
  },
  "answers-final-handover": {
    incoming(record) {
      const data = told(record);
      return data?.kind === "handover" && data.isFinal
        ? withData(record, { ...data, isFinal: false })
        : undefined;
    },
  },
  "ignores-skip": {
    incoming: (record) => (told(record)?.kind === "handover-skip" ? null : undefined),
  },
  "waits-on": {
    event: (event) =>
      event.event === "done" && run?.trigger === "handover-prepare" && event.id !== undefined && !event.value?.headers
        ? false
        : undefined,
    payload: follow.payload,
  },
  "takes-old-handover": {
    payload: follow.payload,
    incoming(record) {
      if (run?.continuation && told(record)?.kind === "handover") leftover = true;
      return undefined;
    },
    event(event) {
      if (event.event !== "prompt" || !leftover) return;
      event.messages.push({ role: "assistant", content: [{ type: "text", text: "warm" }] });
    },
  },
  "breaks-handover-tail": {
    payload: follow.payload,
    records: (records) =>
      records.filter(
        (record) => run?.trigger !== "handover-prepare" || !chunkOf(record)?.type?.startsWith("tool-output-"),
      ),
  },
  "creates-without-history": handlerSays({
    create({ triggerConfig }) {
      if (triggerConfig?.basePayload?.trigger === "handover-prepare") delete triggerConfig.basePayload.headStartMessages;
    },
  }),
  "answers-without-token": answerIs((value) => {
    delete value.headers["x-trigger-chat-access-token"];
  }),
  "hands-over-unstored": {
    ...handlerSays({
      create({ triggerConfig }) {
        handler = triggerConfig?.basePayload?.trigger === "handover-prepare";
      },
    }),
    payload: follow.payload,
    records: (records) => records.filter((record) => !handler || !isData(record)),
  },
  "hands-over-another-id": handlerSays({
    append(body) {
      if (body.kind === "handover") body.messageId = "other";
    },
  }),
  "takes-call-for-final": handlerSays({
    append(body) {
      if (body.kind === "handover") body.isFinal = true;
    },
  }),
  "takes-final-for-call": handlerSays({
    append(body) {
      if (body.kind === "handover") body.isFinal = false;
    },
  }),
  "ends-without-cursor": answerIs((value) => {
    value.chunks = value.chunks?.filter(({ type }) => type !== "trigger:session-state");
  }),
  "keeps-skip": handlerSays({
    append: (body) => body.kind !== "handover-skip",
  }),
  "takes-owned-options": answerIs((value) => {
    value.status = 200;
  }),
};
