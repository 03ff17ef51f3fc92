"""A folder of photographs while it is annotated: what the page asks for, and saving after every change."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gsi_bench_dataset.layout.boxes import MOVABLE, SYMMETRIES, MarkedPhoto, entry_problems
from gsi_bench_dataset.layout.photo_files import SUFFIXES, photographs_below
from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.safety.files import printable_path, read_regular
from gsi_bench_space.annotating.handles import HANDLES, dragged, edges_of, handles_of
from gsi_bench_space.annotating.keeping import Rights, entry_of, known_photos, save, shot_of
from gsi_bench_space.annotating.marks import SIZES, MarkError, Shot, Thing
from gsi_bench_space.intake.uploads import MAX_BYTES, UploadError
from gsi_bench_space.own.drawing import draw_mask
from gsi_bench_space.own.masking import Tools
from gsi_bench_space.own.photo import read_photo
from gsi_bench_space.own.texts import OWN_ENGLISH
from gsi_bench_space.problem import OwnError
from gsi_bench_space.texts.english import ENGLISH

__all__ = ["AnnotateError", "Session"]

_REMEMBERED = 30  # steps that can be taken back, of each photograph
_TEXTS = ("name", "name_zh", "colour", "colour_zh")
_LONGEST_TEXT = 100


class AnnotateError(ValueError):
    """The folder cannot be annotated."""


class Session:
    """Photographs below a folder, in order of their names. Safe to ask from several threads.

    Args:
        folder: of the photographs.
        out: the boxes.json to read and write.
        tools: who finds masks.
        rights: in all photographs.

    Raises:
        AnnotateError: there are none.
        BoxesFileError, FileProblemError: `out` is there and cannot be read.
    """

    def __init__(self, folder: Path, out: Path, tools: Tools, rights: Rights | None = None):
        if not folder.is_dir():
            raise AnnotateError(f"{folder}: expected a folder of photographs")
        self.folder, self.out, self._tools, self._rights = folder, out, tools, rights or Rights()
        self._entries = known_photos(out)
        self.files = photographs_below(folder)
        if not self.files:
            raise AnnotateError(f"{folder}: no photographs ({', '.join(SUFFIXES)})")
        self._shots: dict[str, Shot] = {}
        self._past: dict[str, list[Shot]] = {}
        self._lock = threading.RLock()

    def state(self, number: int, chosen: str | None = None, message: str = "") -> dict[str, Any]:
        """What the page shows of a photograph; `chosen`: the object that is worked on."""
        with self._lock:
            file = self._file(number)
            head = {"number": number, "count": len(self.files), "file": file, "message": message, "out": self.out.name}
            head["marked"] = sum(bool(e.objects) for e in self._entries.values())
            try:
                shot = self._shot(file)
            except MarkError as error:
                return head | {"problem": str(error)}
            return head | self._shown(shot, chosen)

    def image(self, number: int) -> bytes:
        """The photograph at its working size, as PNG; what is masked is tinted."""
        with self._lock:
            shot = self._shot(self._file(number))
            masks = [t.mask.pixels() for t in shot.things if t.mask is not None]
        if not masks:
            return shot.photo.picture.bytes
        rgb = shot.rgb()
        for mask in masks:
            rgb = draw_mask(rgb, mask)
        return _png(rgb)

    def do(self, number: int, what: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Carries a step out and saves; what is not possible changes nothing and is said in `message`."""
        with self._lock:
            chosen = given.get("id") if isinstance(given.get("id"), str) else None
            try:
                file = self._file(number)
                before = self._shot(file)
                if what == "undo":
                    return self._undo(number, file, chosen)
                if what not in _STEPS:
                    raise MarkError(f"no step {what!r}")
                after = _STEPS[what](before, given, self._tools)
                if after == before:
                    return self.state(number, chosen)
                self._keep(file, after)
                self._past.setdefault(file, []).append(before)
                del self._past[file][:-_REMEMBERED]
                new = [t.id for t in after.things if t.id not in {o.id for o in before.things}]
                return self.state(number, new[0] if new else chosen, "saved")
            except (MarkError, OwnError, OSError) as error:
                return self.state(number, chosen, _words(error))

    def try_drag(self, number: int, given: Mapping[str, Any]) -> dict[str, Any]:
        """The edges and handles of a box while a handle is dragged; nothing is kept."""
        with self._lock:
            shot = self._shot(self._file(number))
            try:
                shot = _drag(shot, given, self._tools)
            except OwnError as error:  # a handle above the horizon: the box stays until it comes down
                return _outline(shot, shot.thing(_text(given, "id"))) | {"message": _words(error)}
            return _outline(shot, shot.thing(_text(given, "id")))

    # ---- small ones

    def _undo(self, number: int, file: str, chosen: str | None) -> dict[str, Any]:
        if not self._past.get(file):
            raise MarkError("there is nothing to take back")
        self._keep(file, self._past[file][-1])
        self._past[file].pop()
        return self.state(number, chosen, "taken back")

    def _keep(self, file: str, shot: Shot) -> None:
        """Saves first: what is not on the disk is not shown as if it were."""
        known = self._entries.get(file)
        entry, masks = entry_of(shot, self._rights, self.folder, None if known is None else (self._shot(file), known))
        self._require_readable(entry)
        entries: dict[str, MarkedPhoto] = {**self._entries, file: entry}
        save(self.out, entries, masks)
        self._entries, self._shots[file] = entries, shot

    def _require_readable(self, entry: MarkedPhoto) -> None:
        """Raises MarkError: with this entry the file could not be read again."""
        problems = entry_problems(entry)
        stem = Path(entry.file).with_suffix("")
        problems += [
            f"{printable_path(other)} is marked too, and {printable_path(entry.file)} has another ending alone; rename one"
            for other in self._entries
            if other != entry.file and Path(other).with_suffix("") == stem
        ]
        if problems:
            raise MarkError(summary_of("not saved, since it could not be read again", problems))

    def _file(self, number: int) -> str:
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(self.files):
            raise MarkError(f"no photograph {number!r}")
        return self.files[number]

    def _shot(self, file: str) -> Shot:
        """Raises MarkError: the photograph, or what `boxes.json` says of it, cannot be used."""
        if file not in self._shots:
            entry = self._entries.get(file)
            try:
                shot = Shot.of(file, read_photo(read_regular(self.folder / file, MAX_BYTES)))
                self._shots[file] = shot if entry is None else shot_of(shot, entry, self.folder)
            except (OwnError, UploadError, OSError, ValueError) as error:
                raise MarkError(_words(error)) from error
        return self._shots[file]

    def _shown(self, shot: Shot, chosen: str | None) -> dict[str, Any]:
        ids = [t.id for t in shot.things]
        return {
            "size": shot.photo.size,
            "camera": {
                "focal": round(shot.focal_mm, 1),
                "pitch": round(shot.ground.pitch_deg, 1),
                "height": round(100 * shot.ground.height_m, 1),
            },
            "focal_source": shot.photo.focal.source,
            "levelled": shot.levelled,
            "objects": [_object(shot, t) for t in shot.things],
            "chosen": chosen if chosen in ids else (ids[-1] if ids else None),
            "undo": bool(self._past.get(shot.file)),
            "look": _look(shot),
        }


def _look(shot: Shot) -> str:
    """Another text for another image: what is tinted."""
    found = hashlib.sha256()
    for thing in shot.things:
        if thing.mask is not None:
            found.update(thing.mask.picture.bytes)
    return found.hexdigest()[:16]


def _object(shot: Shot, thing: Thing) -> dict[str, Any]:
    block = thing.block
    return {
        "id": thing.id,
        **{name: getattr(thing, name) or "" for name in (*_TEXTS, "symmetry", "movable", "on")},
        **{name: round(100 * getattr(block, name), 1) for name in ("right", "away", *SIZES)},
        "turn": round(block.turn_deg, 1) + 0.0,
        "mask": thing.mask is not None,
        **_outline(shot, thing),
    }


def _outline(shot: Shot, thing: Thing) -> dict[str, Any]:
    placed = shot.placed(thing)
    return {"edges": edges_of(placed), "handles": handles_of(placed)}


def _png(rgb: Any) -> bytes:
    from gsi_bench_space.shelf import png  # noqa: PLC0415

    return png(rgb, "photo.png").bytes


def _words(error: Exception) -> str:
    name, facts = getattr(error, "name", None), getattr(error, "facts", {})
    words = {**ENGLISH, **OWN_ENGLISH}
    return words[name].format(**facts) if isinstance(name, str) and name in words else str(error)


# ---- steps: a photograph and what the page sent -> the photograph after it


def _number(given: Mapping[str, Any], name: str) -> float:
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e6:
        raise MarkError(f"{name}: expected a number")
    return float(value)


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or not (value.isprintable() or not value):
        raise MarkError(f"{name}: expected a text of one line, up to {_LONGEST_TEXT} characters")
    return value.strip()


def _point(given: Mapping[str, Any]) -> tuple[float, float]:
    return _number(given, "x"), _number(given, "y")


def _on(given: Mapping[str, Any]) -> str | None:
    return None if not given.get("on") else _text(given, "on")


def _mark(shot: Shot, given: Mapping[str, Any], tools: Tools) -> Shot:
    return shot.marked(_point(given), tools, _on(given))


def _frame(shot: Shot, given: Mapping[str, Any], tools: Tools) -> Shot:
    (x, y), (x2, y2) = _point(given), (_number(given, "x2"), _number(given, "y2"))
    return shot.framed((min(x, x2), min(y, y2), max(x, x2), max(y, y2)), tools, _on(given))


def _retouch(shot: Shot, given: Mapping[str, Any], tools: Tools) -> Shot:
    return shot.retouched(_text(given, "id"), _point(given), tools, adds=given.get("adds") is True)


def _put(shot: Shot, given: Mapping[str, Any], _: Tools) -> Shot:
    return shot.put(_text(given, "id"), _point(given))


def _drag(shot: Shot, given: Mapping[str, Any], _: Tools) -> Shot:
    thing, handle = shot.thing(_text(given, "id")), _text(given, "handle")
    if handle not in HANDLES:
        raise MarkError(f"no handle {handle!r}")
    block = dragged(thing.block, shot.ground_of(thing), shot.matrix, handle, _point(given))
    return shot.changed(thing.id, block=block)


def _block(shot: Shot, given: Mapping[str, Any], _: Tools) -> Shot:
    thing = shot.thing(_text(given, "id"))
    numbers = {name: _number(given, name) / 100 for name in ("right", "away", *SIZES) if name in given}
    numbers |= {"turn_deg": _number(given, "turn")} if "turn" in given else {}
    if not numbers:
        raise MarkError(f"expected any of right, away, {', '.join(SIZES)}, turn")
    block = dataclasses.replace(thing.block, **numbers)
    return shot if block == thing.block else shot.changed(thing.id, block=block)


def _name(shot: Shot, given: Mapping[str, Any], _: Tools) -> Shot:
    thing = shot.thing(_text(given, "id"))
    texts = {name: _text(given, name) for name in _TEXTS if name in given}
    fields: dict[str, Any] = {n: t or None for n, t in texts.items()}
    if "name" in fields:
        fields["name"] = texts["name"].lower()
    for name, allowed in (("symmetry", SYMMETRIES), ("movable", MOVABLE)):
        if name in given:
            value = _text(given, name) or None
            if value is not None and value not in allowed:
                raise MarkError(f"{name}: expected one of {', '.join(allowed)}")
            fields[name] = value
    return shot.changed(thing.id, **fields)


def _stand(shot: Shot, given: Mapping[str, Any], _: Tools) -> Shot:
    return shot.stood(_text(given, "id"), _on(given))


def _camera(shot: Shot, given: Mapping[str, Any], _: Tools) -> Shot:
    now = {"focal": shot.focal_mm, "pitch": shot.ground.pitch_deg, "height": 100 * shot.ground.height_m}
    focal, pitch, height = (_number({**now, **given}, name) for name in now)
    return shot.taken_by(focal, pitch, height)


def _known(shot: Shot, given: Mapping[str, Any], _: Tools) -> Shot:
    return shot.known(_text(given, "id"), _text(given, "side"), _number(given, "length"))


_STEPS: dict[str, Callable[[Shot, Mapping[str, Any], Tools], Shot]] = {
    "mark": _mark,
    "frame": _frame,
    "retouch": _retouch,
    "put": _put,
    "drag": _drag,
    "block": _block,
    "name": _name,
    "stand": _stand,
    "camera": _camera,
    "known": _known,
    "board": lambda shot, given, _: shot.boarded(_number(given, "marker")),
    "remove": lambda shot, given, _: shot.without(_text(given, "id")),
}
