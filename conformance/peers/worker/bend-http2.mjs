/* What violations do to append sessions: each write of the store's client is one frame with a batch, and
 * each answer to it must say as many records as the client sent. */
import { createRequire, syncBuiltinESMExports } from "node:module";
import { makeAck, mendAck, proto } from "./records.mjs";

const HEAD = 4; // length and flag of a frame
const APPEND = /\/streams\/[^/]+\/records$/;

function frame(flag, payload) {
  const head = Buffer.alloc(HEAD);
  head.writeUIntBE(payload.length + 1, 0, HEAD - 1);
  head[HEAD - 1] = flag;
  return Buffer.concat([head, payload]);
}

function bendStream(stream, url, bends) {
  const counts = []; // of records in the batches that went out, oldest first
  const write = stream.write.bind(stream);
  const push = stream.push.bind(stream);
  stream.write = (chunk, ...rest) => {
    const records = proto.read(chunk.subarray(HEAD));
    const sent = bends.records(records, { form: "s2s", url });
    if (sent.length === 0) {
      push(frame(0, makeAck(records.length)));
      rest.at(-1)?.();
      return true;
    }
    counts.push(records.length);
    return write(frame(0, proto.write(sent)), ...rest);
  };
  let kept = Buffer.alloc(0);
  let refused = false; // then the answer is no frames
  stream.once("response", (headers) => {
    refused = headers[":status"] !== 200;
  });
  stream.push = (chunk, ...rest) => {
    if (chunk === null) return push(null);
    if (refused) return push(chunk, ...rest);
    kept = Buffer.concat([kept, chunk]);
    let more = true;
    while (kept.length >= HEAD && kept.length >= HEAD - 1 + kept.readUIntBE(0, HEAD - 1)) {
      const end = HEAD - 1 + kept.readUIntBE(0, HEAD - 1);
      const flag = kept[HEAD - 1];
      const payload = kept.subarray(HEAD, end);
      const n = flag === 0 ? counts.shift() : undefined;
      more = push(frame(flag, n === undefined ? payload : mendAck(payload, n)), ...rest);
      kept = kept.subarray(end);
    }
    return more;
  };
  return stream;
}

export function bendHttp2(bends) {
  const http2 = createRequire(import.meta.url)("node:http2");
  const { connect } = http2;
  http2.connect = (...args) => {
    const session = connect(...args);
    const request = session.request.bind(session);
    session.request = (headers, ...rest) => {
      const stream = request(headers, ...rest);
      const path = headers?.[":path"] ?? "";
      return APPEND.test(path) ? bendStream(stream, path, bends) : stream;
    };
    return session;
  };
  syncBuiltinESMExports();
}
