/* Wrong: onChatStart does not fire on a continuation, and then there is no state (AGT-MIS-03). */
import { chat } from "@trigger.dev/sdk/ai";
import { streamText } from "ai";
const { scriptedModel } = await import(process.env.CHATSPEC_MODEL);
const state = chat.local({ id: "state" });
chat.agent({
  id: "support-wrong",
  onChatStart: async () => {
    state.init({ count: 0 });
  },
  run: async ({ messages, signal }) => {
    state.count += 1;
    return streamText({ model: scriptedModel(), messages, abortSignal: signal });
  },
});
