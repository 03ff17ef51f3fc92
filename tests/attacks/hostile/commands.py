"""Every sub-command of `gsi-bench`, with one argument of it hostile and the others sound, run in this process."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib
import json
import os
import random
import re
import time
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gsi_bench_dataset import EncodedImage
from gsi_bench_dataset.cli.main import build_parser
from gsi_bench_dataset.storage.shards import write_dataset
from hostile.datasets import sound_archive
from hostile.harness import Attack, Outcome, command
from hostile.images import bases
from hostile.makers import BAD_TEXTS, ODD_NAMES, special_files
from hostile.photographs import sound_pair
from hostile.records import sound_records

__all__ = ["command_attacks", "isolated", "sound_inputs", "templates"]

# A hostile input path, a hostile place to write to, hostile words, a hostile number.
PATH, OUT, TEXT, NUMBER = "{path}", "{out}", "{text}", "{number}"
KINDS = (PATH, OUT, TEXT, NUMBER)
NUMBERS = ("-1", "0", "1e999", "nan", "٣", "", "x", "9" * 400, "1.5", "0x10", "-9223372036854775809")
# These start a renderer, download, or change this environment. Tests of their own attack them.
LEFT_OUT = ("build", "register", "weights")


def templates(sound: dict[str, str]) -> list[list[str]]:
    """Command lines with one hostile place each."""
    data, archive, pictures, cache, image, photos = (
        sound[name] for name in ("data", "archive", "pictures", "cache", "image", "photos")
    )
    on = ["--split", "fine"]
    evaluate = ["evaluate", pictures, "--data", data, *on, "--detector", "recorded", "--detections", cache, "--quiet"]
    score = ["harness-score", sound["answers"], "--data", data]
    generate = ["generate", "--data", data, *on, "--quiet"]
    enrich = ["enrich", data, *on, "--masks", "grabcut", "--quiet"]
    return [
        ["import", PATH, *on, "--out", "new"],
        ["import", PATH, "--split", "all", "--out", "new"],
        ["import", archive, *on, "--out", OUT],
        ["import", archive, *on, "--out", "new", "--attribution", TEXT],
        ["import", archive, *on, "--out", "new", "--image-licence", TEXT],
        ["import", TEXT, *on, "--out", "new"],
        ["export", PATH, *on, "--out", "new"],
        ["export", data, *on, "--out", OUT],
        ["export", data, *on, "--out", OUT, "--overwrite"],
        ["export", data, "--split", "all", "--out", OUT],
        ["export", "a/b", "--revision", TEXT, *on, "--out", "new"],
        ["export", PATH, "--format", "diffsynth", "--out", "new"],
        ["export", data, "--format", "bagel", "--out", OUT],
        ["export", data, "--format", "uniworld", "--out", OUT, "--overwrite"],
        ["export", data, "--format", TEXT, "--out", "new"],
        ["export", data, "--format", "webdataset", "--language", TEXT, "--out", "new"],
        ["export", data, "--format", "kontext", "--max-side", NUMBER, "--out", "new"],
        ["leakage", PATH, data, "--quiet"],
        ["leakage", data, PATH, "--quiet", "--json"],
        ["leakage", TEXT, data, "--quiet"],
        ["leakage", data, data, "--quiet", "--split", TEXT],
        ["info", PATH],
        ["info", TEXT],
        ["pull", TEXT, "new"],
        ["pull", "a/b", OUT],
        ["push", PATH, "a/b", "--dry-run"],
        ["push", data, TEXT, "--dry-run"],
        ["push", "--metric", TEXT, "--dry-run"],
        ["push", "--space", TEXT, "--dry-run"],
        ["evaluate", PATH, "--data", data, *on, "--out", "new", "--quiet"],
        ["evaluate", PATH, "--data", data, "--split", "all", "--out", "new", "--quiet"],
        ["evaluate", pictures, "--data", PATH, *on, "--out", "new", "--quiet"],
        [*evaluate[:-2], PATH, "--out", "new", "--quiet"],
        [*evaluate, "--out", "new", "--judge", "recorded", "--judgements", PATH],
        [*evaluate, "--out", "new", "--workers", NUMBER],
        [*evaluate, "--out", "new", "--runner", TEXT],
        [*evaluate, "--out", "new", "--gpus-per-worker", NUMBER],
        [*evaluate, "--out", "new", "--batch-size", NUMBER],
        [*evaluate, "--out", "new", "--protocol", TEXT],
        [*evaluate, "--out", "new", "--judge", TEXT],
        ["evaluate", pictures, "--data", data, *on, "--out", "new", "--detector", TEXT],
        ["evaluate", pictures, "--data", data, *on, "--out", "new", "--device", TEXT],
        ["report", PATH],
        ["compare", PATH, PATH],
        ["compare", TEXT, TEXT],
        ["leaderboard", PATH, "--out", "new"],
        ["leaderboard", "missing", "--out", OUT],
        ["harness", "lmms-eval", "--data", PATH, "--out", "new"],
        ["harness", "evalscope", "--data", data, "--out", OUT],
        ["harness", "lmms-eval", "--data", data, "--out", "new", "--protocol", TEXT],
        ["harness-score", PATH, "--data", data, "--images", pictures, "--out", "new", "--quiet"],
        ["harness-score", sound["answers"], "--data", PATH, "--images", pictures, "--out", "new", "--quiet"],
        [*score, "--images", PATH, "--out", "new", "--quiet"],
        [*score, "--images", "missing", "--out", OUT, "--quiet"],
        [*score, "--images", "missing", "--out", "new", "--protocol", TEXT, "--quiet"],
        ["review", PATH, "--out", "new"],
        ["review", data, "--out", "new", "--apply", PATH],
        ["review", data, *on, "--out", "new", "--judge", TEXT],
        ["review", data, *on, "--out", "new", "--judge", "openai", "--judge-model", "m", "--judge-url", TEXT],
        ["review", data, *on, "--out", "new", "--judge", "local", "--judge-model", PATH, "--quiet"],
        ["review", PATH, *on, "--out", "new", "--judge", "openai", "--judge-model", "m", "--judge-url", "http://127.0.0.1:9/v1"],
        ["annotate", "missing", "--port", NUMBER],
        ["annotate", "missing", "--out", TEXT],
        ["detections", PATH, "--data", data, *on, "--predictions", pictures, "--out", "new.jsonl"],
        ["detections", cache, "--data", data, *on, "--predictions", PATH, "--out", "new.jsonl"],
        ["detections", cache, "--data", data, *on, "--predictions", pictures, "--out", OUT],
        ["baseline", "copy", "--data", PATH, *on, "--out", "new"],
        ["baseline", "copy", "--data", data, *on, "--out", OUT],
        ["baseline", TEXT, "--data", data, *on, "--out", "new"],
        [*generate, "--out", "new", "--editor", TEXT],
        ["generate", "--editor", "json:dumps", "--data", PATH, *on, "--out", "new", "--quiet"],
        [*generate, "--editor", "openai", "--out", "new", "--model", "m", "--base-url", TEXT],
        [*generate, "--editor", "json:dumps", "--out", OUT, "--limit", "0"],
        [*generate, "--editor", "json:dumps", "--out", "new", "--name", TEXT],
        [*generate, "--editor", "json:dumps", "--out", "new", "--concurrency", NUMBER],
        [*generate, "--editor", "json:dumps", "--out", "new", "--workers", NUMBER],
        [*generate, "--editor", "json:dumps", "--out", "new", "--runner", TEXT],
        [*generate, "--editor", "json:dumps", "--out", "new", "--gpus-per-worker", NUMBER],
        ["enrich", PATH, *on, "--out", "new", "--masks", "grabcut", "--quiet"],
        ["enrich", "a/b", "--revision", TEXT, *on, "--out", "new", "--masks", "grabcut", "--quiet"],
        [*enrich, "--out", OUT],
        [*enrich, "--out", "new", "--batch-size", NUMBER],
        [*enrich, "--out", "new", "--device", TEXT],
        [*enrich, "--out", "new", "--depth", TEXT],
        [*enrich, "--out", "new", "--poses", PATH],
        [*enrich, "--out", "new", "--depth", "transformers", "--depth-model", PATH],
        ["enrich", data, *on, "--out", "new", "--quiet", "--masks", TEXT],
        ["enrich", data, *on, "--out", "new", "--quiet", "--masks", "sam", "--masks-model", PATH],
        ["enrich", data, *on, "--out", "new", "--quiet", "--masks", "sam-transformers", "--masks-model", TEXT],
        ["enrich", data, *on, "--out", "new", "--quiet", "--masks", "u2netp", "--masks-model", PATH],
        ["reproduce", "bagel", "--bundle", PATH, "--out", "new", "--quiet"],
        ["reproduce", "bagel", "--bundle", TEXT, "--out", "new", "--quiet"],
        ["reproduce", "bagel", "--bundle", "missing", "--out", "new", "--quiet", "--runner", TEXT],
        ["validate", "--data", PATH, *on, "--out", "new", "--quiet"],
        ["validate", "--data", data, *on, "--out", "new", "--quiet", "--cells", TEXT],
        ["validate", "--data", data, *on, "--out", "new", "--quiet", "--runner", TEXT],
        ["validate", "--data", data, *on, "--out", "new", "--quiet", "--gpus-per-worker", NUMBER],
        ["validate", "--photos", PATH, "--out", "new", "--quiet"],
        ["validate", "--photos", photos, "--out", "new", "--quiet", "--only", TEXT],
        ["validate", "--photos", photos, "--out", OUT, "--quiet", "--only", "none"],
        ["photos", "fetch", "--out", OUT, "--accept-licences", "--quiet", "--from", "http://127.0.0.1:9", "--only", "removed"],
        ["photos", "fetch", "--out", "new", "--accept-licences", "--quiet", "--from", TEXT, "--only", "removed"],
        ["photos", "fetch", "--out", "new", "--accept-licences", "--quiet", "--only", TEXT],
        ["photos", "board", "--out", OUT, "--cards", "1", "--dpi", "72"],
        ["photos", "board", "--out", "new", "--cards", "1", "--dpi", NUMBER],
        ["photos", "from-markers", PATH, "--out", "new", "--marker-length-m", "0.03"],
        ["photos", "from-markers", photos, "--out", "new", "--marker-length-m", NUMBER],
        ["photos", "from-markers", photos, "--out", "new", "--marker-length-m", "0.03", "--focal-mm", TEXT],
        ["serve-judge", "--print", "--model", TEXT],
        ["serve-judge", "--print", "--port", NUMBER],
        ["serve-reward", PATH, "--port", "18100"],
        ["serve-reward", TEXT, "--port", "18100"],
        ["serve-reward", "missing", "--port", NUMBER],
        ["serve-reward", "missing", "--timeout", NUMBER],
        ["serve-reward", "missing", "--host", TEXT],
        ["serve-reward", "missing", "--device", TEXT, "--pickle"],
        ["detect", PATH, "--box", "1,1,9,9", "--weights", "missing"],
        ["detect", image, "--box", TEXT, "--weights", "missing"],
        ["detect", pictures, "--prompt", TEXT, "--weights", "missing"],
        ["detect", pictures, "--prompt", "mug", "--weights", PATH],
        ["detect", pictures, "--prompt", "mug", "--weights", "missing", "--out", OUT],
        ["detect", pictures, "--prompt", "mug", "--weights", "missing", "--least-score", NUMBER],
        ["detect", image, "--box", "1,1,9,9", "--weights", PATH],
        ["detect", image, "--box", "1,1,9,9", "--weights", "missing", "--camera", PATH],
        ["infer-cache", PATH, "--data", data, *on, "--out", "new.json", "--weights", "missing"],
        ["infer-cache", pictures, "--data", PATH, *on, "--out", "new.json", "--weights", "missing"],
        ["space", "--data", PATH],
        ["space", "--data", TEXT],
        ["space", "--data", "missing", "--runs", PATH],
        ["space", "--data", "missing", "--port", NUMBER],
        [TEXT],
        ["--debug", TEXT],
    ]  # fmt: skip


def sound_inputs(folder: Path) -> dict[str, str]:
    """A dataset, an archive, images, recorded detections, one image."""
    picture = bases()["PNG rgb"][1]
    sample = dataclasses.replace(sound_records()[0], image=EncodedImage(picture, "a.png"), edited_image=None)
    write_dataset({"fine": [sample]}, folder / "data")
    (folder / "archive.zip").write_bytes(sound_archive())
    (folder / "pictures").mkdir()
    (folder / "pictures" / "a_edit_0.png").write_bytes(picture)
    (folder / "image.png").write_bytes(picture)
    found = {"detections": [{"bbox_3d": sample.original_bbox_3d, "bbox_2d": [1, 2, 3, 4]}]}
    (folder / "cache.json").write_text(json.dumps({"a_0": {"origin_result": found, "new_result": found}}))
    (folder / "photos").mkdir()
    (folder / "photos" / "a.png").write_bytes(picture)
    (folder / "photos" / "pair.json").write_text(json.dumps(sound_pair()))
    answers = {"format": 1, "editor": "e", "split": "fine", "base": str(folder / "pictures")}
    answers["answers"] = [{"id": sample.id, "text": "Generated image saved to: a_edit_0.png"}]
    (folder / "answers.json").write_text(json.dumps(answers))
    names = {"data": "data", "archive": "archive.zip", "pictures": "pictures", "cache": "cache.json", "image": "image.png"}
    names |= {"photos": "photos", "answers": "answers.json"}
    return {name: str(folder / file) for name, file in names.items()}


def command_attacks(seed: int, each: int, folder: Path) -> Iterator[Attack]:
    """`each` hostile values in every hostile place of every command. Use within `isolated`."""
    (folder / "sound").mkdir()
    lines = templates(sound_inputs(folder / "sound"))
    attacked = {line[0] for line in lines} | set(LEFT_OUT)
    forgotten = set(build_parser()._subparsers._group_actions[0].choices) - attacked  # type: ignore[union-attr,arg-type]
    assert not forgotten, f"commands that nothing attacks: {forgotten}"
    chance = random.Random(f"commands {seed}")
    for number, line in enumerate(lines * each):
        (kind,) = {word for word in line if word in KINDS}
        place = folder / f"{number}" / "a" / "b" / "c" / "d" / "e"
        shown, value = _hostile(kind, place, chance)
        words = [value if word in KINDS else word for word in line]
        name = f"gsi-bench {' '.join(line[:1])} … {shown} (seed {seed}, {number})"
        yield Attack(name, functools.partial(_run, words, place), payload=json.dumps(words).encode(), seconds=15)


def _hostile(kind: str, place: Path, chance: random.Random) -> tuple[str, str]:
    place.mkdir(parents=True)
    if kind == NUMBER:
        value = chance.choice(NUMBERS)
        return f"number {value!r:.30}", value
    if kind == TEXT:
        value = chance.choice((*ODD_NAMES, *BAD_TEXTS))
        return f"text {value!r:.30}", value
    if chance.random() < 0.5:
        made = special_files(place / "special")
        which = chance.choice(sorted(made))
        return which, str(made[which])
    value = chance.choice(ODD_NAMES)
    # Only to be read from elsewhere; everything is written below this folder.
    if kind == OUT and value.startswith(("/", "~")):
        value = f"{place.parent}{value}"
    return f"{'place' if kind == OUT else 'path'} {value!r:.30}", value


def _run(words: list[str], place: Path) -> Any:
    work = place / "work"
    work.mkdir()
    with contextlib.chdir(work):
        ended = command(words)
    left = [path for path in place.parent.rglob(".*") if re.fullmatch(r"\..+-[a-z0-9_]{8}|\..+\.tmp", path.name)]
    return Outcome("", "altered", f"left {left[0].name} behind") if left else ended


def import_everything() -> None:
    """What commands import when they run."""
    for module in ("gradio", "openai", "torch", "cv2", "datasets", "gsi_bench_metric.run.pipeline", "gsi_bench_space.app"):
        with contextlib.suppress(ImportError):  # an extra that is not installed
            importlib.import_module(module)


@contextlib.contextmanager
def isolated(folder: Path) -> Iterator[None]:
    """No network, no cache and no home of the user inside, and no waits between tries."""
    from huggingface_hub import constants  # noqa: PLC0415
    from huggingface_hub.utils import _http  # noqa: PLC0415

    import_everything()  # else the first command that needs it pays for it
    nowhere, sleep = "http://127.0.0.1:9", time.sleep
    time_module = _http.time
    impatient = types.SimpleNamespace(**{n: getattr(time_module, n) for n in dir(time_module)} | {"sleep": lambda _: None})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "ENDPOINT", nowhere)
        patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", nowhere + "/{repo_id}/resolve/{revision}/{filename}")
        patch.setattr(constants, "HF_HUB_CACHE", str(folder / "hub"))
        patch.setattr(constants, "HF_TOKEN_PATH", str(folder / "token"))
        patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        patch.setattr(_http, "time", impatient)
        patch.setattr(time, "sleep", lambda seconds: sleep(min(max(seconds, 0), 0.01)))  # between tries
        for name, value in {"HOME": str(folder), "HF_TOKEN": "x", "OPENAI_API_KEY": "x", "NO_PROXY": "*"}.items():
            patch.setitem(os.environ, name, value)
        yield
