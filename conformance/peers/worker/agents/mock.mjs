/* One agent with all that the offline harness can be asked for, so that one conversation with it can be
 * compared with the same one on the wire. */
import { chat } from "@trigger.dev/sdk/ai";
import { PATIENT, actingTool, askingTool, expand, hook, lifecycle, runner } from "../kit.mjs";

export const everything = chat.agent({
  id: "everything",
  ...PATIENT,
  ...lifecycle(),
  onAction: hook("onAction", ({ action }) => {
    if (action?.history) chat.history[action.history](...expand(action.args ?? []));
  }),
  onRecoveryBoot: hook("onRecoveryBoot"),
  tools: { ask: askingTool("ask"), look: actingTool("look") },
  run: runner(),
});

