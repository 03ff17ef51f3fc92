"""What requests hold and replies say, in each trainer's form. Pure functions of plain values; nothing is trusted."""

from __future__ import annotations

import base64
import binascii
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from gsi_bench_dataset.safety.images import DAMAGED, TooManyPixelsError, open_image
from gsi_bench_dataset.safety.names import printable
from gsi_bench_metric.reward.config import SERVING, ServingConfig
from gsi_bench_metric.reward.grading import Rated
from gsi_bench_metric.reward.pictures import RewardError
from gsi_bench_metric.reward.samples import Samples
from gsi_bench_metric.reward.trainers.naming import id_in, ids_of

__all__ = ["NAME", "Item", "compute_items", "pickled_items", "score_items", "score_reply", "sub_metrics"]

NAME = "gsi"  # of the reward, as UniRL asks for it
_IDENTITY = ("request_id", "sample_id", "group_id", "source_rank", "policy_version", "scorer_version", "idempotency_key")


@dataclasses.dataclass(frozen=True)
class Item:
    """An image to rate: an encoded file, and whose edit it is."""

    image: bytes
    sample_id: str


def compute_items(body: Any, samples: Samples, limits: ServingConfig = SERVING) -> list[Item]:
    """Of POST /compute: {"image": [base64], "prompt": [words or ids]} or with "sample_ids", as Flow-Factory's client sends it.

    Raises:
        RewardError: anything else; the message says what was expected.
    """
    what = '{"image": [base64, …], "prompt": [words, …]} or "sample_ids" in place of "prompt"'
    fields = _mapping(body, what)
    images = _listed(fields.get("image"), "image", what, limits)
    ids = fields.get("sample_ids")
    if ids is None:
        kwargs = fields.get("kwargs")
        extra = kwargs if isinstance(kwargs, Mapping) else {}
        ids = ids_of(samples, len(images), _words(fields.get("prompt"), len(images), what), _rows(extra.get("metadata")))
    ids = _words(ids, len(images), what)
    samples.require(ids)
    return [Item(_decoded(text, f"image {i}", limits), name) for i, (text, name) in enumerate(zip(images, ids, strict=True))]


def score_items(body: Any, samples: Samples, limits: ServingConfig = SERVING) -> list[Item | str]:
    """Of POST /score, UniRL's: one item a request, or what is wrong with that request. The last turn holds the edited image.

    Raises:
        RewardError: the body as a whole is of another kind.
    """
    what = '{"requests": [{"history": [{"text", "image_b64"}, …], "required_rewards": ["gsi"], "metadata": {"gsi_id": …}}, …]}'
    requests = _listed(_mapping(body, what).get("requests"), "requests", what, limits)
    found: list[Item | str] = []
    for number, request in enumerate(requests):
        try:
            found.append(_turns(request, number, samples, limits, what))
        except RewardError as error:
            found.append(str(error))
    return found


def _turns(request: Any, number: int, samples: Samples, limits: ServingConfig, what: str) -> Item:
    fields = _mapping(request, what)
    wanted = fields.get("required_rewards", [NAME])
    if not isinstance(wanted, Sequence) or isinstance(wanted, str) or list(wanted) != [NAME]:
        raise RewardError(f"request {number}: this server has the reward {NAME!r} alone, found {printable(str(wanted), 80)}")
    history = fields.get("history")
    if not isinstance(history, list) or not history or not isinstance(history[-1], Mapping):
        raise RewardError(f"request {number}: expected {what}, found no turns")
    last = history[-1]
    named = id_in(fields.get("metadata"))
    name = named if named is not None else ids_of(samples, 1, [last.get("text")])[0]
    samples.require([name])
    return Item(_decoded(last.get("image_b64"), f"request {number}", limits), name)


def score_reply(body: Any, rated: Sequence[Rated | str]) -> dict[str, Any]:
    """As UniRL's client reads it: the total comes first, and every value is a finite number."""
    results = [{NAME: sub_metrics(found)} if isinstance(found, Rated) else {} for found in rated]
    errors = [{} if isinstance(found, Rated) else {NAME: found} for found in rated]
    reply: dict[str, Any] = {"protocol_version": "1", "results": results, "errors": errors}
    requests = body["requests"]
    if any(isinstance(request, Mapping) and "request_id" in request for request in requests):
        reply["identities"] = [{key: request.get(key) for key in _IDENTITY} for request in requests]
    return reply


def pickled_items(body: Any, samples: Samples, limits: ServingConfig = SERVING) -> list[Item]:
    """Of a pickled body, verl-omni's or flow_grpo's: {"images": [bytes], "prompts": [ids or words], "meta_datas": [rows]}.

    Raises:
        RewardError: anything else.
    """
    what = '{"images": [bytes of a file, …], "prompts": [ids or words, …]}, with "meta_datas" or "metadata" beside or instead'
    fields = _mapping(body, what)
    images = _listed(fields.get("images"), "images", what, limits)
    for number, image in enumerate(images):
        if not isinstance(image, bytes):
            raise RewardError(f"image {number}: expected {what}, found {type(image).__name__}")
        _require_small(image, f"image {number}", limits)
    rows = fields.get("meta_datas", fields.get("metadatas", fields.get("metadata")))
    rows = [rows] if isinstance(rows, Mapping) and rows and len(images) == 1 else rows
    ids = ids_of(samples, len(images), fields.get("prompts"), rows if isinstance(rows, (list, tuple)) else None)
    samples.require(ids)
    return [Item(image, name) for image, name in zip(images, ids, strict=True)]


def sub_metrics(found: Rated) -> dict[str, float]:
    """A reward and its parts, the total first."""
    parts = {name: float(getattr(found, name)) for name in ("progress", "kept", "locality", "presence")}
    return {"total": float(found.reward), **parts, "scored": float(found.scored), "complies": float(bool(found.complies))}


def _mapping(body: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(body, Mapping):
        raise RewardError(f"expected {what}, found {_kind(body)}")
    return body


def _listed(value: Any, name: str, what: str, limits: ServingConfig) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise RewardError(f"{name}: expected {what}, found {'an empty list' if value == [] else _kind(value)}")
    if len(value) > limits.images:
        raise RewardError(f"{name}: {len(value)} in one request, over the limit of {limits.images}")
    return value


def _words(value: Any, count: int, what: str) -> list[str]:
    words = [value] if isinstance(value, str) and count == 1 else value
    if not isinstance(words, list) or len(words) != count or not all(isinstance(word, str) for word in words):
        raise RewardError(f"expected {what}, one of each for each of {count} images, found {_kind(value)}")
    return words


def _rows(value: Any) -> list[Any] | None:
    return value if isinstance(value, list) else None


def _decoded(text: Any, which: str, limits: ServingConfig) -> bytes:
    if not isinstance(text, str):
        raise RewardError(f"{which}: expected an image as base64 text, found {_kind(text)}")
    if len(text) > limits.image_bytes * 4 // 3 + 4096:
        raise RewardError(f"{which}: over the limit of {limits.image_bytes} bytes")
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RewardError(f"{which}: expected an image as base64 text, found text that is none") from error
    return _require_small(data, which, limits)


def _require_small(data: bytes, which: str, limits: ServingConfig) -> bytes:
    """By its header: no pixel is decoded."""
    if len(data) > limits.image_bytes:
        raise RewardError(f"{which}: {len(data)} bytes, over the limit of {limits.image_bytes}")
    try:
        open_image(data, most=limits.pixels).close()
    except TooManyPixelsError as error:
        raise RewardError(f"{which}: {error}") from error
    except DAMAGED as error:
        raise RewardError(f"{which}: no readable image ({error})") from error
    return data


def _kind(value: Any) -> str:
    return "nothing" if value is None else type(value).__name__
