/*
 * Calls of the SDK outside any run, as from a server's own process: the command `sdk`.
 *
 *     {"command":"sdk","call":"sessions.retrieve","args":["chat-1"],"url":...,"secretKey":...}
 *
 * `call` is a path into the package's exports (`sessions`, `chat`, `ai`, `auth`, ...) or one of SPECIAL.
 */
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { entryFile, packageFolder, readJson } from "../sdk/packages.mjs";

const servers = new Set();
const posts = new Set(); // requests to them that have no answer yet

/* Loads what imports the SDK by its bare name, which works once the worker has set up the lookup. */
const own = async () => ({
  ...(await import("./act.mjs")),
  ...(await import("./handle.mjs")),
  ...(await import("./model.mjs")),
});

const SPECIAL = {
  /* Steps on the handle of a session, as in the task `raw`. */
  async handle({ main }, { session, channel, steps }) {
    const { rawSteps } = await own();
    const opened = main.sessions.open(session);
    const handle = channel === undefined ? opened : opened.channel(channel);
    return { id: opened.id, in: handle.in !== undefined, out: handle.out !== undefined, ...(await rawSteps(handle, steps ?? [])) };
  },
  /* What is registered for a task, without its functions. */
  async task({ v3 }, { task }) {
    const { fns, ...registered } = v3.resourceCatalog.getTask(task) ?? {};
    return { registered, manifest: v3.resourceCatalog.getTaskManifest(task) };
  },
  /* What an entry of the package (or of one beside it) exports, or of what members an export consists. */
  async exports({ folder }, { package: name, entry, member }) {
    const from = name ? packageFolder(name, folder) : folder;
    const found = await import(pathToFileURL(entryFile(from, entry ?? ".")).href);
    const value = member ? found[member] : found;
    return value === undefined || value === null ? null : Object.keys(value).sort();
  },
  /* The package's own list of entries, and whether files are there. */
  async package({ folder }, { files }) {
    const { exports, dependencies, peerDependencies } = readJson(join(folder, "package.json"));
    const there = Object.fromEntries((files ?? []).map((file) => [file, existsSync(join(folder, file))]));
    return { entries: Object.keys(exports ?? {}), dependencies, peerDependencies, there };
  },
  async files({ folder }, { under }) {
    const top = join(folder, under ?? "");
    return existsSync(top) ? readdirSync(top).sort() : null;
  },
  /* Mounts a Head Start handler on a port of the loopback; gone at the next reset. `metadata` scripts the
   * model of its step; the handler's tools have no `execute`. */
  async headStart({ server, agent }, { agentId, metadata, options, tools, executing, extra }) {
    const { scriptedModel } = await own();
    const { streamText, tool, jsonSchema } = await import("./ai.mjs");
    const set = Object.fromEntries(
      (tools ?? []).map((name) => [name, tool({ description: name, inputSchema: jsonSchema({ type: "object" }) })]),
    );
    /* `executing`: tools as they are in an agent, which have no place in a route module. */
    for (const name of executing ?? []) {
      set[name] = tool({
        description: name,
        inputSchema: jsonSchema({ type: "object" }),
        execute: async () => ({ ran: "in the route" }),
      });
    }
    const handler = server.chat.headStart({
      agentId,
      ...options,
      run: async (event) => {
        const script = metadata ?? event.clientData;
        if (script?.throw !== undefined) throw new Error(script.throw);
        const model = scriptedModel(script, { modelId: "warm" });
        /* `extra`: options of the caller's, given to the handler's own streamText. */
        if (extra) return event.streamText({ tools: set, model, ...extra });
        return streamText({ ...event.chat.toStreamTextOptions({ tools: set }), model });
      },
    });
    const listener = server.chat.toNodeListener(handler);
    const http = createServer(listener);
    servers.add(http);
    await new Promise((ready) => http.listen(0, "127.0.0.1", ready));
    return { url: `http://127.0.0.1:${http.address().port}/`, agent: agent !== undefined };
  },
  /* Posts to it as a browser would: the head of the answer, and the chunks of its events or its text. */
  post(_, argument) {
    const posted = postTo(argument);
    posts.add(posted);
    return posted.finally(() => posts.delete(posted));
  },
};

async function postTo({ url, body }) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const events = text.split("\n\n").filter((line) => line.startsWith("data: "));
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    ...(response.ok ? { chunks: events.map((line) => JSON.parse(line.slice("data: ".length))) } : { text }),
  };
}

/* `every` true: all items of a list, page after page. */
async function collect(result) {
  const items = [];
  for await (const item of result) items.push(item);
  return items;
}

export async function callSdk(sdk, runs, command) {
  if (runs.busy) throw new Error("a run is going on in this process");
  if (command.url) process.env.TRIGGER_API_URL = command.url;
  if (command.secretKey) process.env.TRIGGER_SECRET_KEY = command.secretKey;
  const args = command.args ?? [];
  if (SPECIAL[command.call]) return SPECIAL[command.call](sdk, args[0] ?? {});
  const { expand, reach } = await own();
  const roots = { ...sdk.main, chat: sdk.agent.chat, ai: sdk.agent.ai, server: sdk.server.chat };
  const { owner, value } = reach(roots, command.call);
  if (typeof value !== "function") throw new TypeError(`${command.call} is not there`);
  const result = value.apply(owner, expand(args));
  return command.every ? collect(result) : await result;
}

export async function resetCalls() {
  for (const http of servers) {
    http.closeAllConnections?.();
    http.close();
  }
  servers.clear();
  /* What they say of their end is not for the next case. */
  await Promise.allSettled(posts);
}
