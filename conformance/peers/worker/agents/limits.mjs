/* Agents that differ in one static option: time, turns, memory, client data, versions. */
import { chat } from "@trigger.dev/sdk/ai";
import { z } from "zod";
import { PATIENT, actingTool, lifecycle, runner } from "../kit.mjs";

function agentWith(id, more) {
  return chat.agent({ id, ...PATIENT, ...lifecycle(), tools: { look: actingTool("look") }, run: runner(), ...more });
}

/* Suspends as soon as it may. */
const IMPATIENT = { idleTimeoutInSeconds: 0.2, preloadIdleTimeoutInSeconds: 0.2 };
export const impatient = agentWith("impatient", { ...IMPATIENT, turnTimeout: "1h", preloadTimeout: "1h" });
export const expiring = agentWith("expiring", { ...IMPATIENT, turnTimeout: "10s", preloadTimeout: "10s" });
export const leaving = agentWith("exit-after-preload-idle", { ...IMPATIENT, exitAfterPreloadIdle: true });

export const twoTurns = agentWith("max-turns", { maxTurns: 2 });
export const shortToken = agentWith("token-ttl", { chatAccessTokenTTL: "5m" });

/* A second attempt on a bigger machine after running out of memory. */
export const oom = agentWith("oom", { oomMachine: "large-1x" });

/* Client data that must be as declared; `user` has to be there. */
const clientDataSchema = z.object({ user: z.string() }).catchall(z.any());
export const schema = chat.withClientData({ schema: clientDataSchema }).agent({
  id: "schema",
  ...PATIENT,
  ...lifecycle(),
  run: runner(),
});
export const schemaWithoutBoot = chat.withClientData({ schema: clientDataSchema }).agent({
  id: "schema-no-boot",
  ...PATIENT,
  ...lifecycle("onBoot"),
  run: runner(),
});

/* Stays on its version although the session is pinned to another. */
export const holding = agentWith("skew-hold", { versionSkew: "hold" });

/* Errors of the model as the application words them. */
export const worded = agentWith("error-text", {
  uiMessageStreamOptions: { onError: (error) => `worded: ${error?.message ?? error}` },
});

/* Instructions of its own. */
export const system = agentWith("system", {
  run: runner({ system: "the instructions" }),
});
