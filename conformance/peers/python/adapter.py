#!/usr/bin/env python3
"""Lets chatspec test transport.py: speaks the line protocol of ../PROTOCOL.md for it.

    ./chatspec client --peer 'python3 conformance/peers/python/adapter.py'

Commands on stdin, events on stdout, one JSON object a line. Python 3.9 or newer.
"""
import json, platform, queue, sys, threading

from create import create_session
from transport import ApiError, Chat, member, parse

COMMANDS = ["open", "send", "regenerate", "action", "pending", "stop", "reconnect", "session",
            "answer", "close", "reset", "quit"]
OUTPUT = threading.Lock()


class Adapter:
    """Everything that `reset` drops; what is left of an old one is not heard any more."""

    def __init__(self):
        self.silent, self.opened, self.chats, self.questions = False, {}, {}, []

    def say(self, event, **members):
        with OUTPUT:
            if not self.silent:
                print(json.dumps({"event": event, **members}), flush=True)

    def ask(self, kind, **params):
        if kind == "start" and self.opened.get("secretKey"):
            return create_session(self.opened["baseUrl"], self.opened["secretKey"],
                                  self.opened["task"], params["chatId"])
        answer = queue.SimpleQueue()
        with OUTPUT:
            self.questions.append(answer)
            number = len(self.questions)
        self.say("ask", ask=number, kind=kind, params=params)
        told = answer.get()
        if "error" in told:
            raise ApiError(told["error"])
        return told["value"]

    def chat(self, chat_id):
        with OUTPUT:
            if chat_id not in self.chats:
                options = self.opened.get("options", {})
                stored = options.get("sessions", {}).get(chat_id, {"isStreaming": False})
                self.chats[chat_id] = Chat(self.opened["baseUrl"], chat_id, self.ask, stored,
                                           options.get("streamTimeoutSeconds", 120))
            return self.chats[chat_id]

    def run(self, command):
        """A command that may take its time, in a thread of its own."""
        name, number, answered = command["command"], command["id"], False
        try:
            chat = self.chat(command["chat"])
            message = command["messages"][-1] if "messages" in command else command.get("message")
            if name in ("stop", "session", "pending"):
                value = chat.stop() if name == "stop" else None
                if name == "pending":  # into the running turn, which is read on (CAP-36)
                    payload = {"chatId": chat.id, "trigger": "submit-message", "message": message}
                    chat.append({"kind": "message", "payload": payload})
                elif name == "session" and chat.token:
                    value = chat.state()
                return self.say("ok", id=number, value=value)
            if name == "reconnect":
                reading = chat.reconnect()
            elif name == "regenerate":
                reading = chat.send("regenerate-message")
            elif name == "action":
                reading = chat.send("action", action=command["action"])
            else:
                reading = chat.send("submit-message", message=message)
            self.say("ok", id=number, stream=reading is not None)
            answered = True
            if reading:
                tell = lambda chunk: self.say("chunk", id=number, chunk=chunk)
                chat.read(reading, tell, peek=name == "reconnect")
                self.say("session", client="main", chat=chat.id, session=chat.state())
                self.say("end", id=number)
        except Exception as error:
            told = {name: value for name, value in vars(error).items() if value is not None}
            told.update(name=type(error).__name__, message=str(error))
            self.say("error" if answered else "fail", id=number, error=told)

    def drop(self):
        with OUTPUT:
            self.silent = True
        for chat in list(self.chats.values()):
            if chat.reading:
                chat.reading.cancel()
        for answer in self.questions:
            answer.put({"error": "the adapter was reset"})


def main():
    adapter = Adapter()
    adapter.say("hello", protocol=1, name="chatspec-python-transport", version="1.0",
                runtime=f"python {platform.python_version()}", capabilities=COMMANDS,
                kinds={"transport": COMMANDS[1:8], "agent": COMMANDS[1:8]})
    for line in sys.stdin.buffer:
        command = parse(line.decode("utf-8", "replace"))
        name, number = member(command, "command", str), member(command, "id", int)
        if command is None:
            told = {"name": "ValueError", "message": "the line is not JSON"}
            adapter.say("fail", id=None, error=told)
        elif name not in COMMANDS:
            adapter.say("unsupported", id=number, command=name)
        elif name in ("open", "answer", "close", "reset", "quit"):
            if name in ("close", "reset"):
                adapter.drop()
                adapter = Adapter()
            elif name == "open":
                adapter.opened, adapter.chats = command, {}
            elif name == "answer":
                asked = member(command, "ask", int) or 0
                for answer in adapter.questions[asked - 1:asked]:
                    answer.put(command)
            adapter.say("ok", id=number)
            if name == "quit":
                return
        else:
            threading.Thread(target=adapter.run, args=(command,), daemon=True).start()


if __name__ == "__main__":
    main()
