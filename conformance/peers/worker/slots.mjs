/*
 * What the task process of the platform sets up around a run: the global slots of the SDK's core
 * package. Every run gets fresh managers, as a fresh process would have.
 */

/* The object behind the setters, which refuse to fill a slot twice and have no public way to empty it. */
const API = Symbol.for("dev.trigger.ts.api");
const PER_RUN = ["locals", "run-metadata", "session-streams", "runtime", "task-context"];

function emptySlots() {
  for (const name of PER_RUN) delete globalThis[API]?.[name];
}

/* Tasks register themselves in the catalogue when their module is loaded, and silently nowhere unless
 * a file was named before. */
export function installCatalog({ v3, workers }) {
  v3.resourceCatalog.setGlobalResourceCatalog(new workers.StandardResourceCatalog());
  v3.resourceCatalog.setCurrentFileContext("agents.mjs", "agents");
  /* Before any module makes a local: only so is its key found by its name, by which a sub-task's values come. */
  v3.localsAPI.setGlobalLocalsManager(new workers.StandardLocalsManager());
}

/* StandardMetadataManager and the like keep timers; SharedRuntimeManager's would keep the process. */
function withoutTimers(make) {
  const { setInterval } = globalThis;
  globalThis.setInterval = (...args) => setInterval(...args).unref();
  try {
    return make();
  } finally {
    globalThis.setInterval = setInterval;
  }
}

function contextOf({ task, runId, attempt, tags, isTest, deployment, machine }) {
  const now = new Date();
  return {
    task: { id: task, filePath: "agents.mjs" },
    attempt: { number: attempt, startedAt: now },
    run: { id: runId, tags, isTest, createdAt: now, startedAt: now },
    machine: { name: machine ?? "small-1x", cpu: 0.5, memory: 0.5, centsPerMs: 0 },
    queue: { id: "queue_1", name: `task/${task}` },
    environment: { id: "env_1", slug: "dev", type: "DEVELOPMENT" },
    organization: { id: "org_1", slug: "org", name: "org" },
    project: { id: "proj_1", ref: "proj_1", slug: "proj", name: "proj" },
    ...(deployment ? { deployment } : {}),
  };
}

/* An idle run of newer versions waits for its next message and heeds nothing else: it is handed, past
 * the network, the `close` that a client would send. */
function sayGoodbye(streams) {
  const close = { kind: "message", payload: { trigger: "close" } };
  for (const listeners of streams.handlers?.values() ?? []) {
    for (const { kind, fn } of [...listeners]) {
      if (kind === "record") fn({ id: "goodbye", seqNum: Number.MAX_SAFE_INTEGER, timestamp: Date.now(), data: close });
    }
  }
}

/* Fills the slots for one run and returns what drives it from outside. `metadata` is the run's own
 * (a sub-task finds its parent's chat there). */
export function occupy({ v3, workers, agent }, options) {
  process.env.TRIGGER_API_URL = options.url;
  process.env.TRIGGER_SECRET_KEY = options.secretKey;
  emptySlots();
  agent.__resetChatInputRouterForTests?.();
  const client = v3.apiClientManager.clientOrThrow();
  const metadata = new workers.StandardMetadataManager(client);
  metadata.runId = options.runId;
  if (options.runMetadata) metadata.enterWithMetadata(options.runMetadata);
  const streams = new workers.StandardSessionStreamManager(client, options.streamUrl ?? options.url);
  const waiting = new Set(); // waitpoints that the run is suspended at
  const runtime = withoutTimers(() => new workers.SharedRuntimeManager({ send() {} }, false));
  const waitForWaitpoint = runtime.waitForWaitpoint.bind(runtime);
  runtime.waitForWaitpoint = async (params) => {
    waiting.add(params.waitpointFriendlyId);
    options.onSuspend?.(params.waitpointFriendlyId);
    try {
      return await waitForWaitpoint(params);
    } finally {
      waiting.delete(params.waitpointFriendlyId);
    }
  };
  v3.localsAPI.setGlobalLocalsManager(new workers.StandardLocalsManager());
  v3.runMetadata.setGlobalManager(metadata);
  v3.sessionStreams.setGlobalManager(streams);
  v3.runtime.setGlobalRuntimeManager(runtime);
  const ctx = contextOf(options);
  v3.taskContext.setGlobalTaskContext({
    ctx,
    worker: { id: "worker_1", contentHash: "0", version: options.workerVersion ?? "20260101.1", engine: "V2" },
    isWarmStart: false,
  });
  return {
    ctx,
    waiting,
    wake({ waitpoint, output, isError }) {
      return runtime.resolveWaitpoints([
        {
          id: waitpoint,
          friendlyId: waitpoint,
          type: "MANUAL",
          output: typeof output === "string" || output === undefined ? output : JSON.stringify(output),
          outputType: "application/json",
          outputIsError: isError === true,
        },
      ]);
    },
    /* Ends the subscriptions and the waits for records, for good. */
    vacate() {
      sayGoodbye(streams);
      streams.reset();
      runtime.reset();
      emptySlots();
    },
  };
}

/* Between runs: SDK calls that are made from an ordinary server process. */
export function leave({ agent }) {
  emptySlots();
  agent.__resetChatInputRouterForTests?.();
}
