/* Violations of the handover to a newer version. */
import { controlOf, controlRecord, isTurnComplete } from "../records.mjs";

const HANDOVER = /\/end-and-continue$/;
const ROW = /\/api\/v1\/sessions\/[^/]+$/;

const pathOf = ({ url }) => new URL(url).pathname;
const isHandover = (call) => call.method === "POST" && HANDOVER.test(pathOf(call));
const isUpgrade = (call) => isHandover(call) && JSON.parse(call.body).reason === "upgrade";

function bendHandover(bend) {
  return (call) => {
    if (!isHandover(call)) return undefined;
    const body = JSON.parse(call.body);
    const bent = bend(body);
    call.body = JSON.stringify(body);
    return bent;
  };
}

/* Whether the turn in hand is complete: `done` is told by its record, undone by the next message. */
function turnWatch(more) {
  const watch = { done: false };
  return {
    payload: () => void (watch.done = false),
    incoming: ({ data }) => void (watch.done = watch.done && data === undefined),
    records: (records) => {
      watch.done ||= records.some(isTurnComplete);
      return records;
    },
    ...more(watch),
  };
}

/* What happened to the handover that was asked for last. */
const seen = { failed: false, handedOver: false };
let task; // of the run that began last

const dropControl = (name, when) => (records) =>
  when() ? records.filter((record) => controlOf(record) !== name) : records;

export default {
  "hands-over-as-continuation": {
    request: bendHandover((body) => {
      if (body.reason === "upgrade") body.reason = "continuation";
    }),
  },
  "completes-the-turn-it-hands-over": {
    records: (records) =>
      records.flatMap((record) =>
        controlOf(record) === "upgrade-required" ? [record, controlRecord("turn-complete")] : [record],
      ),
  },
  "late-upgrade-breaks-the-run": turnWatch((watch) => ({
    request: (call) => {
      watch.late = watch.late || (isUpgrade(call) && watch.done);
      return undefined;
    },
    event: (event) => {
      if (event.event === "started") watch.late = false;
      return event.event === "done" && watch.late
        ? { event: "error", id: event.id, name: "Error", message: "the run went on" }
        : event;
    },
  })),
  "late-upgrade-stays": turnWatch((watch) => ({
    request: (call) => (isUpgrade(call) && watch.done ? false : undefined),
  })),
  "forgets-the-target": {
    request: bendHandover((body) => void delete body.externalDeploymentId),
  },
  "silent-when-the-handover-fails": {
    payload: () => void (seen.failed = false),
    response: (call, json) => void (seen.failed ||= isHandover(call) && json?.error !== undefined),
    records: dropControl("upgrade-required", () => seen.failed),
  },
  "hides-pending-version": {
    records: dropControl("pending-version", () => true),
  },
  "misreads-the-pin": {
    response: (call, json) => {
      if (call.method !== "GET" || !ROW.test(pathOf(call)) || !json?.triggerConfig) return undefined;
      const { lockToVersion, ...config } = json.triggerConfig;
      return { ...json, triggerConfig: { ...config, externalDeploymentId: "dep-elsewhere" } };
    },
  },
  /* An agent that keeps its version cannot be handed over at all. */
  "holds-for-good": {
    event(event) {
      if (event.event === "started") ({ task } = event);
    },
    request: (call) => (isHandover(call) && task === "skew-hold" ? false : undefined),
  },
  "continues-as-upgrade": {
    request: bendHandover((body) => {
      if (body.reason === "continuation") body.reason = "upgrade";
    }),
  },
  "forgets-who-continues": {
    request: bendHandover((body) => {
      if (body.reason === "continuation") body.callingRunId = "run_of_nobody";
    }),
  },
  "lets-an-agent-end-and-continue": {
    event: (event) =>
      event.event === "note" && event.name === "ended" ? { ...event, data: { value: null } } : event,
  },
  "successor-recovers": {
    payload: ({ continuation }) => void (seen.handedOver &&= continuation === true),
    request: (call) => void (seen.handedOver ||= isHandover(call)),
    event: (event) =>
      event.event === "hook" && event.name === "onBoot" && event.data?.continuation && seen.handedOver
        ? [event, { ...event, name: "onRecoveryBoot" }]
        : event,
  },
};
