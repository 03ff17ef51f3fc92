"""Attacks on the page's server that annotates photographs. Needs the extra `space`.

Whatever is sent to it: it answers, says no traceback, and what it saved can be read again.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import random
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from gsi_bench_dataset.layout.boxes import read_boxes
from gsi_bench_space.annotating.server import AnnotateServer
from gsi_bench_space.annotating.session import Session
from gsi_bench_space.own.masking import Tools
from hostile.harness import Attack, Outcome
from hostile.makers import BAD_TEXTS, damaged, mutated

__all__ = ["annotate_attacks", "serving_page"]

STEPS: tuple[dict[str, Any], ...] = (
    {"what": "camera", "number": 0, "focal": 28.0, "pitch": 30.0, "height": 60.0},
    {"what": "frame", "number": 0, "x0": 40, "y0": 50, "x1": 110, "y1": 120},
    {"what": "frame", "number": 1, "x0": 60, "y0": 60, "x1": 90, "y1": 110},
    {"what": "mark", "number": 0, "x": 80, "y": 100},
    {"what": "block", "number": 0, "id": "object_1", "width": 20.0, "turn": 30.0},
    {"what": "drag", "number": 0, "id": "object_1", "handle": "width", "x": 120, "y": 100},
    {"what": "try", "number": 0, "id": "object_1", "handle": "turn", "x": 90, "y": 100},
    {"what": "name", "number": 0, "id": "object_1", "name": "mug", "name_zh": "马克杯", "symmetry": "none"},
    {"what": "stand", "number": 0, "id": "object_1", "on": ""},
    {"what": "known", "number": 0, "id": "object_1", "side": "height", "length": 12.0},
    {"what": "board", "number": 0, "marker": 30.0},
    {"what": "remove", "number": 0, "id": "object_1"},
    {"what": "undo", "number": 0},
    {"what": "show", "number": 1},
)


class _Watched(AnnotateServer):
    """Keeps what would be written of a fault."""

    faults: list[str]

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            self.faults.append("".join(traceback.format_exc()[-600:]))


@contextlib.contextmanager
def serving_page(folder: Path) -> Iterator[_Watched]:
    """The page of two photographs in a folder."""
    folder.mkdir(parents=True)
    for number, name in enumerate(("a.png", "b.png")):
        Image.linear_gradient("L").resize((200, 150)).rotate(90 * number).convert("RGB").save(folder / name)
    with _Watched(Session(folder, folder / "boxes.json", Tools(None)), port=0) as server:
        server.faults = []
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def annotate_attacks(seed: int, count: int, server: _Watched) -> Iterator[Attack]:
    """Changed steps, odd paths, tokens and headers; between them sound ones, so that there is something to spoil."""
    chance = random.Random(f"annotate {seed}")
    for number in range(count):
        step = dict(STEPS[number % len(STEPS)])
        how, given = ("sound", step) if chance.random() < 0.3 else mutated(step, chance)
        body = json.dumps(given, default=repr).encode("utf-8", "surrogatepass")
        path, headers = "/do", {"X-Token": server.token, "Content-Type": "application/json"}
        if chance.random() < 0.15:
            more, body = damaged(body, chance)
            how += f", {more}"
        if chance.random() < 0.1:
            path = chance.choice(
                ("/", "//do", "/do/../do", "/image/-1", f"/image/9{'9' * 400}", "/image/0?token=", "/%2e%2e/x")
            )
        if chance.random() < 0.1:
            headers["X-Token"] = chance.choice(("", "x" * 5000, "é", server.token[:-1]))
        if chance.random() < 0.05:
            headers["Content-Length"] = chance.choice(("-1", "x", "99999999999", "0"))
        name = f"annotate: {step['what']}: {how}, {path} (seed {seed}, {number})"
        yield Attack(name, functools.partial(_asked, server, path, body, headers), payload=body, seconds=20)
    for number, text in enumerate(BAD_TEXTS):
        name = f"annotate: image {text!r:.20} ({number})"
        path = f"/image/{text.encode('ascii', 'ignore').hex()}?token={server.token}"
        yield Attack(name, functools.partial(_asked, server, path, b"", {}, "GET"), seconds=20)


def _asked(server: _Watched, path: str, body: bytes, headers: dict[str, str], method: str = "POST") -> Any:
    before = len(server.faults)
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=15)
    try:
        # Sent by hand: a client would mend a wrong length.
        connection.putrequest(method, path)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            connection.putheader(name, value.encode("utf-8"))
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if len(server.faults) > before:
        return Outcome("", "tracebacks", server.faults[-1])
    if answer.status == 200 and path == "/do":
        found = json.loads(content)
        if "Traceback" in str(found):
            return Outcome("", "tracebacks", str(found)[-300:])
    elif answer.status not in (200, 400, 403, 404, 501):
        return Outcome("", "tracebacks", f"status {answer.status}")
    out = server.session.out
    if out.exists():
        read_boxes(out)
    return None if answer.status == 200 else Outcome("", "named", content.decode("utf-8", "replace"))
