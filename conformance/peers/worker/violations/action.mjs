/* Violations of actions. */
import { say } from "../say.mjs";
import { chunkOf, dataRecord, inputOf, isTurnComplete, withChunk, withInput, withoutHeader } from "../records.mjs";

const isHook = (event, name) => event.event === "hook" && event.name === name;

/* What of a run is told: its number, whether a turn is under way, whether onAction was the last thing called. */
function watcher() {
  const seen = { id: undefined, busy: false, acted: false };
  return {
    seen,
    look(event) {
      if (event.event === "started") Object.assign(seen, { id: event.id, busy: false, acted: false });
      else if (isHook(event, "onAction")) seen.acted = true;
      else if (isHook(event, "run")) Object.assign(seen, { busy: true, acted: false });
      else if (isHook(event, "onBeforeTurnComplete")) seen.busy = false;
    },
  };
}

function actionIn(record) {
  const { kind, payload } = inputOf(record);
  return kind === "message" && payload?.trigger === "action" ? payload : undefined;
}

function withPayload(record, change) {
  const input = inputOf(record);
  return withInput(record, { ...input, payload: change(input.payload) });
}

function userTextIn(record) {
  const { kind, payload } = inputOf(record);
  return kind === "message" && payload?.message?.role === "user" ? payload.message.parts[0]?.text : undefined;
}

const refusing = watcher();
const writing = watcher();
const pointing = watcher();
const storing = watcher();
const hasty = watcher();
let edits = false; // the last action was an edit
let firstId;
let afterAction; // the text of the message that followed an action
let actionWaits = false;

export default {
  /* Refused without a word: no error stands before the boundary. */
  "refuses-in-silence": {
    event: (event) => refusing.look(event),
    incoming(record) {
      if (actionIn(record)) refusing.seen.acted = false;
    },
    records: (records) =>
      records.filter((record) => chunkOf(record)?.type !== "error" || refusing.seen.acted),
  },
  "edit-writes-data": {
    event: (event) => writing.look(event),
    incoming(record) {
      const payload = actionIn(record);
      if (payload) edits = payload.action?.type === "edit";
    },
    records: (records) =>
      records.flatMap((record) =>
        isTurnComplete(record) && writing.seen.acted && edits ? [dataRecord({ type: "data-edited", data: 1 }), record] : [record],
      ),
  },
  "action-starts-a-turn": {
    event: (event) => (isHook(event, "onAction") ? [event, { ...event, name: "onTurnStart" }] : undefined),
  },
  "ignores-the-edit": {
    incoming: (record) =>
      actionIn(record)?.action?.history
        ? withPayload(record, (payload) => ({ ...payload, action: { ...payload.action, history: undefined } }))
        : undefined,
  },
  "new-answer-under-the-old-id": {
    records: (records) =>
      records.map((record) => {
        const chunk = chunkOf(record);
        if (chunk?.type !== "start") return record;
        firstId ??= chunk.messageId;
        return withChunk(record, { ...chunk, messageId: firstId });
      }),
    payload() {
      firstId = undefined;
    },
  },
  "value-error-is-vague": {
    records: (records) =>
      records.map((record) => {
        const chunk = chunkOf(record);
        return chunk?.errorText?.includes("onAction returned a value")
          ? withChunk(record, { ...chunk, errorText: "An error occurred." })
          : record;
      }),
  },
  "edit-loses-the-cursor": {
    event: (event) => storing.look(event),
    request(call) {
      if (call.method !== "PUT" || !/\/packets\//.test(call.url) || !storing.seen.acted) return;
      call.body = Buffer.from(call.body).toString("utf8").replace(/"lastOutEventId":"\d+",/, "");
      call.headers.delete("content-length");
    },
  },
  "undo-writes-all": {
    event(event) {
      if (event.event !== "note" || event.name !== "save" || event.data.reason !== "action") return;
      event.data.changes = [{ op: "remove", id: "all" }, ...event.data.changes];
    },
  },
  "action-moves-no-cursor": {
    event: (event) => pointing.look(event),
    records: (records) =>
      records.map((record) =>
        isTurnComplete(record) && pointing.seen.acted ? withoutHeader(record, "session-in-event-id") : record,
      ),
  },
  "forgets-what-was-asked": {
    incoming: (record) =>
      actionIn(record)?.action?.message
        ? withPayload(record, (payload) => ({ ...payload, action: { ...payload.action, message: undefined } }))
        : undefined,
  },
  "action-does-not-wait": {
    event: (event) => hasty.look(event),
    incoming(record) {
      const payload = actionIn(record);
      if (payload && hasty.seen.busy) {
        say({ event: "hook", id: hasty.seen.id, name: "onAction", data: { action: payload.action } });
      }
    },
  },
  "loses-what-follows-an-action": {
    event(event) {
      const last = event.event === "prompt" ? event.messages.at(-1) : undefined;
      if (last?.role === "user" && afterAction !== undefined && last.content?.[0]?.text === afterAction) event.messages.pop();
    },
    incoming(record) {
      const text = userTextIn(record);
      if (text !== undefined && actionWaits) afterAction = text;
      actionWaits = actionIn(record) !== undefined;
    },
    payload() {
      afterAction = undefined;
      actionWaits = false;
    },
  },
  "webhook-is-held-to-the-schema": {
    incoming: (record) =>
      actionIn(record)?.actionSource
        ? withPayload(record, ({ actionSource, ...payload }) => payload)
        : undefined,
  },
};
