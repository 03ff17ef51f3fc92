"""Catalogues of Sweet Home 3D: zip files (.sh3f) with a table of properties, OBJ models, materials and images.

Nothing is unpacked: members are read where they lie, by the names that the archive lists. What a catalogue says is not
believed: sizes, names and licences are checked entry by entry, and one wrong entry costs itself alone.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import posixpath
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from gsi_bench_builders.assets.side_files import ModelFileError
from gsi_bench_builders.scene import IDENTITY, Matrix3, Vector3
from gsi_bench_dataset.layout.archives import DAMAGED_ARCHIVE
from gsi_bench_dataset.safety.files import FileProblemError, printable_path, require_regular
from gsi_bench_dataset.safety.names import is_plain_path, printable

__all__ = ["PROPERTIES", "Archive", "Entry", "open_archive", "parse_properties"]

PROPERTIES = "PluginFurnitureCatalog.properties"
# The package's largest catalogue is 60 MB, its largest table 200 kB, its largest model 9 MB.
_MAX_ARCHIVE_BYTES = 2**30
_MAX_TABLE_BYTES = 8 * 2**20
_MAX_MEMBER_BYTES = 64 * 2**20
_MAX_MEMBERS = 50_000
_LONGEST_TEXT = 120
_AGAIN = "install the package again"
_SMALLEST_CM, _LARGEST_CM = 0.1, 1000.0  # of a household object's side
# Of a rotation matrix' rows against unit length: catalogues write six digits, and this is half a degree.
_ROTATION_SLACK = 0.01
_PROPERTY = re.compile(r"(?P<key>(?:\\.|[^\\:=\s])+)\s*[=:\s]\s*(?P<value>.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u(?P<code>[0-9A-Fa-f]{4})|(?P<bad>u)|(?P<sign>.))", re.DOTALL)
_SIGNS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}


@dataclasses.dataclass(frozen=True)
class Entry:
    """What a catalogue says of a model.

    Attributes:
        name: as Sweet Home 3D shows it.
        creator: who made it.
        model: the OBJ file, a member of the archive.
        size: full extents along right, forward, up, metres: the model is stretched to them.
        rotation: of the model in the file's own axes (y up), before it is stretched.
        licence: SPDX name, lower case.
    """

    name: str
    creator: str
    model: str
    size: Vector3
    rotation: Matrix3
    licence: str


class Archive:
    """One catalogue.

    Attributes:
        name: of the file, without its suffix.
        digest: of the table of properties, hex.
    """

    def __init__(self, path: Path, members: Mapping[str, int], table: bytes):
        self.path, self.name = path, path.stem
        self.digest = hashlib.sha256(table).hexdigest()
        self._members = members
        self._texts = parse_properties(table.decode("latin-1"), printable_path(path))
        self._numbers = {
            value.rpartition("#")[2]: key.partition("#")[2] for key, value in self._texts.items() if key.startswith("id#")
        }

    def entry(self, model_id: str) -> Entry:
        """The entry of an id, such as `oakChair`.

        Raises:
            ModelFileError: there is none, or what it says cannot be used.
        """
        number = self._numbers.get(model_id)
        if number is None:
            raise ModelFileError(f"{self.path.name}: there is no {printable(model_id)} in it")
        rotation = self._texts.get(f"modelRotation#{number}")
        width, depth, height = (self._side(key, number, model_id) for key in ("width", "depth", "height"))
        return Entry(
            name=self._text("name", number, model_id),
            creator=self._text("creator", number, model_id),
            model=self._model(number, model_id),
            size=(width, depth, height),
            rotation=IDENTITY if rotation is None else self._rotation(rotation, model_id),
            licence=self._licence(model_id),
        )

    def read(self, name: str) -> bytes:
        """All bytes of a member.

        Raises:
            KeyError: the archive has no such member.
            ModelFileError: it is too large, or damaged.
        """
        size = self._members[name]
        if size > _MAX_MEMBER_BYTES:
            raise ModelFileError(f"{self.path.name}: {printable(name, 80)}: {size} bytes; at most {_MAX_MEMBER_BYTES} are read")
        try:
            with zipfile.ZipFile(self.path) as opened, opened.open(name) as stream:
                data = stream.read(size + 1)
        except DAMAGED_ARCHIVE as error:
            said = printable(str(error) or type(error).__name__)
            raise ModelFileError(f"{self.path.name}: {printable(name, 80)}: damaged ({said}); {_AGAIN}") from error
        return data

    def beside(self, member: str, name: str, what: str) -> str:
        """The member that a file of a model names.

        Raises:
            ModelFileError: the name leads out of the model's folder, or there is no such member.
        """
        plain = name.replace("\\", "/").removeprefix("./")
        if not is_plain_path(plain):
            raise ModelFileError(f"{self.path.name}: {member}: {what} {printable(name, 80)}: leads out of the model's folder")
        found = posixpath.join(posixpath.dirname(member), plain)
        if found not in self._members:
            raise ModelFileError(f"{self.path.name}: {member}: {what} {printable(name, 80)} is missing")
        return found

    def _text(self, key: str, number: str, model_id: str) -> str:
        value = self._texts.get(f"{key}#{number}", "").strip()
        # Attributions of several models are joined by "; ".
        if not value or len(value) > _LONGEST_TEXT or not value.isprintable() or ";" in value:
            raise self._problem(model_id, f"{key}: expected a text on one line without ';', found {printable(value, 60)}")
        return value

    def _side(self, key: str, number: str, model_id: str) -> float:
        value = self._texts.get(f"{key}#{number}", "")
        try:
            side = float(value)
        except ValueError:
            side = math.nan
        if not _SMALLEST_CM <= side <= _LARGEST_CM:
            raise self._problem(
                model_id, f"{key}: expected {_SMALLEST_CM:g} to {_LARGEST_CM:g} centimetres, found {printable(value, 40)}"
            )
        return side / 100

    def _model(self, number: str, model_id: str) -> str:
        value = self._texts.get(f"model#{number}", "")
        name = value.removeprefix("/")
        if not is_plain_path(name):
            raise self._problem(model_id, f"model: expected a file of the catalogue, found {printable(value, 80)}")
        if not name.lower().endswith(".obj"):
            raise self._problem(model_id, f"model: expected an OBJ file, found {printable(value, 80)}")
        if name not in self._members:
            raise self._problem(model_id, f"model: {printable(name, 80)} is missing")
        return name

    def _rotation(self, text: str, model_id: str) -> Matrix3:
        try:
            a, b, c, d, e, f, g, h, i = (float(word) for word in text.split())
        except ValueError:
            a = b = c = d = e = f = g = h = i = math.nan
        rows: Matrix3 = ((a, b, c), (d, e, f), (g, h, i))
        turned = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
        unit = all(abs(math.hypot(*row) - 1) < _ROTATION_SLACK for row in rows)
        if not unit or not abs(turned - 1) < 3 * _ROTATION_SLACK:
            raise self._problem(model_id, f"modelRotation: expected a rotation (nine numbers), found {printable(text, 60)}")
        return rows

    def _licence(self, model_id: str) -> str:
        """By the catalogue's own words; what is not known may not be used."""
        words = self._texts.get("license", "")
        if "public domain" in words.lower() or "cc0" in words.lower():
            return "cc0-1.0"
        if "creative commons" in words.lower() and "attribution" in words.lower() and "3.0" in words:
            return "cc-by-3.0-us" if "united states" in words.lower() else "cc-by-3.0"
        raise self._problem(model_id, f"the licence of the catalogue is not known: {printable(words, 60)}")

    def _problem(self, model_id: str, what: str) -> ModelFileError:
        return ModelFileError(f"{self.path.name}: {printable(model_id)[1:-1]}: {what}")


def open_archive(path: Path) -> Archive:
    """A catalogue with its table read.

    Raises:
        ModelFileError: there is no such file, or it is no catalogue.
    """
    shown = printable_path(path)
    try:
        require_regular(path, _MAX_ARCHIVE_BYTES)
        with zipfile.ZipFile(path) as opened:
            listed = opened.infolist()
            if len(listed) > _MAX_MEMBERS:
                raise ModelFileError(f"{shown}: {len(listed)} files; at most {_MAX_MEMBERS} are read")
            members = {member.filename: member.file_size for member in listed if not member.is_dir()}
            if members.get(PROPERTIES, _MAX_TABLE_BYTES + 1) > _MAX_TABLE_BYTES:
                found = "a larger one" if PROPERTIES in members else "none"
                raise ModelFileError(f"{shown}: expected a {PROPERTIES} of up to {_MAX_TABLE_BYTES} bytes in it, found {found}")
            table = opened.read(PROPERTIES)
    except ModelFileError:
        raise
    except FileProblemError as error:
        raise ModelFileError(str(error)) from error
    except FileNotFoundError as error:
        raise ModelFileError(f"{shown}: there is no such file") from error
    except DAMAGED_ARCHIVE as error:
        raise ModelFileError(f"{shown}: expected a zip file ({printable(str(error))[1:-1]}); {_AGAIN}") from error
    return Archive(path, members, table)


def parse_properties(text: str, what: str) -> dict[str, str]:
    r"""A table in Java's format: a key and a value a line, comments, lines that go on, and escapes.

    >>> parse_properties("# a comment\nname#1=T\\u00e9l\\u00e9, \\\n  black\n", "a table")
    {'name#1': 'Télé, black'}

    Raises:
        ModelFileError: an escape that is none; names the line.
    """
    found: dict[str, str] = {}
    whole = ""
    for number, line in enumerate(text.splitlines(), start=1):
        part = line.lstrip(" \t\f")
        if not whole and part[:1] in ("", "#", "!"):
            continue
        whole += part
        if (len(whole) - len(whole.rstrip("\\"))) % 2:
            whole = whole[:-1]
            continue
        if (match := _PROPERTY.fullmatch(whole)) is not None:
            found[_unescaped(match["key"], f"{what}, line {number}")] = _unescaped(match["value"], f"{what}, line {number}")
        whole = ""
    return found


def _unescaped(text: str, where: str) -> str:
    def one(match: re.Match[str]) -> str:
        if match["bad"]:
            raise ModelFileError(f"{where}: damaged: expected four hexadecimal digits after \\u; {_AGAIN}")
        return chr(int(match["code"], 16)) if match["code"] else _SIGNS.get(match["sign"], match["sign"])

    return _ESCAPE.sub(one, text)
