/* An agent module as a team has one, but for the model: state is set up in onBoot, which every run fires. */
import { chat } from "@trigger.dev/sdk/ai";
import { streamText } from "ai";
const { scriptedModel } = await import(process.env.CHATSPEC_MODEL);
const state = chat.local({ id: "state" });
chat.agent({
  id: "support",
  onBoot: async () => {
    state.init({ count: 0 });
  },
  run: async ({ messages, signal }) => {
    state.count += 1;
    return streamText({ model: scriptedModel(), messages, abortSignal: signal });
  },
});
