/* What violations do to requests that go through fetch: unary appends, the platform's routes, and the
 * subscriptions that bring records in. */
import { json, proto } from "./records.mjs";

const APPEND = /\/streams\/[^/]+\/records$/;
const SUBSCRIPTION = /\/realtime\/v1\/sessions\/[^?]*\/(in|out)$/;
const DRAIN = /\/(in|out)\/records$/;

async function bytesOf(body) {
  return new Uint8Array(await new Response(body ?? "").arrayBuffer());
}

function plainAck(records) {
  const now = Date.now();
  const at = (seq_num) => ({ seq_num, timestamp: now });
  return Response.json({ start: at(0), end: at(records.length), tail: at(records.length) });
}

/* ---- appends ---- */

async function bendAppend(call, bends, go) {
  const isJson = /json/.test(call.headers.get("content-type") ?? "");
  const form = isJson ? json : proto;
  const bytes = await bytesOf(call.body);
  const records = form.read(isJson ? Buffer.from(bytes).toString("utf8") : bytes);
  const sent = bends.records(records, { form: isJson ? "json" : "proto", url: call.url });
  if (sent.length === 0) {
    return isJson
      ? plainAck(records)
      : new Response(bytes.slice(0, 0), { status: 200, headers: { "content-type": "application/protobuf" } });
  }
  call.body = form.write(sent);
  call.headers.delete("content-length");
  return go(call);
}

/* ---- what comes in ---- */

/* Gives the records in the place of one, each told as {data, id, seq, headers}. */
function replace(record, incoming) {
  let list = [record];
  for (const bend of incoming) {
    list = list.flatMap((one) => {
      const bent = bend(one);
      return bent === undefined ? [one] : bent === null ? [] : [bent].flat();
    });
  }
  return list;
}

function bendBatch(text, incoming) {
  const batch = JSON.parse(text);
  batch.records = batch.records.flatMap((record) => {
    let envelope = {};
    try {
      envelope = JSON.parse(record.body);
    } catch {
      /* a control record has no body */
    }
    const told = { data: envelope.data, id: envelope.id, seq: record.seq_num, headers: record.headers ?? [] };
    return replace(told, incoming).map((one) => ({
      ...record,
      seq_num: one.seq,
      headers: one.headers,
      body: one.data === undefined ? record.body : JSON.stringify({ data: one.data, id: one.id }),
    }));
  });
  return JSON.stringify(batch);
}

/* Whole events only, as they were but for the data of batches. */
function bendEvents(incoming) {
  let kept = "";
  const decoder = new TextDecoder();
  return new TransformStream({
    transform(chunk, out) {
      kept += decoder.decode(chunk, { stream: true });
      const events = kept.split("\n\n");
      kept = events.pop();
      for (const event of events) {
        const lines = event.split("\n").map((line) =>
          line.startsWith('data: {"records"') || line.startsWith('data:{"records"')
            ? `data: ${bendBatch(line.slice(line.indexOf("{")), incoming)}`
            : line,
        );
        out.enqueue(new TextEncoder().encode(`${lines.join("\n")}\n\n`));
      }
    },
  });
}

async function bendDrain(response, incoming) {
  const value = await response.json();
  value.records = value.records.flatMap((record) =>
    replace({ data: record.data, id: record.id, seq: record.seqNum, headers: record.headers ?? [] }, incoming).map(
      (one) => ({ ...record, data: one.data, id: one.id, seqNum: one.seq, headers: one.headers }),
    ),
  );
  return Response.json(value, { status: response.status, headers: response.headers });
}

/* ---- all of it ---- */

/* Kinds that nobody named bend nothing. */
const NONE = { records: (sent) => sent, request: [], answered: [], response: [], incoming: [] };

export function bendFetch(chosen) {
  const bends = { ...NONE, ...chosen };
  const { fetch } = globalThis;
  globalThis.fetch = async (input, init = {}) => {
    const request = input instanceof Request ? input : undefined;
    const call = {
      method: init.method ?? request?.method ?? "GET",
      url: String(request?.url ?? input),
      headers: new Headers(init.headers ?? request?.headers),
      body: init.body ?? (request?.body ? await request.text() : undefined),
    };
    const go = ({ method, url, headers, body }) =>
      fetch(url, { ...init, signal: init.signal ?? request?.signal, method, headers, body });
    const path = new URL(call.url).pathname;
    if (APPEND.test(path) && call.method === "POST") return bendAppend(call, bends, go);
    for (const bend of bends.request) {
      const bent = bend(call);
      if (bent === false) return Response.json({});
      if (bent instanceof Response) return bent;
    }
    const response = await go(call);
    for (const look of bends.answered) look(call, response.status);
    const isEvents = (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
    if (bends.incoming.length > 0 && response.ok && SUBSCRIPTION.test(path) && isEvents) {
      const { status, headers } = response;
      return new Response(response.body.pipeThrough(bendEvents(bends.incoming)), { status, headers });
    }
    if (bends.incoming.length > 0 && response.ok && DRAIN.test(path)) return bendDrain(response, bends.incoming);
    if (bends.response.length === 0 || !/json/.test(response.headers.get("content-type") ?? "")) return response;
    const { status, headers } = response;
    const value = bends.response.reduce((seen, bend) => bend(call, seen, headers) ?? seen, await response.json());
    const kept = new Headers(headers);
    kept.delete("content-length");
    return new Response(JSON.stringify(value), { status, headers: kept });
  };
}
