// A chat page as the SDK's documents build it: useChat of the AI SDK, useTriggerChatTransport of
// @trigger.dev/sdk, and two calls to a server of one's own (server.mjs). Nothing in it knows that the
// platform is a mock but for baseURL.
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { useChat } from "@ai-sdk/react";
import { useTriggerChatTransport } from "@trigger.dev/sdk/chat/react";
import { isToolUIPart, lastAssistantMessageIsCompleteWithApprovalResponses } from "ai";

// What a real page keeps in its database: the messages of complete turns, and the transport's state.
const storage = {
  read: (key, otherwise) => JSON.parse(localStorage.getItem(key) ?? "null") ?? otherwise,
  write: (key, value) => localStorage.setItem(key, JSON.stringify(value)),
};
const chatId = storage.read("chatId") ?? crypto.randomUUID();
storage.write("chatId", chatId);

async function post(path, body) {
  const response = await fetch(path, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

function Tool({ part, answer }) {
  const name = part.type === "dynamic-tool" ? part.toolName : part.type.slice("tool-".length);
  const output = part.output === undefined ? "" : JSON.stringify(part.output);
  return (
    <div className="tool" data-state={part.state}>
      <strong>{name}</strong> {part.state}
      <pre>{JSON.stringify(part.input, null, 2)}</pre>
      {output && <pre className="output">{output.slice(0, 300)}{output.length > 300 && ` … ${output.length} characters`}</pre>}
      {part.errorText && <p role="alert">{part.errorText}</p>}
      {part.state === "approval-requested" && (
        <p>
          <button onClick={() => answer({ id: part.approval.id, approved: true })}>Approve</button>{" "}
          <button onClick={() => answer({ id: part.approval.id, approved: false, reason: "User denied" })}>Deny</button>
        </p>
      )}
    </div>
  );
}

function Part({ part, answer }) {
  if (part.type === "text") return <span className="text">{part.text}</span>;
  if (part.type === "reasoning") return <p className="reasoning">{part.text}</p>;
  if (isToolUIPart(part)) return <Tool part={part} answer={answer} />;
  if (part.type.startsWith("data-")) return <pre>{part.type}: {JSON.stringify(part.data)}</pre>;
  return null;
}

function Chat({ baseURL }) {
  const [input, setInput] = useState("");
  const [events, setEvents] = useState([]);
  const [saved] = useState(() => storage.read("messages", []));
  const transport = useTriggerChatTransport({
    task: "my-agent",
    baseURL,
    startSession: (params) => post("/api/start", params),
    accessToken: ({ chatId }) => post("/api/token", { chatId }),
    sessions: storage.read("sessions", {}),
    onSessionChange: (id, session) => storage.write("sessions", session ? { [id]: session } : {}),
    onEvent: (event) => setEvents((before) => [...before, event.type]),
  });
  const { messages, sendMessage, addToolApprovalResponse, stop, status, error } = useChat({
    id: chatId,
    messages: saved,
    transport,
    resume: saved.length > 0,
    sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
  });
  const busy = status === "submitted" || status === "streaming";
  useEffect(() => {
    // While a turn streams, the transport's cursor is where the turn began: a reload replays it, so
    // the unfinished answer must not be kept.
    const last = messages.at(-1);
    if (!busy || last?.role === "user") storage.write("messages", messages);
  }, [messages, busy]);

  return (
    <>
      <header>
        <h1>Chat</h1>
        <span>status: <b id="status">{status}</b></span>
        <button onClick={() => (localStorage.clear(), location.reload())}>New chat</button>
      </header>
      {messages.map((message) => (
        <div key={message.id} className={`message ${message.role}`}>
          {message.parts.map((part, i) => <Part key={i} part={part} answer={addToolApprovalResponse} />)}
        </div>
      ))}
      {error && <p role="alert" id="error">{error.message}</p>}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (input.trim()) sendMessage({ text: input });
          setInput("");
        }}
      >
        <input value={input} onChange={(e) => setInput(e.target.value)} placeholder="Type a message..." aria-label="Message" />
        <button type="submit" disabled={busy}>Send</button>
        {/* Both: stop() alone does not reach the agent after a reload. */}
        <button type="button" disabled={!busy} onClick={() => (stop(), transport.stopGeneration(chatId))}>Stop</button>
      </form>
      <details><summary>What the transport did</summary><ol id="events">{events.map((type, i) => <li key={i}>{type}</li>)}</ol></details>
    </>
  );
}

const { baseURL } = await (await fetch("/api/config")).json();
createRoot(document.getElementById("chat")).render(<Chat baseURL={baseURL} />);
