"""Public pairs that licences forbid to ship: fetched by the user's own command at named commits, checked, and written as pairs.

`public.json` lists them: what pairs hold, and for each image its path in the repository, its SHA-256, and the size that the
camera matrix means.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import re
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from PIL import Image
from tqdm import tqdm

from gsi_bench_dataset.problems import some, summary_of
from gsi_bench_dataset.safety.files import FileProblemError, parse_json, printable_path
from gsi_bench_dataset.safety.images import DAMAGED, open_image
from gsi_bench_dataset.safety.keys import clean
from gsi_bench_dataset.safety.replies import ReplyProblemError, fetch
from gsi_bench_dataset.safety.system import system_problem
from gsi_bench_dataset.storage.folders import write_atomically

__all__ = ["GITHUB", "FetchError", "Fetched", "fetch_pairs", "licences_of", "public_pairs"]

GITHUB = "https://raw.githubusercontent.com"
_MOST_BYTES, _SECONDS = 16 * 2**20, 120.0  # of one image; the largest listed has 2 MB
_COMMIT = re.compile(r"[0-9a-f]{40}")
Entry = Mapping[str, Any]
Get = Callable[[str], bytes]


class FetchError(ValueError):
    """Pairs that could not be fetched, all of them or some; the message names each."""


@dataclasses.dataclass(frozen=True)
class Fetched:
    """What came of it: ids that were written now, and those that were there already."""

    written: tuple[str, ...]
    there: tuple[str, ...]


def public_pairs() -> list[Entry]:
    """The list that ships with this package."""
    text = resources.files("gsi_bench_metric.photos").joinpath("public.json").read_text("utf-8")
    return list(parse_json(text, "public.json")["pairs"])


def licences_of(entries: Sequence[Entry]) -> list[tuple[str, str, int]]:
    """(repository, licence, pairs) of each repository, in the order of the list."""
    found: dict[tuple[str, str], int] = {}
    for entry in entries:
        key = (entry["origin"]["repository"], entry["licence"])
        found[key] = found.get(key, 0) + 1
    return [(*key, count) for key, count in found.items()]


def fetch_pairs(
    folder: Path,
    entries: Sequence[Entry],
    *,
    base: str = GITHUB,
    only: Sequence[str] | None = None,
    progress: bool = True,
) -> Fetched:
    """Fetches pairs that are not there yet and writes them as `validate --photos` reads them.

    Args:
        folder: to write: one JSON a pair, `images`.
        entries: see `public_pairs`.
        base: where files lie below <owner>/<name>/<commit>/<path>.
        only: ids, kinds or repositories; None: all.
        progress: show a bar.

    Raises:
        FetchError: none of those asked for; or some could not be fetched: what came is kept, and the same command goes on.
    """
    if only is not None:
        known = {name for entry in entries for name in _names(entry)}
        strange = [name for name in only if name not in known]
        if strange:
            raise FetchError(
                f"--only {some(strange)}: no such pair, kind or repository; expected some of {some(sorted(known))}"
            )
        entries = [entry for entry in entries if set(_names(entry)) & set(only)]
    got: dict[str, bytes] = {}

    def get(url: str) -> bytes:
        if url not in got:
            got[url] = fetch(url, most=_MOST_BYTES, seconds=_SECONDS)
        return got[url]

    written, there, problems = [], [], []
    for entry in tqdm(entries, desc="public pairs", unit="pair", delay=1, disable=not progress):
        if _is_there(folder, entry):
            there.append(entry["id"])
            continue
        try:
            _bring(folder, entry, base, get)
        except (FetchError, ReplyProblemError, OSError) as error:
            problems.append(f"{entry['id']}: {_words(error)}")
        else:
            written.append(entry["id"])
    if problems:
        title = f"{printable_path(folder)}: {len(written) + len(there)} pairs are there, these could not be fetched"
        raise FetchError(summary_of(f"{title}; run the same command again later, it goes on from there", problems))
    return Fetched(tuple(written), tuple(there))


def _names(entry: Entry) -> tuple[str, str, str]:
    return entry["id"], entry["kind"], entry["origin"]["repository"]


def _is_there(folder: Path, entry: Entry) -> bool:
    """Whether a pair was written before: its JSON comes last, and is that of this list."""
    try:
        kept = parse_json((folder / f"{entry['id']}.json").read_bytes(), entry["id"])
    except (OSError, FileProblemError):
        return False
    paths = [folder / str(kept.get(role)) for role in ("source", "edited")] if isinstance(kept, dict) else []
    same = bool(paths) and {**kept, "source": None, "edited": None, "sha256": None} == _as_pair(entry, None, None, None)
    return same and all(path.is_file() and _sha256(path.read_bytes()) == kept["sha256"][role] for path, role in _roles(paths))


def _roles(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    return list(zip(paths, ("source", "edited"), strict=True))


def _bring(folder: Path, entry: Entry, base: str, get: Get) -> None:
    """Fetches both images, checks them, and writes the pair."""
    origin, names, hashes = entry["origin"], {}, {}
    if not _COMMIT.fullmatch(origin["commit"]):
        raise FetchError(f"the list names no whole commit: {origin['commit']}")
    images = {}
    for role in ("source", "edited"):
        path = urllib.parse.quote(origin[role])
        url = f"{base.rstrip('/')}/{origin['repository']}/{origin['commit']}/{path}"
        data = get(url)
        expected = entry["sha256"].get(role)
        if expected is not None and _sha256(data) != expected:
            raise FetchError(f"{clean(url)}: SHA-256 {_sha256(data)}, expected {expected}")
        images[role] = _sized(data, tuple(entry["size"]), url, Path(origin[role]).suffix.lower())
    for role, (data, suffix) in images.items():
        names[role], hashes[role] = f"images/{entry['id']}-{role}{suffix}", _sha256(data)
        write_atomically(folder / names[role], data)
    pair = _as_pair(entry, names["source"], names["edited"], hashes)
    write_atomically(folder / f"{entry['id']}.json", json.dumps(pair, indent=1) + "\n")


def _as_pair(entry: Entry, source: str | None, edited: str | None, hashes: Mapping[str, str] | None) -> dict[str, Any]:
    kept = {name: value for name, value in entry.items() if name != "size"}
    return {**kept, "source": source, "edited": edited, "sha256": hashes}


def _sized(data: bytes, size: tuple[int, ...], url: str, suffix: str) -> tuple[bytes, str]:
    """The image at the size that the camera matrix means, and its file's suffix: as it came, or as PNG."""
    try:
        with open_image(data) as image:
            if image.size == size:
                return data, suffix
            stream = io.BytesIO()
            image.convert("RGB").resize((size[0], size[1]), Image.Resampling.LANCZOS).save(stream, "PNG")
            return stream.getvalue(), ".png"
    except DAMAGED as error:
        raise FetchError(f"{clean(url)}: no image ({error})") from error


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, FetchError | ReplyProblemError) else system_problem(error) or clean(str(error))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
