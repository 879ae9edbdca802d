/* The common mistakes, each beside an agent elsewhere in this folder that does it right. */
import { chat } from "@trigger.dev/sdk/ai";
import { PATIENT, actingTool, heavyTool, hook, lifecycle, note, passing, runner } from "../kit.mjs";

/* The history is written beside the stream: a reader can see an answer whose question is not stored.
 * (Right: `history-before-output`, or to await the write in onTurnStart.) */
const save = async () => {
  note("history", { phase: "begun" });
  await passing("history");
  note("history", { phase: "written" });
};
export const deferred = chat.agent({
  id: "history-deferred",
  ...PATIENT,
  ...lifecycle("onTurnStart"),
  onTurnStart: hook("onTurnStart", () => chat.defer(save())),
  run: runner(),
});
export const beforeOutput = chat.agent({
  id: "history-before-output",
  ...PATIENT,
  ...lifecycle("onTurnStart"),
  onTurnStart: hook("onTurnStart", () => chat.deferBeforeOutput(save())),
  run: runner(),
});
export const awaited = chat.agent({
  id: "history-awaited",
  ...PATIENT,
  ...lifecycle("onTurnStart"),
  onTurnStart: hook("onTurnStart", save),
  run: runner(),
});

/* A question to the user with an `execute`: it is never asked. (Right: `hitl`.) */
export const hitl = chat.agent({
  id: "hitl-with-execute",
  ...PATIENT,
  ...lifecycle(),
  tools: { ask: actingTool("ask") },
  run: runner(),
});

/* Heavy tools named only for the call: later turns see their whole output. (Right: `tools`.) */
export const heavy = chat.agent({
  id: "heavy-on-call-only",
  ...PATIENT,
  ...lifecycle(),
  run: runner({ tools: { heavy: heavyTool(), look: actingTool("look") } }),
});

/* Megabytes in a tool's output. (Right: an id and a summary, `tools` with a small result.) */
export const megabytes = chat.agent({
  id: "megabyte-output",
  ...PATIENT,
  ...lifecycle(),
  tools: { look: actingTool("look") },
  run: runner(),
});
