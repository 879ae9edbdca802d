"""A chat.agent transport in Python's standard library, to start one of your own from.

It knows nothing of the suite; adapter.py beside it lets chatspec test it. Comments name the
requirement that a line is there for: `./chatspec explain CRS-02`. Python 3.9 or newer.
"""
import contextlib, http.client, io, json, random, threading, time, urllib.parse, uuid


def events(body):
    """(name, data) of each server-sent event; one that the body's end cuts off is none (CSE-32)."""
    name, data = "", []
    for line in io.TextIOWrapper(body, "utf-8-sig", "replace"):  # CR and CRLF end lines too (CSE-01)
        field, _, value = line.rstrip("\n").partition(":")
        if field == "event":
            name = value.removeprefix(" ")
        elif field == "data":
            data.append(value.removeprefix(" "))
        elif line == "\n":
            if data:
                yield name, "\n".join(data)
            name, data = "", []


def parse(text):
    """The value of a JSON text, or None: one odd record must not end a stream (CRE-26)."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None


def member(value, name, kind=object):
    """A member of an object, if it is one and has a value of that type."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, kind) and not (kind is int and isinstance(found, bool)) else None


class ApiError(Exception):
    def __init__(self, message, status=None, code=None):
        super().__init__(message)
        self.status, self.code = status, code


class Reading:
    """A turn that is being read. Another thread may end it at any moment."""

    def __init__(self):
        self.over, self.sock, self.n_hidden, self.lost = threading.Event(), None, 0, False

    def cancel(self):
        self.over.set()
        with contextlib.suppress(OSError, AttributeError):  # it is gone already, or not there yet
            self.sock.shutdown(2)  # wakes the thread that waits for bytes


class Chat:
    def __init__(self, base_url, chat_id, ask, stored=None, timeout_s=120):
        """`ask` gives what the application has to: "start" a session (create.py is how its server
        may do that), or a fresh "token"."""
        if chat_id in (".", ".."):
            raise ValueError("no URL can name this chat: its dots lead to another path")  # (CAP-03)
        self.url, self.id, self.ask, self.timeout_s = base_url.rstrip("/"), chat_id, ask, timeout_s
        self.token = member(stored, "publicAccessToken", str)
        cursor = member(stored, "lastEventId", str) or ""
        self.cursor = int(cursor) if cursor.isdecimal() else None
        self.streaming = member(stored, "isStreaming") is not False
        self.closed = member(stored, "closed") is True
        self.reading = None
        self.own_seq = None  # of the append whose turn is read: boundaries below it are not ours
        self.hide_tail = False  # after a stop, until the stopped turn's boundary (CST-07)
        self.appending, self.lock = threading.Lock(), threading.RLock()

    def state(self):
        """What to store, so that another Chat can go on from here."""
        cursor = None if self.cursor is None else str(self.cursor)
        return {"publicAccessToken": self.token, "lastEventId": cursor,
                "isStreaming": self.streaming, "closed": self.closed}

    def request(self, method, what, headers, body=None, reading=None):
        url = urllib.parse.urlsplit(self.url)
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        connection = kinds[url.scheme](url.netloc, timeout=self.timeout_s + 30)
        connection.connect()
        if reading:
            reading.sock = connection.sock
            if reading.over.is_set():
                raise ConnectionAbortedError
        session = urllib.parse.quote(self.id, safe="-_.!~*'()")  # one path segment (CAP-02)
        path = f"{url.path}/realtime/v1/sessions/{session}/{what}"
        headers = {"Authorization": f"Bearer {self.token}", **headers}
        connection.request(method, path, body, headers)
        return connection.getresponse()

    def start(self):
        self.token = member(self.ask("start", chatId=self.id), "publicAccessToken", str)

    def append(self, record):
        """Appends an input record and gives its seq, or None where the server tells none."""
        with self.appending:
            if self.closed:
                raise ApiError("the session is closed", 409, "session_closed")  # (CAP-57)
            if not self.token:
                self.start()
            body = json.dumps(record).encode()
            # One id for all tries of a send, so that the server can tell a repeat (CAP-45).
            headers = {"Content-Type": "application/json", "X-Part-Id": str(uuid.uuid4())}
            overcome = set()
            while True:
                with self.request("POST", "in/append", headers, body) as response:
                    status, answer = response.status, parse(response.read())
                if 200 <= status < 300 and member(answer, "ok") is not False:
                    return member(answer, "seq", int)
                kind = {403: 401, 502: 500, 503: 500}.get(status, status)
                if kind in overcome or not self.overcome(kind, response):
                    code = member(answer, "code", str)
                    self.closed = self.closed or (status == 409 and code == "session_closed")
                    raise ApiError(f"the append was refused with {status}", status, code)
                overcome.add(kind)  # each kind of refusal once, then it is the caller's (CTK-17)

    def overcome(self, status, response):
        """Does what a refusal asks for; False when nothing helps."""
        if status == 401:
            self.token = self.ask("token", chatId=self.id)
        elif status == 404:
            self.start()
            self.cursor = None  # a new session counts from its start (CRS-61)
        elif status == 429:
            reset = response.headers.get("x-ratelimit-reset", "")
            wait = int(reset) / 1000 - time.time() if reset.isdecimal() else 1
            time.sleep(min(max(wait, 0), 60))
        return status in (401, 404, 429, 500)

    def send(self, trigger, **payload):
        """Begins a turn: "submit-message" with a message, "action", "regenerate-message"."""
        payload = {"chatId": self.id, "trigger": trigger, **payload}
        return self.begin(self.append({"kind": "message", "payload": payload}))

    def begin(self, seq=None):
        with self.lock:
            if self.reading:
                self.reading.cancel()  # one subscription per chat (CRS-44)
            self.reading, self.own_seq, self.streaming = Reading(), seq, True
            return self.reading

    def stop(self):
        self.append({"kind": "stop"})
        with self.lock:
            self.hide_tail = self.hide_tail or self.streaming
            self.own_seq, self.streaming = None, False
            if self.reading:
                self.reading.cancel()

    def reconnect(self):
        """After a reload: the turn to read on with peek=True, or None when there is none."""
        busy = self.reading and not self.reading.over.is_set()
        resumes = self.token and self.streaming and not self.closed and not busy
        return self.begin() if resumes else None

    def read(self, reading, deliver, peek=False):
        """Delivers a turn's chunks to its end, over as many connections as that takes."""
        barren, refreshed = 0, False
        while not reading.over.is_set():
            headers = {"Accept": "text/event-stream", "Timeout-Seconds": str(self.timeout_s)}
            if self.cursor is not None:
                headers["Last-Event-ID"] = str(self.cursor)  # a seq, also 0 (CRS-02, CRS-03)
            if peek:
                headers["X-Peek-Settled"] = "1"  # not on a send: its turn may not run yet (CRS-30)
            before, status, settled = self.cursor, 0, False
            try:
                with self.request("GET", "out", headers, reading=reading) as response:
                    status = response.status
                    if status == 200:
                        self.read_window(reading, response, deliver)
                        settled = response.headers.get("x-session-settled") == "true"
            except (OSError, http.client.HTTPException):
                pass  # lost on the way: there is more (CRS-08)
            finally:
                if reading.sock:
                    reading.sock.close()  # (CRS-46)
            if reading.lost:
                raise ApiError("the answer after a stop was lost")
            if reading.over.is_set():
                return
            if settled:
                self.streaming = False  # nothing will follow (CRS-26)
                return reading.over.set()
            if status in (401, 403) and not refreshed:
                refreshed, self.token = True, self.ask("token", chatId=self.id)
                continue
            # [DONE], the end of a window or a lost connection: the turn goes on (CRS-22).
            barren = 0 if self.cursor != before else barren + 1
            refreshed = refreshed and barren > 0
            if 400 <= status < 500 and status not in (408, 429) or barren == 10:
                self.streaming = False
                raise ApiError(f"the stream brings nothing (status {status})", status)
            reading.over.wait(min(0.1 * 2**barren, 5) * random.uniform(0.5, 1))

    def read_window(self, reading, response, deliver):
        for name, data in events(response):
            if name == "error" or data == "[DONE]":
                return  # an error event is a lost connection (CSE-25)
            records = member(parse(data), "records", list) if name == "batch" else None
            for record in records or []:
                with self.lock:
                    if not reading.over.is_set():
                        self.read_record(reading, record, deliver)
            if reading.over.is_set():
                return  # what follows the own boundary is another turn's (CRE-58)

    def read_record(self, reading, record, deliver):
        seq = member(record, "seq_num", int)
        if seq is None or (self.cursor is not None and seq <= self.cursor):
            return  # no record, or one that was here before (CRS-51)
        self.cursor = seq  # records that are passed over count too (CRE-03)
        pairs = [h for h in member(record, "headers", list) or [] if isinstance(h, list)]
        headers = {h[0]: h[1] for h in reversed(pairs) if len(h) == 2 and isinstance(h[0], str)}
        if pairs and pairs[0][:1] == [""]:
            return  # a command to the stream store (CRE-04)
        if "trigger-control" in headers:
            return self.read_control(reading, headers)
        chunk = member(parse(member(record, "body")), "data")
        kind = member(chunk, "type", str) or ""
        if kind == "trigger:turn-complete":  # agents of old wrote it like this (CRE-14)
            self.finish(reading)
        elif chunk is not None and not kind.startswith("trigger:"):
            if self.hide_tail:
                reading.n_hidden += 1
            else:
                deliver(chunk)

    def read_control(self, reading, headers):
        subtype = headers["trigger-control"]
        if subtype == "session-closed" or headers.get("session-closed") == "true":
            self.closed = True
            self.finish(reading)
        if subtype != "turn-complete":
            return  # upgrade-required and what nobody knows yet change nothing (CRE-19)
        token = member(headers, "public-access-token", str)
        if token and token.isascii() and token.isprintable():
            self.token = token  # from now on (CTK-05)
        last_in = member(headers, "session-in-event-id", str) or ""
        known = last_in.isdecimal() and self.own_seq is not None
        if int(last_in) < self.own_seq if known else self.hide_tail:
            self.hide_tail = False  # the boundary of an earlier turn, maybe the stopped one (CTC-02)
        else:  # never told where the stopped turn ended, and so where this one began (CST-09)
            reading.lost = self.hide_tail and reading.n_hidden > 0
            self.finish(reading)

    def finish(self, reading):
        self.streaming, self.own_seq, self.hide_tail = False, None, False
        reading.over.set()
