/* Violations of what the turn loop makes of .in, and of how a run ends. */
import { controlOf, headerOf, isTurnComplete, withHeader, withoutHeader } from "../records.mjs";

const says = (record, text) => typeof record.data === "string" && record.data.includes(text);
const isStop = (record) => says(record, '"kind":"stop"');
const isMessage = (record) => says(record, '"kind":"message"');

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/* Nothing comes any more after a record that cannot be read. */
function stumbles() {
  let chat;
  return (record) => {
    if (typeof record.data !== "string") return undefined;
    if (!isJson(record.data)) chat = record.seq;
    else if (record.seq <= chat) chat = undefined; /* another chat */
    return chat === undefined ? undefined : null;
  };
}

/* Of several messages that wait, all but one are lost. */
function keepsOneWaiting() {
  let waiting = 0;
  return {
    payload() {
      waiting = 0;
    },
    incoming(record) {
      if (!isMessage(record)) return undefined;
      waiting++;
      return waiting > 1 ? null : undefined;
    },
    records(records) {
      if (records.some(isTurnComplete)) waiting = 0;
      return records;
    },
  };
}

/* A stop that came while no turn ran is told to have stopped the next. */
function stopsLate() {
  let stopped = false;
  let hit = false;
  return {
    payload() {
      stopped = hit = false;
    },
    incoming(record) {
      stopped ||= isStop(record);
    },
    records(records) {
      if (records.some(isTurnComplete)) {
        hit = stopped;
        stopped = false;
      }
      return records;
    },
    event(event) {
      if (hit && event.event === "hook" && event.name === "onTurnComplete") event.data.stopped = true;
    },
  };
}

/* What was kept of a stopped answer is told as it was in the moment of the stop. */
function keepsStoppedAsItWas(event) {
  if (event.event !== "hook" || event.name !== "onTurnComplete" || !event.data.stopped) return;
  const parts = event.data.responseMessage?.parts ?? [];
  for (const part of parts) if (part.type === "text") part.state = "streaming";
  parts.push({ type: "tool-look", state: "input-available", toolCallId: "call1", input: {} });
}

/* A run that ends by its own wish asks for a waitpoint all the same. */
function waitsAfterEndRun() {
  let origin;
  let headers;
  return {
    request(call) {
      if (!call.headers.get("authorization")) return;
      ({ origin } = new URL(call.url));
      headers = { authorization: call.headers.get("authorization"), "content-type": "application/json" };
    },
    event(event) {
      if (event.event !== "note" || event.name !== "chat.endRun") return;
      const url = `${origin}/api/v1/runs/run_none/session-streams/wait`;
      fetch(url, { method: "POST", headers, body: "{}" }).catch(() => {});
    },
  };
}

/* A waitpoint whose time is up ends the run in an error. */
function failsWhenTimeIsUp() {
  let run; // {id, task} of the one that began last: other commands are done too
  let slept = false;
  return {
    event(event) {
      if (event.event === "started") run = { id: event.id, task: event.task };
      if (event.id !== run?.id) return undefined;
      const over = event.event === "done" && slept && run.task === "impatient";
      slept = event.event === "suspended";
      return over ? { event: "error", id: event.id, name: "Error", message: "Waitpoint timed out" } : undefined;
    },
  };
}

const REASON = "session-closed-reason";

export default {
  "unreadable-record-ends-reading": { incoming: stumbles() },
  "one-waiting-message": keepsOneWaiting(),
  "ignores-stop": { incoming: (record) => (isStop(record) ? null : undefined) },
  "late-stop-counts": stopsLate(),
  "stopped-answer-as-it-was": { event: keepsStoppedAsItWas },
  "ignores-close": { incoming: (record) => (says(record, '"trigger":"close"') ? null : undefined) },
  "waits-a-day": {
    request(call) {
      if (!call.url.endsWith("/session-streams/wait")) return;
      call.body = JSON.stringify({ ...JSON.parse(call.body), timeout: "24h" });
      call.headers.delete("content-length");
    },
  },
  "end-run-waits": waitsAfterEndRun(),
  "time-up-is-an-error": failsWhenTimeIsUp(),
  "boundary-hides-close": {
    records: (records) => records.map((record) => withoutHeader(record, "session-closed")),
  },
  "close-reason-too-short": {
    records: (records) =>
      records.map((record) => {
        const reason = headerOf(record, REASON);
        return reason === undefined ? record : withHeader(record, REASON, reason.slice(0, 200));
      }),
  },
  "session-closed-twice": {
    records: (records) => records.flatMap((record) => (controlOf(record) === "session-closed" ? [record, record] : [record])),
  },
};
