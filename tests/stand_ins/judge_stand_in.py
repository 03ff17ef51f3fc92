"""A server of the OpenAI protocol on this machine that answers by a script, faults included."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

__all__ = ["GOOD", "OFFICIAL", "SAID", "Asked", "Server", "serve"]

GOOD = json.dumps(
    {"observations": "none", "identity": 8, "colour_and_material": 8, "shape": 8, "completeness": 8, "background": 8}
)
OFFICIAL = '||V^=^V||{"score": 8, "reasoning": "alike"}||V^=^V||'
# Replies that are no judgement.
SAID = {
    "good": GOOD,
    "ten": GOOD.replace("8", "10"),
    "official": OFFICIAL,
    "garbage": "The mug looks fine to me.",
    "contradiction": GOOD + "\n" + GOOD.replace("8", "3"),
    "out of range": GOOD.replace("8", "80"),
    "refusal in words": "I'm sorry, but I can't help with rating this picture.",
    "truncated": GOOD[:40],
    "empty": "",
    "thinking": f"<think>{GOOD.replace('8', '3')}</think>{GOOD}",
    "thinking cut": f"<think>perhaps {GOOD.replace('8', '3')}, or",
}
# How servers refuse parameters: status and body, from the first name and from all of them.
REFUSALS = {
    "openai": lambda name, names: (400, {"error": {"message": "no", "param": name, "code": "unsupported_parameter"}}),
    "nested": lambda name, names: (400, {"error": {"message": "no", "param": f"{name}.type", "code": None}}),
    "pydantic": lambda name, names: (
        422,
        {"detail": [{"type": "extra_forbidden", "loc": ["body", n], "msg": "Extra inputs are not permitted"} for n in names]},
    ),
    "vllm": lambda name, names: (
        400,
        {"object": "error", "message": str([{"type": "extra_forbidden", "loc": ("body", n), "msg": "no"} for n in names])},
    ),
    "words": lambda name, names: (400, {"error": {"message": f"Unknown argument '{name}'. Known are: model, messages, seed"}}),
    "plain": lambda name, names: (400, {"message": f"unrecognized request argument supplied: {name}"}),
    "list": lambda name, names: (400, [{"error": {"code": 400, "message": f'Unknown name "{name}": Cannot find field.'}}]),
}


@dataclasses.dataclass
class Asked:
    """One request as the server saw it."""

    edit: str  # hash of the question and its images
    number: int  # of the requests about this edit, from 0
    action: str
    body: dict[str, Any]
    headers: dict[str, str]
    delivered: bool = False  # a whole reply went out


@dataclasses.dataclass
class Server:
    """`script(n, number)` names what happens to the n-th request of all, the number-th about its edit."""

    script: Callable[[int, int], str] = lambda n, number: "good"
    delay: float = 0.0
    key: str | None = None
    models: tuple[str, ...] = ("judge",)
    asked: list[Asked] = dataclasses.field(default_factory=list)
    busiest: int = 0  # requests at one time
    url: str = ""

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.under_way = 0

    def delivered(self) -> Counter[str]:
        """Whole replies by edit."""
        with self.lock:
            return Counter(a.edit for a in self.asked if a.delivered)


def _edit_of(body: dict[str, Any]) -> str:
    question = next(message for message in body["messages"] if message["role"] == "user")
    return hashlib.sha256(json.dumps(question).encode()).hexdigest()[:12]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: Server

    def log_message(self, *_: Any) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True  # the client was killed, or gave up

    def do_GET(self) -> None:
        self._send(200, {"object": "list", "data": [{"id": m, "object": "model", "owned_by": "x"} for m in self.state.models]})

    def do_POST(self) -> None:
        state, body = self.state, json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with state.lock:
            edit = _edit_of(body)
            n, number = len(state.asked), state.counts[edit]
            state.counts[edit] += 1
            asked = Asked(
                edit, number, state.script(n, number), body, {name.title(): value for name, value in self.headers.items()}
            )
            state.asked.append(asked)
            state.under_way += 1
            state.busiest = max(state.busiest, state.under_way)
        try:
            self._act(asked)
        finally:
            with state.lock:
                state.under_way -= 1

    def _act(self, asked: Asked) -> None:  # noqa: PLR0912 - one branch a fault
        state, action = self.state, asked.action
        time.sleep(state.delay)
        if state.key is not None and asked.headers.get("Authorization") != f"Bearer {state.key}":
            self._error(401, f"Incorrect API key provided: {asked.headers.get('Authorization')}")
        elif asked.body["model"] not in state.models:
            self._error(404, f"The model `{asked.body['model']}` does not exist")
        elif action.isdigit():
            self._error(int(action), "not now")
        elif action.startswith("retry-after "):
            self._send(429, {"error": {"message": "slow down"}}, {"Retry-After": action.split()[1]})
        elif action == "slow":
            time.sleep(1.5)
            self._reply(asked, GOOD)
        elif action == "cut":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "5000")
            self.end_headers()
            self.wfile.write(b'{"choices": [{"mess')
            self.close_connection = True
        elif action == "malformed":
            self._send(200, b'{"choices": [{"message": ')
        elif action == "no choice":
            self._send(200, {"id": "x", "object": "chat.completion", "choices": None})
        elif action == "no schema" and "response_format" in asked.body:
            self._error(400, "response_format of type json_schema is not supported")
        elif action == "other limit" and "max_tokens" in asked.body:
            self._error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        elif action.startswith("lacks ") and (named := [name for name in action.split()[2:] if name in asked.body]):
            self._send(*REFUSALS[action.split()[1]](named[0], named))
        elif action.startswith("always lacks "):
            self._send(*REFUSALS["openai"](action.split()[2], []))
        elif action == "policy":
            self._error(400, "rejected by our content_policy")
        elif action == "refusal":
            self._reply(asked, None, refusal="I cannot rate this.")
        elif action == "echo":
            self._reply(asked, f"{asked.headers['Authorization']} {GOOD}")
        else:
            self._reply(asked, SAID[action if action in SAID else "good"])

    def _reply(self, asked: Asked, text: str | None, refusal: str | None = None) -> None:
        message = {"role": "assistant", "content": text, "refusal": refusal}
        finish = "length" if asked.action in ("truncated", "thinking cut") else "stop"
        choice = {"index": 0, "message": message, "finish_reason": finish}
        usage = {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050}
        self._send(
            200,
            {"id": "x", "object": "chat.completion", "created": 0, "model": "judge-v1", "choices": [choice], "usage": usage},
        )
        with self.state.lock:
            asked.delivered = True

    def _error(self, status: int, message: str) -> None:
        self._send(status, {"error": {"message": message, "type": "error", "code": None}})

    def _send(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """`serve(script, delay=, key=, models=) -> Server`, running."""
    running: list[ThreadingHTTPServer] = []

    def start(script: Callable[[int, int], str] | str = "good", **settings: Any) -> Server:
        state = Server(script if callable(script) else lambda n, number: script, **settings)
        handler = type("Handler", (_Handler,), {"state": state})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        return state

    yield start
    for server in running:
        server.shutdown()
        server.server_close()
