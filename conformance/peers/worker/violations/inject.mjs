/* Violations of work beside a turn and of injections. What an agent is told to do is rewritten before it
 * hears of it, as if the SDK had done otherwise with it. */
import { dataRecord, isTurnComplete } from "../records.mjs";

/* Each act of each point becomes what `change` makes of it: a list, or undefined for as it is. */
function rewrite(payload, change) {
  const points = payload?.metadata?.do ?? {};
  for (const [point, acts] of Object.entries(points)) points[point] = rewriteActs([acts].flat(), change);
}

function rewriteActs(acts, change) {
  return acts.flatMap((act) => {
    const inner = act.defer ? { ...act, defer: rewriteActs(act.defer, change) } : act;
    return change(inner) ?? [inner];
  });
}

const isInjection = (act) => act.call === "chat.inject";

/* The system messages that the payload's acts inject. */
function instructionsOf(payload) {
  const acts = Object.values(payload?.metadata?.do ?? {}).flat();
  const messages = acts.filter(isInjection).flatMap((act) => act.args[0]);
  return messages.filter((message) => message.role === "system").map((message) => message.content);
}

let injects = false;
let instructions = [];
const said = new Map(); // instructions of earlier prompts, by run

export default {
  "awaits-deferred": {
    payload: (payload) => rewrite(payload, (act) => act.defer),
  },
  "forgets-deferred": {
    payload: (payload) => rewrite(payload, (act) => act.defer && [{ unknownWork: act.defer }]),
  },
  "forgets-injections": {
    payload: (payload) => rewrite(payload, (act) => (isInjection(act) ? [{ note: act.call, data: {} }] : undefined)),
  },
  "tells-of-injections": {
    payload(payload) {
      injects = (payload?.metadata?.do?.onTurnComplete ?? []).some?.(isInjection) ?? false;
    },
    records: (records) =>
      records.flatMap((record) =>
        injects && isTurnComplete(record)
          ? [record, dataRecord({ type: "data-background-injected", data: {}, transient: true })]
          : [record],
      ),
  },
  "keeps-instructions": {
    event(event) {
      if (event.event !== "prompt") return;
      event.system = [...new Set([...(said.get(event.id) ?? []), ...event.system])];
      said.set(event.id, event.system);
    },
  },
  "instructs-everyone": {
    payload(payload) {
      instructions = instructionsOf(payload);
    },
    event(event) {
      if (event.event === "prompt" && event.call === 1 && event.system.length === 0) event.system = instructions;
    },
  },
  "answers-before-work": {
    payload: (payload) => rewrite(payload, (act) => act.deferBeforeOutput && [{ defer: act.deferBeforeOutput }]),
  },
  "asks-after-work": {
    payload: (payload) => rewrite(payload, (act) => act.deferBeforeOutput),
  },
};
