/* Reports the hooks of an agent module that is not of this folder: those that it has, and no others, since
 * a hook's being there can change what the runtime does. */
import { currentRun, tellHook } from "./current.mjs";

function watched(name, hook) {
  return (event, ...rest) => {
    const run = currentRun();
    if (run && event?.clientData !== undefined) run.metadata = event.clientData;
    tellHook(name, event);
    return hook(event, ...rest);
  };
}

export function watchAgents(chat) {
  const { agent } = chat;
  chat.agent = (options) => {
    const hooks = Object.entries(options).filter(
      ([name, value]) => typeof value === "function" && (/^on[A-Z]/.test(name) || name === "hydrateMessages"),
    );
    return agent({ ...options, ...Object.fromEntries(hooks.map(([name, hook]) => [name, watched(name, hook)])) });
  };
}
