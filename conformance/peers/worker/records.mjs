/* Records of the stream store as violations see them: headers and body as texts of latin-1 bytes,
 * whatever form carried them. The protobuf messages are those of the store's own client. */
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { packageFolder } from "../sdk/packages.mjs";

let messages; // AppendInput, AppendAck

export async function loadRecords(sdkFolder) {
  const core = packageFolder("@trigger.dev/core", fileURLToPath(sdkFolder));
  const folder = packageFolder("@s2-dev/streamstore", core);
  messages = await import(pathToFileURL(join(folder, "dist/esm/generated/proto/s2.js")).href);
}

const toText = (bytes) => Buffer.from(bytes ?? []).toString("latin1");
const toBytes = (text) => new Uint8Array(Buffer.from(text, "latin1"));

/* ---- the three forms ---- */

function readInput(bytes) {
  return messages.AppendInput.fromBinary(bytes).records.map((record) => ({
    headers: (record.headers ?? []).map(({ name, value }) => [toText(name), toText(value)]),
    body: toText(record.body),
  }));
}

function writeInput(records) {
  return messages.AppendInput.toBinary({
    records: records.map(({ headers, body }) => ({
      headers: headers.map(([name, value]) => ({ name: toBytes(name), value: toBytes(value) })),
      body: toBytes(body),
    })),
  });
}

export const proto = { read: readInput, write: writeInput };

const utf8ToLatin1 = (text) => Buffer.from(text, "utf8").toString("latin1");
const latin1ToUtf8 = (text) => Buffer.from(text, "latin1").toString("utf8");

export const json = {
  read: (text) =>
    JSON.parse(text).records.map(({ headers, body }) => ({
      headers: (headers ?? []).map(([name, value]) => [utf8ToLatin1(name), utf8ToLatin1(value)]),
      body: utf8ToLatin1(body ?? ""),
    })),
  write: (records) =>
    JSON.stringify({
      records: records.map(({ headers, body }) => ({
        body: latin1ToUtf8(body),
        headers: headers.map(([name, value]) => [latin1ToUtf8(name), latin1ToUtf8(value)]),
      })),
    }),
};

/* The acknowledgement that the SDK expects: as many records as it sent, however many went out. */
export function mendAck(bytes, n) {
  const ack = messages.AppendAck.fromBinary(bytes);
  const start = ack.start?.seqNum ?? 0n;
  ack.end = { ...(ack.end ?? { timestamp: 0n }), seqNum: typeof start === "bigint" ? start + BigInt(n) : start + n };
  ack.start ??= { seqNum: typeof start === "bigint" ? 0n : 0, timestamp: ack.end.timestamp };
  ack.tail ??= ack.end;
  return messages.AppendAck.toBinary(ack);
}

/* One for an append that never went out. */
export function makeAck(n) {
  const at = { seqNum: 0n, timestamp: BigInt(Date.now()) };
  const end = { seqNum: BigInt(n), timestamp: at.timestamp };
  return messages.AppendAck.toBinary({ start: at, end, tail: end });
}

/* ---- what violations read and make ---- */

export const controlOf = (record) => record.headers.find(([name]) => name === "trigger-control")?.[1];
export const isTrim = (record) => record.headers.length === 1 && record.headers[0][0] === "" && record.headers[0][1] === "trim";
export const isTurnComplete = (record) => controlOf(record) === "turn-complete";
export const isData = (record) => controlOf(record) === undefined && !isTrim(record);

/* The chunk of a data record. */
export function chunkOf(record) {
  return isData(record) ? JSON.parse(latin1ToUtf8(record.body)).data : undefined;
}

/* The same record with another chunk. */
export function withChunk(record, chunk) {
  const envelope = JSON.parse(latin1ToUtf8(record.body));
  return { ...record, body: utf8ToLatin1(JSON.stringify({ ...envelope, data: chunk })) };
}

let made = 0;
export function dataRecord(chunk) {
  const id = `v${String(++made).padStart(6, "0")}`;
  return { headers: [], body: utf8ToLatin1(JSON.stringify({ data: chunk, id })) };
}

export const controlRecord = (subtype, more = []) => ({ headers: [["trigger-control", subtype], ...more], body: "" });
export const headerOf = (record, name) => record.headers.find(([its]) => its === name)?.[1];
export const withoutHeader = (record, name) => ({ ...record, headers: record.headers.filter(([its]) => its !== name) });
export const withHeader = (record, name, value) => ({
  ...record,
  headers: record.headers.some(([its]) => its === name)
    ? record.headers.map(([its, old]) => [its, its === name ? value : old])
    : [...record.headers, [name, value]],
});

/* ---- records of .in, as `incoming` is shown them: JSON in the string `data` ---- */

export function inputOf({ data }) {
  if (typeof data !== "string") return data ?? {};
  try {
    return JSON.parse(data) ?? {};
  } catch {
    return {};
  }
}

/* The same record with another input. */
export const withInput = (record, input) => ({
  ...record,
  data: typeof record.data === "string" ? JSON.stringify(input) : input,
});
