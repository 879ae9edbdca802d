/* Human in the loop: who gives a tool's output, and when. */
import { chat } from "@trigger.dev/sdk/ai";
import { PATIENT, actingTool, askingTool, lifecycle, runner } from "../kit.mjs";

/* `ask` is answered by the user, `approve` runs once the user agreed, `look` runs at once. */
export const hitl = chat.agent({
  id: "hitl",
  ...PATIENT,
  ...lifecycle(),
  tools: {
    ask: askingTool("ask"),
    approve: actingTool("approve", { needsApproval: true }),
    look: actingTool("look"),
  },
  run: runner(),
});
