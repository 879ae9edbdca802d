// The page's own server: it holds the secret key and makes sessions and tokens with the SDK, as the
// documents' server actions do. TRIGGER_API_URL and TRIGGER_SECRET_KEY say where; PORT is its own.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { auth } from "@trigger.dev/sdk";
import { chat } from "@trigger.dev/sdk/ai";

process.env.TRIGGER_API_URL ??= "http://127.0.0.1:3030";
process.env.TRIGGER_SECRET_KEY ??= "tr_dev_chatspec0000000000000000"; // the mock server's; never a real one here

const startSession = chat.createStartSessionAction("my-agent");
const api = {
  "/api/config": () => ({ baseURL: process.env.TRIGGER_API_URL }),
  // A real server asks first whose chat that is.
  "/api/start": ({ chatId, clientData }) => startSession({ chatId, clientData }),
  "/api/token": ({ chatId }) =>
    auth.createPublicToken({ scopes: { read: { sessions: chatId }, write: { sessions: chatId } }, expirationTime: "1h" }),
};
const files = { "/": ["index.html", "text/html"], "/page.js": ["page.js", "text/javascript"] };

const server = createServer(async (request, response) => {
  const path = new URL(request.url, "http://page").pathname;
  try {
    if (api[path]) {
      let body = "";
      for await (const piece of request) body += piece;
      const answer = await api[path](body ? JSON.parse(body) : {});
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    } else if (files[path]) {
      const [name, type] = files[path];
      response.writeHead(200, { "content-type": `${type}; charset=utf-8` }).end(await readFile(new URL(name, import.meta.url)));
    } else {
      response.writeHead(404).end();
    }
  } catch (error) {
    response.writeHead(500).end(String(error.message));
  }
});
server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
