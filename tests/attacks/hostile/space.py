"""Attacks on the Space: what a visitor or a program may send to its endpoints. Needs the extra `space`."""

from __future__ import annotations

import functools
import io
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from gsi_bench_metric.detectors.registry import make_detector
from gsi_bench_metric.imaging.images import load_numbers, load_rgb
from gsi_bench_space.app import build_app
from gsi_bench_space.intake.uploads import read_upload
from gsi_bench_space.own.api import uploaded_mask
from gsi_bench_space.own.draft import CLICKS, Draft
from gsi_bench_space.own.edit import Wish
from gsi_bench_space.own.masking import Tools, find_segmenter
from gsi_bench_space.own.photo import read_photo
from gsi_bench_space.problem import OwnError
from gsi_bench_space.scoring.bench import Bench
from gsi_bench_space.shelf import Shelf
from hostile.harness import Attack
from hostile.images import bases, exotic
from hostile.makers import BAD_VALUES, ODD_NAMES, damaged, special_files

__all__ = ["mask_attacks", "space_attacks", "upload_attacks"]

# What a caller of `/score_own` sends; its order is the endpoint's.
OWN: dict[str, Any] = {
    "photo": None, "edited": None, "rectangle": [80, 60, 120, 110], "operation": "move", "direction": "left", "amount": 10,
    "name": "mug", "camera": {"focal_mm": 28.0, "pitch_deg": 30.0, "height_cm": 60.0}, "mask": None,
}  # fmt: skip


@functools.cache
def endpoints() -> dict[str, Callable[..., Any]]:
    """The functions behind the names that programs call."""
    app = build_app(Shelf.read(), Bench(make_detector("simulator")))
    found = {fn.api_name: fn.fn for fn in app.fns.values() if fn.api_name in ("score", "samples", "score_own")}
    assert len(found) == 3, f"endpoints of the app: {sorted(found)}"
    return found


@functools.cache
def picture() -> bytes:
    """A file that may be uploaded."""
    stream = io.BytesIO()
    with Image.open(io.BytesIO(bases()["PNG rgb"][1])) as image:
        image.resize((200, 150)).save(stream, "PNG")
    return stream.getvalue()


def upload_attacks(seed: int, count: int) -> Iterator[Attack]:
    """Damaged and exotic files as uploads: a refusal with a name, or plain RGB of the size that is said."""
    chance = random.Random(f"uploads {seed}")
    names = list(bases())
    for number in range(count):
        name = names[number % len(names)]
        how, data = damaged(bases()[name][1], chance)
        read = (_upload, _photo, _mask)[number // len(names) % 3]
        label = f"{read.__name__.strip('_')}: {name}, {how} (seed {seed}, {number})"
        yield Attack(label, functools.partial(read, data), payload=data)
    for name, data in exotic().items() if seed == 0 else ():
        yield Attack(f"upload: {name}", functools.partial(_upload, data), payload=data)
        yield Attack(f"photo: {name}", functools.partial(_photo, data), payload=data)
        yield Attack(f"mask: {name}", functools.partial(_mask, data), payload=data)


def _upload(data: bytes) -> None:
    upload = read_upload(data, (64, 48))
    assert load_rgb(upload.picture).shape == (upload.size[1], upload.size[0], 3)


def _photo(data: bytes) -> None:
    photo = read_photo(data)
    assert load_rgb(photo.picture).shape == (photo.size[1], photo.size[0], 3)


@functools.cache
def marked() -> Draft:
    """A photo with an object marked on it."""
    return Draft.of(read_photo(picture())).marked((80, 60, 120, 110))


def _mask(data: bytes) -> None:
    mask = uploaded_mask(data, marked())
    assert mask.shape == (150, 200) and mask.dtype == bool and mask.any()


def mask_attacks(seed: int, count: int) -> Iterator[Attack]:
    """Clicks at odd places with odd reaches on a marked photo: a name, or a mask of the photo's size."""
    chance = random.Random(f"masks {seed}")
    odd = (-1.0, 0.0, 1e-9, 99.5, 149.999, 150.0, 199.999, 200.0, 1e9, float("nan"), float("inf"))
    for number in range(count):
        steps = []
        for _ in range(chance.randint(1, 6)):
            point = tuple(chance.choice(odd) if chance.random() < 0.3 else chance.uniform(0, side) for side in (200, 150))
            steps.append((chance.choice(CLICKS), point, chance.choice((0.5, 4.0, 20.0))))
        label = f"clicks: {[meaning for meaning, *_ in steps]} (seed {seed}, {number})"
        yield Attack(label, functools.partial(_clicks, steps), named=(OwnError,))


def _clicks(steps: list[tuple[str, tuple[float, float], float]]) -> None:
    """Each click by itself: one that is refused leaves the draft as it was."""
    draft, refused = marked().segmented(Tools(segmenter())), None
    for meaning, point, reach in steps:
        before = draft
        try:
            draft = draft.clicked(point, meaning, Tools(segmenter(), reach_percent=reach))
        except OwnError as error:
            refused = error
            assert draft is before
    assert draft.picture().shape == (150, 200, 3)
    if draft.placed is not None:
        numbers = draft.sample(Wish("remove")).instance_mask
        assert numbers is None or load_numbers(numbers).shape == (150, 200)
    if refused is not None:
        raise refused


@functools.cache
def segmenter() -> Any:
    """The one that needs no weights."""
    return find_segmenter("grabcut")


def space_attacks(seed: int, count: int, folder: Path) -> Iterator[Attack]:
    """Calls of the three endpoints with one hostile argument: `gr.Error` with words, or an answer that is JSON."""
    chance = random.Random(f"space {seed}")
    place = folder / f"space-{seed}"
    place.mkdir()
    upload = place / "upload.png"
    upload.write_bytes(picture())
    specials = special_files(place / "special")
    sample_id = next(iter(Shelf.read().samples))
    for number in range(count):
        endpoint = ("score", "samples", "score_own")[number % 3]
        value = chance.choice((*BAD_VALUES, *ODD_NAMES))
        what = f"{value!r:.40}"
        file: Any = {"path": str(upload)}
        if chance.random() < 0.3:
            what = chance.choice(sorted(specials))
            file = {"path": str(specials[what])}
        elif chance.random() < 0.3:
            file = chance.choice(({"path": value}, value, {"url": value}, {"path": [str(upload)]}, [file]))
        if endpoint == "score":
            hostile_id = chance.random() < 0.4
            given = [value if hostile_id else sample_id, None if file == {"path": str(upload)} else file]
        elif endpoint == "samples":
            given = ["any", "any", ""]
            given[chance.randrange(3)] = value
        else:
            sound = {**OWN, "photo": {"path": str(upload)}, "edited": {"path": str(upload)}}
            name = chance.choice(list(sound))
            sound[name] = file if name in ("photo", "edited", "mask") else _within(sound[name], value, chance)
            given, what = list(sound.values()), f"{name} {what}"
        yield Attack(
            f"/{endpoint}: {what} (seed {seed}, {number})", functools.partial(_call, endpoint, given), named=(gr.Error,)
        )


def _within(sound: Any, value: Any, chance: random.Random) -> Any:
    """A hostile value in the place of an argument, or of a part of it."""
    if isinstance(sound, list) and chance.random() < 0.7:
        at = chance.randrange(len(sound))
        return [*sound[:at], value, *sound[at + 1 :]]
    if isinstance(sound, dict) and chance.random() < 0.7:
        return {**sound, chance.choice([*sound, "stranger"]): value}
    return value


def _call(endpoint: str, given: list[Any]) -> None:
    answer = endpoints()[endpoint](*given)
    json.dumps(answer, allow_nan=False)
