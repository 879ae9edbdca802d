/* Wrong: a part that no record can hold (AGT-MIS-08). */
import { chat } from "@trigger.dev/sdk/ai";
import { streamText } from "ai";
const { scriptedModel } = await import(process.env.CHATSPEC_MODEL);
const state = chat.local({ id: "state" });
chat.agent({
  id: "big",
  onBoot: async () => {
    state.init({ count: 0 });
  },
  run: async ({ messages, signal }) => {
    chat.response.write({ type: "data-report", data: "x".repeat(2000000) });
    return streamText({ model: scriptedModel(), messages, abortSignal: signal });
  },
});
