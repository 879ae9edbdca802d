/*
 * Violations: the worker does one thing wrong, so that the suite can prove that its cases notice.
 *
 *     node worker.mjs --root DIR --violate ID
 *
 * The SDK is left as it is; what is bent lies between it and the wire, or between it and what the
 * worker tells. A violation is an object in violations/<area>.mjs with any of these functions:
 *
 *   records(records, call)  what an append to the store carries, whatever its form; gives back what is
 *                           sent instead. A record is {headers: [[name, value]], body}, texts of
 *                           latin-1 bytes; helpers of records.mjs read and make them. `call` is
 *                           {form: "s2s" | "json" | "proto", url}. An empty list sends nothing and
 *                           the SDK is told that all is well.
 *   request(call)           any other request {method, url, headers, body}: change it in place; give
 *                           back false to send nothing (the SDK gets an empty 200) or a Response.
 *   answered(call, status)  looks at the status of what a request that is no append came back with.
 *   response(call, json, headers)  a JSON answer's value: give back what the SDK sees instead.
 *   incoming(record)        a record that a subscription or a drain of .in or .out brings, {data, id,
 *                           seq, headers}: give back undefined (as it is), null (it never came), or
 *                           a list in its place.
 *   payload(payload)        of a run, before it begins: change it in place or give back another.
 *   event(event)            what the worker is about to tell (hook, prompt, note, done, ...): change
 *                           it in place; give back false to tell nothing, or a list.
 */
import { readdirSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { bendFetch } from "./bend-fetch.mjs";
import { bendHttp2 } from "./bend-http2.mjs";
import { loadRecords } from "./records.mjs";
import { bendEvents } from "./say.mjs";

async function allViolations() {
  const folder = new URL("./violations/", import.meta.url);
  const all = {};
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".mjs")).sort()) {
    Object.assign(all, (await import(new URL(name, folder).href)).default);
  }
  return all;
}

/* Puts the chosen ones between the SDK and the wire; to be called before the SDK opens anything. Gives
 * what bends a run's payload. */
export async function violate(ids, sdk) {
  const all = await allViolations();
  const chosen = ids.map((id) => {
    if (!Object.hasOwn(all, id)) throw new Error(`no violation is called "${id}"`);
    return all[id];
  });
  const of = (kind) => chosen.map((one) => one[kind]).filter((bend) => bend !== undefined);
  await loadRecords(pathToFileURL(sdk.folder).href);
  const bends = {
    records: (records, call) => of("records").reduce((sent, bend) => bend(sent, call) ?? sent, records),
    request: of("request"),
    answered: of("answered"),
    response: of("response"),
    incoming: of("incoming"),
  };
  bendFetch(bends);
  bendHttp2(bends);
  bendEvents(of("event"));
  return (payload) => of("payload").reduce((bent, bend) => bend(bent) ?? bent, payload);
}
