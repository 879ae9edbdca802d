// The SDK's own writers outside of a run: sdk_writers.mjs SDK_FOLDER [CHAT]. Appends in every way
// that there is and reads it back; ends with 1 and the reason when something is not so.
//
//   TRIGGER_API_URL, TRIGGER_SECRET_KEY   the endpoint
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { join, resolve } from "node:path";

const folder = resolve(process.argv[2]);
const require = createRequire(join(folder, "package.json"));
const sdk = await import(pathToFileURL(require.resolve("@trigger.dev/sdk")).href);
const base = process.env.TRIGGER_API_URL;
const auth = { authorization: `Bearer ${process.env.TRIGGER_SECRET_KEY}` };
const chat = `writers-${process.argv[3] ?? "one"}`;

function check(condition, what) {
  if (!condition) {
    console.error(`not so: ${what}`);
    process.exit(1);
  }
}

async function records(after) {
  const all = [];
  for (let from = after; ; ) {
    const query = from === undefined ? "" : `?afterEventId=${from}`;
    const answer = await fetch(`${base}/realtime/v1/sessions/${chat}/out/records${query}`, {
      headers: auth,
    });
    check(answer.ok, `GET records is 200: ${answer.status}`);
    const { records } = await answer.json();
    if (records.length === 0) return all;
    all.push(...records);
    from = records.at(-1).seqNum;
  }
}

const created = await fetch(`${base}/api/v1/sessions`, {
  method: "POST",
  headers: { ...auth, "content-type": "application/json" },
  body: JSON.stringify({
    type: "chat.agent",
    externalId: chat,
    taskIdentifier: "chat",
    triggerConfig: { basePayload: { chatId: chat, trigger: "preload" } },
  }),
});
check(created.ok, `the session was created: ${created.status} ${created.ok ? "" : await created.text()}`);

const { out } = sdk.sessions.open(chat);
const first = (await records()).length;
check(first === 0, `the channel is empty: ${first}`);

// The largest body that the SDK sends is 1047552 bytes: {"data":"...","id":"<7 characters>"}.
const sizes = [10, 200_000, 1_047_552];
for (const size of sizes) {
  const overhead = JSON.stringify({ data: "", id: "1234567" }).length;
  const text = "x".repeat(Math.max(size - overhead, 10));
  await out.append(text);
  const last = (await records()).at(-1);
  check(last.data === text, `a record of ${size} bytes is stored as it was`);
}
console.log(`append: ${sizes.join(", ")} bytes`);

const many = 2500;
const before = (await records()).at(-1).seqNum;
const source = new ReadableStream({
  start(controller) {
    for (let i = 0; i < many; i++) controller.enqueue({ type: "text-delta", delta: `${i}` });
    controller.close();
  },
});
const piped = out.pipe(source);
await piped.waitUntilComplete();
const small = await records(before);
check(small.length === many, `${many} piped records are stored: ${small.length}`);
small.forEach((record, i) => check(record.data.delta === `${i}` && record.seqNum === before + 1 + i,
  `piped record ${i} is in its place`));
console.log(`pipe: ${many} records, numbered without a gap`);

const writer = out.writer({
  execute: async ({ write }) => {
    for (let i = 0; i < 5; i++) write({ type: "data-x", data: i });
  },
});
await writer.waitUntilComplete();
const written = (await records(before + many)).map((record) => record.data.data);
check(written.join() === "0,1,2,3,4", `the writer's records are stored: ${written.join()}`);
console.log("writer: 5 records");

const control = await out.writeControl("turn-complete", [["session-in-event-id", "4"]]);
const complete = (await records(before + many + 5)).at(-1);
check(complete.seqNum === before + many + 6 && `${control.lastEventId}` === `${complete.seqNum}`,
  `writeControl tells its number: ${JSON.stringify(control)}, stored at ${complete.seqNum}`);
check(JSON.stringify(complete.headers) ===
  JSON.stringify([["trigger-control", "turn-complete"], ["session-in-event-id", "4"]]),
  `a control record has its headers: ${JSON.stringify(complete.headers)}`);
console.log("writeControl: turn-complete");

await out.trimTo(complete.seqNum);
const control2 = await out.writeControl("turn-complete");
check(Number(control2.lastEventId) === complete.seqNum + 2, "a trim takes a number of its own");
console.log("trimTo: one number");
process.exit(0);
