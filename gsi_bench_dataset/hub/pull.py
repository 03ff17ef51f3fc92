"""Fetching a published dataset into a folder: whole, checked, and from one commit.

Everything that a repository says is from outside. Which files are fetched, and so which may be read, compared or removed, is
decided by their names before anything is written; the repository's list of hashes only says what these should be.
"""

from __future__ import annotations

import contextlib
import dataclasses
import glob
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from gsi_bench_dataset.hub.plan import (
    MANIFEST,
    MAX_MANIFEST_BYTES,
    Content,
    ManifestError,
    content_of,
    is_dataset_path,
    read_manifest,
)
from gsi_bench_dataset.hub.published_folders import verified
from gsi_bench_dataset.hub.pulled_folders import keep_other_files, make_unfinished, state_of, sweep
from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.remote.client import HubError, HubRef, commit_of, explained
from gsi_bench_dataset.safety.names import is_plain_path, printable
from gsi_bench_dataset.safety.system import system_problem
from gsi_bench_dataset.storage.card import read_content_hash
from gsi_bench_dataset.storage.folders import OLD, scratch_beside, swap_in
from gsi_bench_dataset.storage.folders import sweep as restore
from gsi_bench_dataset.storage.shards import split_names

__all__ = ["Pulled", "pull_dataset"]


@dataclasses.dataclass(frozen=True)
class Pulled:
    """What a folder now holds. `checked`: files with a hash that was compared with the list that `push` left."""

    commit: str
    files: int
    checked: int
    changed: bool


def pull_dataset(ref: HubRef, out: Path, *, overwrite: bool = False) -> Pulled:
    """Fetches card and shards of a repository to a folder; a stopped pull goes on where it was.

    The files are gathered beside the folder, checked, and take its place together. Asking for a branch gives the commit that
    it names now; the commit is in the answer, for papers.

    Args:
        ref: the repository, with a branch, tag or commit where one is meant.
        out: new or empty folder, or one that holds this dataset already.
        overwrite: another dataset that is there may be replaced; files beside card, licence and shards are kept.

    Raises:
        HubError: no such repository or revision, not reachable; it holds no dataset; files arrived damaged; its list of files
            names what no push can have put there; `out` is in use; the disk is full.
    """
    out = Path(os.path.realpath(out))
    restore(out)
    in_use = _in_use(out)
    before = state_of(out)
    commit, wanted = _listed(ref)
    sweep(out, commit)
    if in_use and _same_files(wanted, out):
        return Pulled(commit, len(wanted), 0, changed=False)
    if in_use and not overwrite:
        raise HubError(f"{out}: holds another dataset; choose another place, or replace it with --overwrite")
    staging = make_unfinished(out, commit, wanted)
    with _kept_for_the_next_run(ref, staging):
        contents = _fetched(ref, commit, staging, wanted)
    try:
        checked = _as_listed(ref, staging, contents)
        _verify(ref, staging)
    except Exception:
        shutil.rmtree(staging)  # the same files would come again
        raise
    with _kept_for_the_next_run(ref, staging):
        shutil.rmtree(staging / ".cache", ignore_errors=True)  # the client's notes on what it had fetched
        if in_use:
            keep_other_files(out, staging)
        if state_of(out) != before:
            raise HubError(f"{out}: changed while the dataset was fetched; run the command again")
        with scratch_beside(out) as scratch:
            swap_in(staging, out, scratch / OLD)
    return Pulled(commit, len(wanted), checked, changed=True)


def _in_use(out: Path) -> bool:
    """Whether a dataset is there; complains about anything else."""
    if out.exists() and not out.is_dir():
        raise HubError(f"{out}: expected a folder, found a file; choose another place")
    in_use = out.is_dir() and any(out.iterdir())
    if in_use and not split_names(out):
        raise HubError(f"{out}: expected a dataset, a new or an empty folder, found other files; choose another place")
    return in_use


def _listed(ref: HubRef) -> tuple[str, dict[str, Content]]:
    """The commit that a revision names, and what the Hub says of the files of a dataset in it; all others are not fetched."""
    with explained(ref):
        import huggingface_hub  # noqa: PLC0415 - inside: a bad HF_ENDPOINT fails here

        api = huggingface_hub.HfApi()
        commit = commit_of(api.dataset_info(ref.repo_id, revision=ref.revision).sha, ref)
        entries = api.list_repo_tree(ref.repo_id, recursive=True, revision=commit, repo_type="dataset")
        files = {
            e.path: Content(e.size, e.lfs.sha256 if e.lfs else "", e.blob_id)
            for e in entries
            if isinstance(e, huggingface_hub.RepoFile)
        }
        odd = sorted(
            path for path in files if path.startswith("data/") and path.endswith(".parquet") and not is_plain_path(path)
        )
    if odd:
        problems = [f"{printable(path)}: expected a plain name below data/" for path in odd]
        raise HubError(summary_of(f"{ref}: nothing was fetched, shards have names that lead elsewhere", problems))
    wanted = {path: content for path, content in sorted(files.items()) if is_dataset_path(path) or path == MANIFEST}
    if not any(path.startswith("data/") for path in wanted):
        raise HubError(f"{ref}: holds no data/*.parquet; official archives are fetched with gsi-bench import {ref}")
    if MANIFEST in wanted and not 0 <= wanted[MANIFEST].size <= MAX_MANIFEST_BYTES:
        raise HubError(
            f"{ref}: {MANIFEST} has {wanted[MANIFEST].size} bytes; a push leaves at most {MAX_MANIFEST_BYTES}. Pull another "
            "revision"
        )
    return commit, wanted


def _fetched(ref: HubRef, commit: str, staging: Path, wanted: Mapping[str, Content]) -> dict[str, Content]:
    """Downloads what is not there yet, and compares all of it with what the Hub says."""
    with explained(ref):
        import huggingface_hub  # noqa: PLC0415

        huggingface_hub.snapshot_download(
            ref.repo_id,
            repo_type="dataset",
            revision=commit,
            local_dir=staging,
            allow_patterns=[glob.escape(path) for path in wanted],
        )
    contents, problems = {}, []
    for path, expected in wanted.items():
        file = staging / path
        if not file.is_file():
            problems.append(f"{path}: has not arrived")
            continue
        contents[path] = content_of(file)
        if not contents[path].equals(expected):
            file.unlink()  # so that the next pull fetches it again
            problems.append(_differs(path, expected, contents[path]))
    if problems:
        raise HubError(summary_of(f"{ref}: damaged on the way; run the command again", problems))
    return contents


def _differs(path: str, expected: Content, found: Content) -> str:
    hashes = (expected.sha256, found.sha256) if expected.sha256 else (expected.blob, found.blob)
    kind = "SHA-256" if expected.sha256 else "git hash"
    return f"{path}: expected {expected.size} bytes with {kind} {hashes[0][:16]}…, found {found.size} with {hashes[1][:16]}…"


def _as_listed(ref: HubRef, staging: Path, contents: Mapping[str, Content]) -> int:
    """Compares what was fetched with the list that `push` left; a repository that was not pushed has none."""
    if MANIFEST not in contents:
        return 0
    try:
        listed = read_manifest((staging / MANIFEST).read_bytes(), is_dataset_path)
    except ManifestError as error:
        raise HubError(f"{ref}: {error}; nothing was taken over, pull another revision") from error
    problems = []
    for path, expected in sorted(listed.items()):
        if path not in contents:
            problems.append(f"{path}: missing in the repository")
        elif not contents[path].equals(expected):
            problems.append(_differs(path, expected, contents[path]))
    if problems:
        raise HubError(summary_of(f"{ref}: changed after the push; pull another revision", problems))
    return len(listed)


def _verify(ref: HubRef, staging: Path) -> None:
    """Reads every shard and compares the content hash, where the card states one."""
    import yaml  # noqa: PLC0415

    try:
        if read_content_hash(staging) is not None:
            verified(staging)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        words = str(error).replace(f"{staging}{os.sep}", "").replace(str(staging), str(ref))
        raise HubError(f"{ref}: nothing was taken over, the published dataset is damaged: {words}") from error


@contextlib.contextmanager
def _kept_for_the_next_run(ref: HubRef, staging: Path) -> Iterator[None]:
    """What has arrived stays for the next run, and every error says so and where; what is empty goes."""
    try:
        yield
    except BaseException as error:
        files = [path for path in staging.rglob("*") if path.is_file()]
        # The client's notes are worth nothing, but for the first parts of files among them.
        arrived = any(f.suffix == ".incomplete" or f.relative_to(staging).parts[0] != ".cache" for f in files)
        if not arrived:
            shutil.rmtree(staging, ignore_errors=True)
        said = (
            str(error) if isinstance(error, HubError) else f"{ref}: {problem}" if (problem := system_problem(error)) else None
        )
        if said is None:
            raise
        note = f"\nwhat has arrived stays in {staging} for the next run; delete that folder if there is to be none"
        raise HubError(f"{said}{note if arrived else ''}") from error


def _same_files(wanted: Mapping[str, Content], out: Path) -> bool:
    """Whether card and shards of a folder are those of the repository, byte for byte."""
    there = {path: content for path, content in wanted.items() if path == "README.md" or path.startswith("data/")}
    files = [path for path in (out / "README.md", *(out / "data").glob("*.parquet")) if path.is_file()]
    here = {path.relative_to(out).as_posix(): path for path in files}
    if set(here) != set(there) or any(path.stat().st_size != there[name].size for name, path in here.items()):
        return False
    return all(content_of(path).equals(there[name]) for name, path in here.items())
