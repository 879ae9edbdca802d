"""Creates a chat's session with a secret key: a server's part, which no browser can play."""
import http.client, json, urllib.parse

from transport import ApiError, member, parse


def create_session(base_url, secret_key, task, chat_id):
    """The answer with the session's publicAccessToken, also where the session was there before."""
    url = urllib.parse.urlsplit(base_url.rstrip("/") + "/api/v1/sessions")
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    payload = {"chatId": chat_id, "trigger": "preload"}  # (CAP-86)
    body = {"type": "chat.agent", "externalId": chat_id, "taskIdentifier": task,
            "triggerConfig": {"basePayload": payload}}
    headers = {"Authorization": f"Bearer {secret_key}", "Content-Type": "application/json"}
    connection = kinds[url.scheme](url.netloc, timeout=60)
    connection.request("POST", url.path, json.dumps(body).encode(), headers)
    with connection.getresponse() as response:
        answer = parse(response.read())
    if response.status not in (200, 201) or not member(answer, "publicAccessToken", str):  # (CAP-88)
        raise ApiError("the session was not created", response.status, member(answer, "code"))
    return answer
