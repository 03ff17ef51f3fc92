"""The Hugging Face Hub: finding official archives, fetching datasets, always at a named commit; errors that say what to do."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from gsi_bench_dataset.problems import some, summary_of
from gsi_bench_dataset.remote.answers import HubError, check_settings, meaning_of, without_secrets
from gsi_bench_dataset.remote.limits import limit_client
from gsi_bench_dataset.safety.names import is_plain_path, printable
from gsi_bench_dataset.safety.replies import ReplyProblemError

__all__ = ["HubError", "HubRef", "OfficialArchives", "commit_of", "explained", "fetch_dataset", "fetch_official", "parse_ref"]

_REF = re.compile(r"(?:hf:)?(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^@\s]+))?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclasses.dataclass(frozen=True)
class HubRef:
    """A dataset repository and, where given, a branch, tag or commit of it."""

    repo_id: str
    revision: str | None = None

    def __str__(self) -> str:
        return f"{self.repo_id}@{self.revision}" if self.revision else self.repo_id


@dataclasses.dataclass(frozen=True)
class OfficialArchives:
    """Downloaded archives by split, and the commit that they belong to."""

    repo_id: str
    commit: str
    paths: dict[str, Path]


def parse_ref(text: str) -> HubRef | None:
    """A repository from `org/name`, `org/name@revision` or either with `hf:` before it; None for anything else.

    >>> parse_ref("hf:GSI-Bench/GSI-Bench@main")
    HubRef(repo_id='GSI-Bench/GSI-Bench', revision='main')
    >>> parse_ref("../GSI-Bench") is None
    True
    """
    match = _REF.fullmatch(text)
    if match is None or any(set(part) <= {"."} or ".." in part for part in match["repo"].split("/")):
        return None
    return HubRef(match["repo"], match["revision"])


def fetch_official(
    repo_id: str, revision: str | None, splits: Sequence[str], cache: str | Path | None = None
) -> OfficialArchives:
    """Downloads the archive of each split, `<split>_dataset.zip` or the only zip with the split's name in its own.

    Args:
        repo_id: dataset repository.
        revision: branch, tag or commit; it is resolved to a commit first and all files come from that one.
        splits: names of splits.
        cache: download folder; None for the Hugging Face cache.

    Raises:
        HubError: no or several archives for a split (named for all splits together), or no such repository.
    """
    ref = HubRef(repo_id, revision)
    with explained(ref):
        import huggingface_hub  # noqa: PLC0415 - inside: a bad HF_ENDPOINT fails here

        info = huggingface_hub.HfApi().dataset_info(repo_id, revision=revision)
        files = [sibling.rfilename for sibling in info.siblings or []]
        chosen = choose_archives(files, splits, str(ref))
        commit = commit_of(info.sha, ref)
        paths = {
            split: Path(huggingface_hub.hf_hub_download(repo_id, name, repo_type="dataset", revision=commit, cache_dir=cache))
            for split, name in chosen.items()
        }
    return OfficialArchives(repo_id, commit, paths)


def choose_archives(files: Sequence[str], splits: Sequence[str], where: str) -> dict[str, str]:
    """Split -> file name out of a repository's files; see `fetch_official`."""
    zips = sorted(name for name in files if name.lower().endswith(".zip"))
    odd = [name for name in zips if not is_plain_path(name)]
    if odd:
        names = [f"{printable(name)}: expected a relative path of plain names" for name in odd]
        raise HubError(summary_of(f"{where}: holds archives with names that lead elsewhere; use another repository", names))
    chosen: dict[str, str] = {}
    problems = []
    for split in splits:
        named = [name for name in zips if PurePosixPath(name).name == f"{split}_dataset.zip"]
        found = named or [name for name in zips if split in PurePosixPath(name).name.lower()]
        if len(found) == 1:
            chosen[split] = found[0]
        else:
            problems.append(f"{split}: expected one archive such as {split}_dataset.zip, found {some(found) or 'none'}")
    if problems:
        present = some(zips or [printable(name) for name in sorted(files)]) or "no files"
        raise HubError(summary_of(f"{where}: holds {present}; download the archive and give its path instead", problems))
    return chosen


def fetch_dataset(ref: HubRef, splits: Sequence[str] | None) -> Path:
    """A local snapshot of a dataset repository with the shards of some splits (None: all)."""
    shards = ["data/*.parquet"] if splits is None else [f"data/{split}-*.parquet" for split in splits]
    with explained(ref):
        import huggingface_hub  # noqa: PLC0415 - inside: a bad HF_ENDPOINT fails here

        folder = huggingface_hub.snapshot_download(
            ref.repo_id, repo_type="dataset", revision=ref.revision, allow_patterns=["README.md", *shards]
        )
    return Path(folder)


def commit_of(told: object, ref: HubRef) -> str:
    """The id of a commit as the Hub gave it. It becomes a part of folder names and of what papers quote.

    Raises:
        HubError: it is no such id.
    """
    if not isinstance(told, str) or not _COMMIT.fullmatch(told):
        raise HubError(f"{ref}: expected the id of a commit from the Hub, found {printable(told)}; check HF_ENDPOINT")
    return told


@contextlib.contextmanager
def explained(ref: HubRef, kind: str = "dataset") -> Iterator[None]:
    """Turns whatever the client raises into one error that says what to do. `kind`: dataset or space.

    The client trusts its server: an answer of another shape ends in whatever error Python has for it. Errors of this project
    pass as they are.

    Raises:
        HubError: a setting cannot be right (nothing was asked yet), the Hub refuses, is not reached or answers nonsense.
    """
    check_settings()
    try:
        limit_client()
        yield
    except MemoryError:
        raise
    except Exception as error:
        if isinstance(error, ReplyProblemError):
            raise HubError(f"{ref}: {error}") from error
        if type(error).__module__.startswith("gsi_bench"):
            raise
        words = without_secrets(f"{ref}: {meaning_of(error, kind)}")
        # A traceback would show the client's own words, secrets and all.
        shown = error if without_secrets(str(error)) == str(error) else None
        raise HubError(words) from shown
