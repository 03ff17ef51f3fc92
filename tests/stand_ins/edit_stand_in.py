"""A stand-in of an image-edit endpoint (`POST /v1/images/edits`): it mirrors the image, and fails as tests ask."""

from __future__ import annotations

import base64
import email.parser
import email.policy
import io
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image, ImageOps

KEY = "secret-key-of-the-tests"
TROUBLE = ("ok", "429", "500", "slow", "cut", "garbage", "no json", "nothing", "url", "refusal", "bad key", "bad model")


class EditServer(ThreadingHTTPServer):
    """`plan`: what happens to the next requests, one of TROUBLE each, then `ok`. `requests`: the forms that arrived."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/v1"
        self.plan, self.requests, self.answered, self.lock = [], [], [], threading.Lock()
        self.busy = self.most_busy = 0
        self.seconds = 0.0


def form_of(headers, body):
    """The parts of a multipart form: name -> bytes."""
    raw = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode() + body
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(raw)
    return {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True) for part in message.iter_parts()
    }


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Nothing on stderr."""

    def do_GET(self):
        """An image that an answer named; a client that sends the key along fails."""
        wrong = "Authorization" in self.headers
        self.send(400 if wrong else 200, b"" if wrong else self.server.picture, "image/png")

    def do_POST(self):
        """An edit."""
        server = self.server
        form = form_of(self.headers, self.rfile.read(int(self.headers["Content-Length"])))
        with server.lock:
            server.requests.append(form | {"authorization": self.headers.get("Authorization", "")})
            what = server.plan.pop(0) if server.plan else "ok"
            server.busy += 1
            server.most_busy = max(server.most_busy, server.busy)
        try:
            time.sleep(server.seconds)
            self.act(what, form)
        finally:
            with server.lock:
                server.busy -= 1

    def act(self, what, form):
        """Answers with an edit, or fails as planned."""
        mirrored = io.BytesIO()
        ImageOps.mirror(Image.open(io.BytesIO(form["image"]))).save(mirrored, "PNG")
        self.server.picture = mirrored.getvalue()
        text = base64.b64encode(mirrored.getvalue()).decode()
        if what == "slow":
            time.sleep(1.5)
        refusals = {"429": 429, "500": 500, "refusal": 400, "bad key": 401, "bad model": 404}
        if what in refusals:
            error = {"error": {"message": f"{what}: your request was rejected by the safety system", "code": what}}
            return self.send(refusals[what], json.dumps(error).encode(), "application/json", {"Retry-After": "0"})
        if what == "no json":
            return self.send(200, b"<html>a portal's page</html>", "application/json")
        host = self.server.url.removesuffix("/v1")
        data = {"cut": [{"b64_json": text[: len(text) // 2 + 1]}], "garbage": [{"b64_json": "aGVsbG8="}], "nothing": []}
        data |= {"url": [{"url": f"{host}/picture.png"}]}
        answer = {"created": 0, "data": data.get(what, [{"b64_json": text}])}
        self.server.answered.append(form["prompt"].decode())
        return self.send(200, json.dumps(answer).encode(), "application/json")

    def send(self, status, body, kind, headers=None):
        """One answer."""
        try:
            self.send_response(status)
            for name, value in ({"Content-Type": kind, "Content-Length": str(len(body))} | (headers or {})).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):  # a client that did not wait
            self.close_connection = True
