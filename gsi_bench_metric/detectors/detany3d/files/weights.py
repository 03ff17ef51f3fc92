"""Getting the weights: where they come from, under which licences, and what was checked."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from gsi_bench_metric.detectors.detany3d.config import Config
from gsi_bench_metric.detectors.detany3d.errors import CheckpointError
from gsi_bench_metric.detectors.detany3d.files.checkpoint import Merged, convert, merge
from gsi_bench_metric.detectors.detany3d.files.terms import DINO_FILE, GROUNDING_MODEL, GROUNDING_REVISION, SAM_FILE, STEPS
from gsi_bench_metric.imaging.weights import cache_dir

__all__ = ["Ready", "download", "fetch_grounding", "find_checkpoint", "prepare", "weights_file"]

_SUFFIXES = (".pth", ".pt", ".ckpt", ".safetensors")


@dataclasses.dataclass(frozen=True)
class Ready:
    """What was prepared: the file, the SHA-256 of its numbers, how many entries came from where."""

    path: Path
    sha256: str
    counts: dict[str, int]


def weights_file() -> Path:
    """Where the converted weights are kept."""
    return cache_dir() / "detany3d.safetensors"


def prepare(folder: Path, sha256: str | None = None, config: Config | None = None, *, progress: bool = True) -> Ready:
    """Checks the official files of a folder and converts them, once.

    Args:
        folder: with one DetAny3D checkpoint and, where that is partial, SAM's and DINOv2's.
        sha256: what the DetAny3D file must have, where its publisher names it.
        config: sizes; the released ones by default.
        progress: show bars.

    Raises:
        CheckpointError: nothing usable there; says what was found and what to do.
    """
    checkpoint = find_checkpoint(folder)
    beside = {name: folder / name for name in (SAM_FILE, DINO_FILE) if (folder / name).is_file()}
    files = {path.name: _sha256(path, progress=progress) for path in (checkpoint, *beside.values())}
    if sha256 and files[checkpoint.name] != sha256.lower():
        raise CheckpointError(
            f"{checkpoint} ({checkpoint.stat().st_size:,} bytes): SHA-256 {files[checkpoint.name]}, expected {sha256.lower()}; "
            "download it again"
        )
    merged: Merged = merge(config or Config(), checkpoint, beside.get(SAM_FILE), beside.get(DINO_FILE))
    return Ready(weights_file(), convert(merged, weights_file(), files, progress=progress), merged.counts())


def find_checkpoint(folder: Path) -> Path:
    """The one file of weights in a folder that is neither SAM's nor DINOv2's; a file is taken as it is.

    Raises:
        CheckpointError: none, or several.
    """
    if folder.is_file():
        return folder
    if not folder.is_dir():
        raise CheckpointError(f"{folder}: no such folder")
    known = {SAM_FILE, DINO_FILE}
    found = sorted(p for p in folder.iterdir() if p.suffix in _SUFFIXES and p.is_file() and p.name not in known)
    if len(found) != 1:
        names = ", ".join(p.name for p in found) or "none"
        raise CheckpointError(f"{folder}: expected one DetAny3D checkpoint ({' '.join(_SUFFIXES)}), found {names}\n{STEPS}")
    return found[0]


def download(repo: str, file: str, revision: str | None) -> Path:
    """A checkpoint from the Hub, resumed where it was stopped; size and hash are checked by the Hub's client.

    Raises:
        CheckpointError: no such repository or file, no permission, or no connection.
    """
    import huggingface_hub  # noqa: PLC0415 - only downloads need it

    with _hub(f"{file} of {repo}"):
        return Path(huggingface_hub.hf_hub_download(repo, file, revision=revision))


def fetch_grounding() -> Path:
    """GroundingDINO in the Hub's cache.

    Raises:
        CheckpointError: see `download`.
    """
    import huggingface_hub  # noqa: PLC0415

    patterns = ["*.json", "*.txt", "*.safetensors"]
    with _hub(GROUNDING_MODEL):
        return Path(huggingface_hub.snapshot_download(GROUNDING_MODEL, revision=GROUNDING_REVISION, allow_patterns=patterns))


@contextlib.contextmanager
def _hub(what: str) -> Iterator[None]:
    """Turns what the Hub's client raises into one line; it goes on from there when the command is run again."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError  # noqa: PLC0415

    try:
        yield
    except (OSError, HfHubHTTPError, HFValidationError) as error:
        first_line = str(error).strip().partition("\n")[0]
        raise CheckpointError(
            f"{what} cannot be fetched from the Hub ({first_line}); run the same command again to go on, check the name "
            "and your login (`hf auth login`), or bring the file and use --from"
        ) from error


def _sha256(path: Path, *, progress: bool) -> str:
    digest = hashlib.sha256()
    with (
        path.open("rb") as stream,
        tqdm(total=path.stat().st_size, unit="B", unit_scale=True, desc=path.name, delay=2, disable=not progress) as bar,
    ):
        while chunk := stream.read(1 << 22):
            digest.update(chunk)
            bar.update(len(chunk))
    return digest.hexdigest()
