/* The SDK's own reader over a file: the subscription fetches from a function, so that no network is
 * between the bytes and its parsers.
 *
 *     node reader_sdk.mjs FOLDER FILE [TIMES]
 *
 * FOLDER is where the SDK is installed. Prints one line of JSON: the seconds of the fastest reading (of the clock or,
 * where that is less, of the processor),
 * the parts of one reading and the bytes of their deltas. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFolder, entryFile } from "../../../conformance/peers/sdk/packages.mjs";

const PIECE = 65536; // what a socket gives at once

const [folder, file, times = "1"] = process.argv.slice(2);
const core = packageFolder("@trigger.dev/core", folder);
if (!core) {
  console.error(`there is no @trigger.dev/core in ${folder}`);
  process.exit(2);
}
const { SSEStreamSubscription } = await import(entryFile(core, "./v3"));
const bytes = readFileSync(file);

function body() {
  let at = 0;
  return new ReadableStream({
    pull(stream) {
      if (at === bytes.length) return stream.close();
      stream.enqueue(new Uint8Array(bytes.subarray(at, (at = Math.min(at + PIECE, bytes.length)))));
    },
  });
}

async function readOnce() {
  const subscription = new SSEStreamSubscription("http://localhost/", {
    headers: {},
    maxRetries: 0,
    fetchClient: async () => new Response(body(), { headers: { "X-Stream-Version": "v2" } }),
  });
  const start = performance.now();
  const used = process.cpuUsage();
  const parts = [];
  const reader = (await subscription.subscribe()).getReader();
  for (let part; !(part = await reader.read()).done; ) parts.push(part.value);
  const wall = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(used);
  return { seconds: Math.min(wall, (user + system) / 1e6), parts };
}

let best;
for (let i = 0; i < Number(times); i++) {
  const found = await readOnce();
  if (!best || found.seconds < best.seconds) best = found;
}
const deltas = best.parts.reduce((sum, part) => sum + Buffer.byteLength(part.chunk?.delta ?? ""), 0);
console.log(JSON.stringify({ seconds: best.seconds, parts: best.parts.length, deltas }));
