"""What the Hub may take: time and size of every reply, the pace of a download, how long it may ask to wait.

The Hub's client bounds a single read at most. A server that sends a byte a second, never ends, or asks to wait for a year
would keep it busy for ever.
"""

from __future__ import annotations

import functools
import queue
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from gsi_bench_dataset.safety.keys import clean
from gsi_bench_dataset.safety.proxies import proxies_but_for
from gsi_bench_dataset.safety.replies import MAX_TEXT_BYTES, ReplyProblemError, Unpacker

__all__ = ["limit_client"]

REPLY_SECONDS = 60.0  # for a reply's head, and for the whole of one that is no download
SLOWEST_BYTES_A_SECOND = 1024.0  # of a download, on average from its first REPLY_SECONDS on
LONGEST_WAIT_SECONDS = 300.0  # that the Hub may ask for when it is asked too often
_RESET = re.compile(r"\bt=(\d+)")


@functools.cache
def limit_client() -> None:
    """Has the Hub's client make connections with bounded replies; once a process."""
    import huggingface_hub  # noqa: PLC0415
    from huggingface_hub import constants  # noqa: PLC0415
    from huggingface_hub.utils._http import default_client_factory  # noqa: PLC0415 - the public name only sets it

    def factory() -> Any:
        with proxies_but_for(constants.ENDPOINT):
            client = default_client_factory()
        client.send = _bounded(client.send)  # type: ignore[method-assign]
        return client

    huggingface_hub.set_client_factory(factory)


def _bounded(send: Callable[..., Any]) -> Callable[..., Any]:
    def bounded(request: Any, *, stream: bool = False, **options: Any) -> Any:
        began = time.monotonic()
        response = _within(functools.partial(send, request, stream=True, **options), _name(request))
        try:
            _refuse_long_waits(response)
            if not stream:
                return _whole(response, began)
        except BaseException:
            response.close()
            raise
        response.stream = _paced(response.stream, _name(response.request))
        return response

    return bounded


def _within(ask: Callable[[], Any], name: str) -> Any:
    """What is answered in time. A thread that waits for more is left behind; its connection's own limits end it."""
    answers: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put((ask(), None))
        except BaseException as error:  # noqa: BLE001 - raised where it was asked for
            answers.put((None, error))

    threading.Thread(target=work, daemon=True).start()
    try:
        answer, error = answers.get(timeout=REPLY_SECONDS)
    except queue.Empty:
        raise ReplyProblemError(f"{name}: no answer within {REPLY_SECONDS:g} s; run the command again later") from None
    if error is not None:
        raise error
    return answer


def _refuse_long_waits(response: Any) -> None:
    """The client sleeps as long as the reply says."""
    if response.status_code != 429:
        return
    told = [response.headers.get("retry-after", ""), *_RESET.findall(response.headers.get("ratelimit", ""))]
    seconds = max((float(text) for text in told if text.isascii() and text.isdigit()), default=0.0)
    if seconds > LONGEST_WAIT_SECONDS:
        raise ReplyProblemError(f"{_name(response.request)}: asks to wait {seconds:g} s; run the command again then")


def _whole(response: Any, began: float) -> Any:
    """The same response with its body read and unpacked."""
    name = _name(response.request)
    body = Unpacker(response.headers.get("content-encoding", "").strip().lower(), MAX_TEXT_BYTES, name)
    try:
        for chunk in response.stream:
            body.add(chunk)
            if time.monotonic() - began > REPLY_SECONDS:
                raise ReplyProblemError(f"{name}: not all of the answer came within {REPLY_SECONDS:g} s; try again later")
    finally:
        response.close()
    dropped = ("content-encoding", "content-length", "transfer-encoding")
    headers = [(key, value) for key, value in response.headers.multi_items() if key.lower() not in dropped]
    whole = type(response)(
        response.status_code, headers=headers, content=body.end(), request=response.request, history=response.history
    )
    whole.elapsed = response.elapsed
    return whole


def _paced(stream: Any, name: str) -> Any:
    """A download's stream that ends in an error where it crawls."""
    httpx = sys.modules[type(stream).__module__.partition(".")[0]]

    class Paced(httpx.SyncByteStream):  # type: ignore[name-defined]
        def __iter__(self) -> Iterator[bytes]:
            began, received = time.monotonic(), 0
            for chunk in stream:
                yield chunk
                received += len(chunk)
                seconds = time.monotonic() - began
                if seconds > REPLY_SECONDS and received < SLOWEST_BYTES_A_SECOND * seconds:
                    raise ReplyProblemError(
                        f"{name}: sends {received / seconds:.0f} bytes a second; run the command again later, what has arrived "
                        "is kept"
                    )

        def close(self) -> None:
            stream.close()

    return Paced()


def _name(request: Any) -> str:
    return clean(str(request.url))[:200]
