/* chat.local: state that lasts as long as the run. */
import { chat } from "@trigger.dev/sdk/ai";
import { PATIENT, hook, lifecycle, local, note, runner } from "../kit.mjs";

function counting(id, where) {
  return chat.agent({
    id,
    ...PATIENT,
    ...lifecycle(where),
    [where]: hook(where, () => local.init({ count: 0, deep: { value: 1 } })),
    run: async (payload) => {
      local.count = (local.count ?? 0) + 1; // throws when nothing has set it up
      note("local", { count: local.count, changed: local.hasChanged(), again: local.hasChanged() });
      return runner()(payload);
    },
  });
}

/* Right: onBoot runs in every run. */
export const right = counting("local", "onBoot");

/* Wrong: onChatStart does not fire on a continuation. */
export const wrong = counting("local-on-chat-start", "onChatStart");
