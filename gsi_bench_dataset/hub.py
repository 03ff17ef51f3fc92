"""The Hugging Face Hub: finding official archives, fetching datasets, always at a named commit; errors that say what to do."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from gsi_bench_dataset.problems import summary_of

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

__all__ = ["HubError", "HubRef", "OfficialArchives", "explained", "fetch_dataset", "fetch_official", "parse_ref"]

_REF = re.compile(r"(?:hf:)?(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^@\s]+))?", re.ASCII)


class HubError(ValueError):
    """The Hub has not what was asked for, or cannot be reached."""


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
    """Downloads the archive of each split, `<split>_dataset.zip` or the only zip whose name contains the split's.

    Args:
        repo_id: dataset repository.
        revision: branch, tag or commit; it is resolved to a commit first and all files come from that one.
        splits: names of splits.
        cache: download folder; None for the Hugging Face cache.

    Raises:
        HubError: no or several archives for a split (told for all splits together), or no such repository.
    """
    import huggingface_hub  # noqa: PLC0415

    with explained(HubRef(repo_id, revision)):
        info = huggingface_hub.HfApi().dataset_info(repo_id, revision=revision)
        files = [sibling.rfilename for sibling in info.siblings or []]
        chosen = choose_archives(files, splits, str(HubRef(repo_id, revision)))
        commit = str(info.sha)
        paths = {
            split: Path(huggingface_hub.hf_hub_download(repo_id, name, repo_type="dataset", revision=commit, cache_dir=cache))
            for split, name in chosen.items()
        }
    return OfficialArchives(repo_id, commit, paths)


def choose_archives(files: Sequence[str], splits: Sequence[str], where: str) -> dict[str, str]:
    """Split -> file name out of a repository's files; see `fetch_official`."""
    zips = sorted(name for name in files if name.lower().endswith(".zip"))
    chosen: dict[str, str] = {}
    problems = []
    for split in splits:
        named = [name for name in zips if PurePosixPath(name).name == f"{split}_dataset.zip"]
        found = named or [name for name in zips if split in PurePosixPath(name).name.lower()]
        if len(found) == 1:
            chosen[split] = found[0]
        else:
            problems.append(f"{split}: expected one archive such as {split}_dataset.zip, found {', '.join(found) or 'none'}")
    if problems:
        present = ", ".join(zips or sorted(files)[:20]) or "no files"
        raise HubError(summary_of(f"{where}: holds {present}; download the archive and give its path instead", problems))
    return chosen


def fetch_dataset(ref: HubRef, splits: Sequence[str] | None) -> Path:
    """A local snapshot of a dataset repository with the shards of some splits (None: all)."""
    import huggingface_hub  # noqa: PLC0415

    shards = ["data/*.parquet"] if splits is None else [f"data/{split}-*.parquet" for split in splits]
    with explained(ref):
        folder = huggingface_hub.snapshot_download(
            ref.repo_id, repo_type="dataset", revision=ref.revision, allow_patterns=["README.md", *shards]
        )
    return Path(folder)


@contextlib.contextmanager
def explained(ref: HubRef, kind: str = "dataset") -> Iterator[None]:
    """Turns the client's errors into one that says what to do. `kind`: dataset or space."""
    from huggingface_hub import errors  # noqa: PLC0415

    advice = "check the name, log in with `hf auth login` for a private one, or give a local path"
    try:
        yield
    except errors.RevisionNotFoundError as error:
        raise HubError(f"{ref}: no such branch, tag or commit") from error
    except errors.GatedRepoError as error:  # a kind of RepositoryNotFoundError
        raise HubError(f"{ref}: access must be asked for on its page; then log in with `hf auth login`") from error
    except errors.RepositoryNotFoundError as error:
        raise HubError(f"{ref}: no such {kind} repository; {advice}") from error
    except errors.HFValidationError as error:
        raise HubError(f"{ref}: no valid repository id ({error})") from error
    except errors.HfHubHTTPError as error:
        raise HubError(f"{ref}: {_answer(error, advice)}") from error
    except errors.LocalTokenNotFoundError as error:
        raise HubError(f"{ref}: no token for the Hub; log in with `hf auth login` or set HF_TOKEN") from error
    except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled, errors.HTTPError, ConnectionError) as error:
        raise HubError(f"{ref}: the Hub cannot be reached and nothing suitable is cached ({error}); {advice}") from error
    except json.JSONDecodeError as error:  # a proxy's or a captive portal's page
        raise HubError(f"{ref}: the answer does not come from a Hub ({error}); check HF_ENDPOINT and the network") from error
    except OSError as error:  # fewer bytes than announced, a full disk
        raise HubError(f"{ref}: the transfer failed ({error}); run the command again") from error


_SERVER_TROUBLE = 500


def _answer(error: HfHubHTTPError, advice: str) -> str:
    """What an answer of the Hub that is an error means, and what to do."""
    status = 0 if error.response is None else error.response.status_code
    if status in (401, 403):
        return f"the Hub refuses the token ({error}); log in with `hf auth login` with one that may do this"
    if status in (409, 412):
        return f"somebody else changed the repository meanwhile ({error}); look at it, and run the command again"
    if status >= _SERVER_TROUBLE:
        return (
            f"the Hub is in trouble (HTTP {status}: {error}); run the command again later, what has arrived is not sent twice"
        )
    return f"the Hub answered {error}; {advice}, or try again later"
