"""The server's routes. What is wrong with a request is said in a line; what is wrong with the server is logged, not told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from gsi_bench_dataset.version import __version__
from gsi_bench_metric.reward.config import SERVING, ServingConfig
from gsi_bench_metric.reward.grading import Rated
from gsi_bench_metric.reward.pictures import RewardError
from gsi_bench_metric.reward.serving import bodies
from gsi_bench_metric.reward.serving.batching import Batcher, BusyError
from gsi_bench_metric.reward.serving.pickles import dumped, loaded
from gsi_bench_metric.reward.spatial import SpatialReward

__all__ = ["make_app"]

_LOG = logging.getLogger(__name__)
_PARTS = ["total", "progress", "kept", "locality", "presence", "scored", "complies"]


class _RefusedError(Exception):
    """A request that is not answered. `status`: of HTTP."""

    def __init__(self, status: int, words: str):
        super().__init__(words)
        self.status = status


def make_app(reward: SpatialReward, *, pickles: bool = False, limits: ServingConfig = SERVING) -> FastAPI:
    """The application: GET /health, POST /score (UniRL), POST /compute (Flow-Factory and others), POST /pickle where asked.

    Args:
        reward: who rates.
        pickles: whether pickled bodies are read too; plain values alone, see `pickles.py`.
        limits: sizes, times and how much is rated together.
    """
    batcher = Batcher(reward, limits)

    @contextlib.asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        batcher.start()
        yield
        await asyncio.to_thread(batcher.stop)

    app = FastAPI(title="gsi-bench reward", version=__version__, lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/health")
    async def health() -> JSONResponse:
        told: dict[str, Any] = {
            "status": "ok" if batcher.alive else "stopped",
            "rewards": {bodies.NAME: _PARTS},
            "version": __version__,
        }
        told |= {"samples": len(reward.samples), "waiting": batcher.waiting, "rated": batcher.done}
        return JSONResponse(told, 200 if batcher.alive else 503)

    @app.post("/score")
    async def score(request: Request) -> Response:
        async def answer(body: Any) -> Any:
            items = bodies.score_items(body, reward.samples, limits)
            sound = [item for item in items if not isinstance(item, str)]
            rated = iter(await _rated(batcher, sound, limits, all_or_none=False))
            return bodies.score_reply(body, [item if isinstance(item, str) else next(rated) for item in items])

        return await _answered(request, answer, limits)

    @app.post("/compute")
    async def compute(request: Request) -> Response:
        async def answer(body: Any) -> Any:
            found = await _rated(batcher, bodies.compute_items(body, reward.samples, limits), limits)
            details = [bodies.sub_metrics(one) | {"reason": one.reason} for one in found]
            return {"rewards": [one.reward for one in found], "details": details}

        return await _answered(request, answer, limits)

    if pickles:

        @app.post("/pickle")
        async def pickled(request: Request) -> Response:
            async def answer(body: Any) -> Any:
                found = await _rated(batcher, bodies.pickled_items(body, reward.samples, limits), limits)
                scores = [float(one.reward) for one in found]
                return {"scores": scores, "outputs": scores}

            return await _answered(request, answer, limits, pickled=True)

    return app


async def _answered(request: Request, answer: Any, limits: ServingConfig, *, pickled: bool = False) -> Response:
    """A reply, or an error in one line, in the form of the request."""
    status, said = 200, None
    try:
        data = await _body(request, limits)
        said = await answer(loaded(data) if pickled else _json(data))
    except RewardError as error:
        status, said = 400, {"error": str(error)}
    except _RefusedError as error:
        status, said = error.status, {"error": str(error)}
    except BusyError as error:
        status, said = 429, {"error": f"busy: {error}; try again later"}
    except Exception:  # noqa: BLE001 - no client is shown a traceback
        _LOG.exception("a request failed")
        status, said = 500, {"error": "the server failed on this request; its log says why"}
    if pickled:
        return Response(dumped(said), status, media_type="application/octet-stream")
    return JSONResponse(said, status)


async def _body(request: Request, limits: ServingConfig) -> bytes:
    parts, size = [], 0
    try:
        async with asyncio.timeout(limits.seconds):
            async for part in request.stream():
                size += len(part)
                if size > limits.body_bytes:
                    raise _RefusedError(413, f"a request of over {limits.body_bytes} bytes; send fewer images at once")
                parts.append(part)
    except TimeoutError:
        raise _RefusedError(408, f"the request did not arrive within {limits.seconds:g} s") from None
    return b"".join(parts)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RewardError(f"expected a body in JSON, found another ({type(error).__name__})") from None


async def _rated(
    batcher: Batcher, items: Sequence[bodies.Item], limits: ServingConfig, *, all_or_none: bool = True
) -> list[Any]:
    """The ratings; where one may fail alone, words in its place."""
    futures = batcher.submit(items)
    try:
        async with asyncio.timeout(limits.seconds):
            found = await asyncio.gather(*(asyncio.wrap_future(future) for future in futures), return_exceptions=True)
    except TimeoutError:
        _drop(futures)
        raise _RefusedError(503, f"not rated within {limits.seconds:g} s; send fewer images at once, or try again") from None
    failed = [one for one in found if isinstance(one, BaseException)]
    if failed and all_or_none:
        raise failed[0]
    return [one if isinstance(one, Rated) else _words(one) for one in found]


def _drop(futures: Sequence[Future[Rated]]) -> None:
    for future in futures:
        future.cancel()


def _words(error: Any) -> str:
    if isinstance(error, RewardError):
        return str(error)
    _LOG.error("an image was not rated", exc_info=error)
    return "the server failed on this image; its log says why"
