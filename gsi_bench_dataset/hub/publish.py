"""Publishing folders on the Hub: one commit that holds all of it or nothing, whatever interrupts the way there.

Large files go up first, one after the other; the Hub keeps those that arrived, so a push that was stopped goes on from there.
The commit that shows them comes last. What it may change is decided in publish_plan.py.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gsi_bench_dataset.hub.plan import (
    MANIFEST,
    MAX_MANIFEST_BYTES,
    Content,
    ManifestError,
    Plan,
    content_of,
    is_dataset_path,
    make_plan,
    manifest_text,
    read_manifest,
)
from gsi_bench_dataset.hub.published_folders import dataset_files, verified
from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.remote.client import HubError, HubRef, commit_of, explained
from gsi_bench_dataset.safety.files import FileProblemError, read_regular
from gsi_bench_dataset.safety.names import is_plain_path

if TYPE_CHECKING:
    from huggingface_hub import HfApi

__all__ = ["Pushed", "Target", "dataset_files", "push_dataset", "push_files"]


@dataclasses.dataclass(frozen=True)
class Target:
    """Where to publish. `ref.revision` is a branch that exists, None for main; `private` is about a new repository."""

    ref: HubRef
    kind: Literal["dataset", "space"] = "dataset"
    private: bool = False
    tag: str | None = None


@dataclasses.dataclass(frozen=True)
class Pushed:
    """What was done, or what a dry run would do. `commit` is None where nothing was done; `sizes` in bytes by path."""

    plan: Plan
    sizes: Mapping[str, int]
    new_repository: bool
    commit: str | None = None


@dataclasses.dataclass(frozen=True)
class _Remote:
    """A branch of a repository; `commit` None: there is no such repository."""

    commit: str | None = None
    private: bool = False
    files: Mapping[str, Content] = dataclasses.field(default_factory=dict)
    ours: Mapping[str, Content] = dataclasses.field(default_factory=dict)
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)
    manifest_problem: str | None = None  # why its list of files is none that a push left


def push_dataset(
    folder: Path, target: Target, *, dry_run: bool = False, overwrite: bool = False, message: str = "Update GSI-Bench"
) -> Pushed:
    """Publishes a dataset folder as it is. `Dataset.push_to_hub` would drop the card's version and all splits but those given.

    Raises:
        HubError: no dataset there; the Hub refuses, or cannot be reached; files in the repository are in the way.
        DatasetError: the dataset is damaged.
        OSError: a file cannot be read.
    """
    files = dataset_files(folder)
    verified(folder)  # a damaged shard is not spread
    splits = sorted({Path(path).name.rsplit("-", 3)[0] for path in files if path.endswith(".parquet")})
    claimed = [f"data/{split}-*.parquet" for split in splits]
    return push_files(files, target, claimed=claimed, dry_run=dry_run, overwrite=overwrite, message=message)


def push_files(
    files: Mapping[str, Path | bytes],
    target: Target,
    *,
    claimed: Sequence[str] = (),
    dry_run: bool = False,
    overwrite: bool = False,
    message: str,
) -> Pushed:
    """Makes files the content of a repository, beside what others put there.

    Args:
        files: path in the repository -> file here, or its bytes.
        target: where to.
        claimed: see `make_plan`.
        dry_run: only look.
        overwrite: files that others put there may be replaced.
        message: title of the commit.

    Raises:
        HubError: see `push_dataset`.
    """
    contents = {path: content_of(source) for path, source in files.items()}
    manifest = manifest_text(contents).encode()
    files, contents = {**files, MANIFEST: manifest}, {**contents, MANIFEST: content_of(manifest)}
    with explained(target.ref, target.kind):
        import huggingface_hub  # noqa: PLC0415 - inside: a bad HF_ENDPOINT fails here

        api = huggingface_hub.HfApi()
        _require_account(api, target)  # a wrong token and an absent repository look alike from here on
        remote = _read(api, target)
        plan = make_plan(contents, remote.files, remote.ours, overwrite=overwrite, claimed=claimed)
        problems = [*plan.problems, *_clashes(target, remote, plan, overwrite=overwrite)]
        if problems:
            raise HubError(summary_of(f"{target.ref}: nothing was changed", problems))
        result = Pushed(plan, {path: c.size for path, c in contents.items()}, new_repository=remote.commit is None)
        if dry_run:
            return result
        head = remote.commit or _create(api, target)
        commit = head
        if not plan.empty:
            commit = _commit(api, target, files, plan, head=head, message=message)
            _require_shown(_files_at(api, target, commit), contents, plan, target, commit)
        if target.tag and target.tag not in remote.tags:
            api.create_tag(target.ref.repo_id, tag=target.tag, revision=commit, repo_type=target.kind)
    return dataclasses.replace(result, commit=commit)


def _require_account(api: HfApi, target: Target) -> None:
    told: object = api.whoami()
    if not isinstance(told, dict) or not isinstance(told.get("name"), str):
        raise HubError(f"{target.ref}: expected the name of an account from the Hub, found something else; check HF_ENDPOINT")


def _read(api: HfApi, target: Target) -> _Remote:
    from huggingface_hub import errors  # noqa: PLC0415

    repo, kind = target.ref.repo_id, target.kind
    try:
        info = api.repo_info(repo, repo_type=kind, revision=target.ref.revision)
    except errors.RepositoryNotFoundError:
        if target.ref.revision is not None:  # a mistyped name must not leave an empty repository behind
            raise
        return _Remote()
    commit = commit_of(info.sha, target.ref)
    files = _files_at(api, target, commit)
    if getattr(info, "siblings", None) and not files:  # it would look as if nothing were in the way
        raise HubError(f"{target.ref}: the Hub says that there are files and lists none; run the command again later")
    ours, problem = _put_by_us(api, target, commit, files[MANIFEST].size) if MANIFEST in files else ({}, None)
    tags = {}
    if target.tag:
        tags = {ref.name: ref.target_commit for ref in api.list_repo_refs(repo, repo_type=kind).tags}
    return _Remote(commit, bool(info.private), files, ours, tags, problem)


def _files_at(api: HfApi, target: Target, commit: str) -> dict[str, Content]:
    from huggingface_hub import RepoFile  # noqa: PLC0415

    entries = api.list_repo_tree(target.ref.repo_id, recursive=True, revision=commit, repo_type=target.kind)
    return {e.path: Content(e.size, e.lfs.sha256 if e.lfs else "", e.blob_id) for e in entries if isinstance(e, RepoFile)}


def _put_by_us(api: HfApi, target: Target, commit: str, size: int) -> tuple[dict[str, Content], str | None]:
    """The files that the last push listed, and why that list cannot be trusted. What it lists may be deleted or replaced."""
    if not 0 <= size <= MAX_MANIFEST_BYTES:
        return {}, f"{MANIFEST}: {size} bytes; a push leaves at most {MAX_MANIFEST_BYTES}"
    path = api.hf_hub_download(target.ref.repo_id, MANIFEST, repo_type=target.kind, revision=commit)
    allowed = is_dataset_path if target.kind == "dataset" else is_plain_path
    try:
        return read_manifest(read_regular(path, MAX_MANIFEST_BYTES), allowed), None
    except (ManifestError, FileProblemError) as error:
        return {}, str(error)


def _clashes(target: Target, remote: _Remote, plan: Plan, *, overwrite: bool) -> list[str]:
    """Files in the way of a push."""
    found = []
    if remote.manifest_problem is not None and not overwrite:
        found.append(f"{remote.manifest_problem}; nothing there counts as put by gsi-bench push. Replace it with --overwrite")
    if target.private and remote.commit is not None and not remote.private:
        found.append("the repository exists and is public; make it private on its page, or leave --private out")
    tagged = remote.tags.get(target.tag or "")
    if tagged is not None and not (plan.empty and tagged == remote.commit):
        found.append(f"tag {target.tag} exists, at {tagged}; choose another, for papers name it")
    return found


def _create(api: HfApi, target: Target) -> str:
    sdk = "gradio" if target.kind == "space" else None
    repo = target.ref.repo_id
    api.create_repo(repo, repo_type=target.kind, exist_ok=True, private=target.private or None, space_sdk=sdk)
    return commit_of(api.repo_info(repo, repo_type=target.kind).sha, target.ref)


def _require_shown(
    shown: Mapping[str, Content], contents: Mapping[str, Content], plan: Plan, target: Target, commit: str
) -> None:
    """The Hub may take a commit and leave files out of it that its answers called ignored."""
    sent = (*plan.add, *plan.change)
    problems = [f"{path}: not there" for path in sent if path not in shown]
    problems += [f"{path}: other contents" for path in sent if path in shown and not shown[path].equals(contents[path])]
    problems += [f"{path}: still there" for path in plan.delete if path in shown]
    if problems:
        said = f"{target.ref}: commit {commit} does not show what was sent; look at the repository, and run the command again"
        raise HubError(summary_of(said, problems))


def _commit(api: HfApi, target: Target, files: Mapping[str, Path | bytes], plan: Plan, *, head: str, message: str) -> str:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete  # noqa: PLC0415

    repo, kind, branch = target.ref.repo_id, target.kind, target.ref.revision
    additions = [CommitOperationAdd(path, files[path]) for path in (*plan.add, *plan.change)]
    for addition in additions:
        if addition.path_in_repo != MANIFEST:
            api.preupload_lfs_files(repo, [addition], repo_type=kind, revision=branch, free_memory=False)
    deletions = [CommitOperationDelete(path) for path in plan.delete]
    # Against the commit that the plan was made for: what others changed meanwhile is not overwritten.
    info = api.create_commit(
        repo, [*additions, *deletions], commit_message=message, repo_type=kind, revision=branch, parent_commit=head
    )
    return commit_of(info.oid, target.ref)
