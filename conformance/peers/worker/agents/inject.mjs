/* Injections, where the answer is asked for without the runtime's options. */
import { chat } from "@trigger.dev/sdk/ai";
import { PATIENT, lifecycle, runner } from "../kit.mjs";

export const unmanaged = chat.agent({
  id: "unmanaged",
  ...PATIENT,
  ...lifecycle(),
  run: runner({ spread: false }),
});
