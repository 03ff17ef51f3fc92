"""Makes `evaluate.load("gsi_bench")` work from any directory, offline: what `gsi-bench register` does.

`evaluate` looks a bare name up in the current directory, on the Hub (in an organisation that is not ours), and last in its
cache of modules, where the newest script of that name wins. Registering puts our script, one import of this package, there.
Nothing else is touched: no import hooks, no files outside the cache.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from gsi_bench_dataset.safety.files import printable_path
from gsi_bench_dataset.safety.system import system_problem

__all__ = ["SCRIPT", "RegisterError", "is_registered", "modules_cache", "register"]

SCRIPT = Path(__file__).with_name("gsi_bench.py")


_HOME = ("evaluate_modules", "metrics", "evaluate-metric--gsi_bench")
_DIGEST_LENGTH = 64  # `evaluate` looks at folders with names of this length only
_MARGIN_NS = 1_000_000_000  # `evaluate` compares times as floats, and some file systems keep seconds only


class RegisterError(OSError):
    """The cache cannot be written; the message says what else can be done."""


def modules_cache() -> Path:
    """The cache of modules as `evaluate` finds it: `HF_MODULES_CACHE`, else `modules` in `HF_HOME`, else below `~/.cache`."""
    cache_home = os.getenv("XDG_CACHE_HOME", "~/.cache")
    hf_home = Path(os.getenv("HF_HOME", str(Path(cache_home) / "huggingface"))).expanduser()
    return Path(os.getenv("HF_MODULES_CACHE", str(hf_home / "modules")))


def register(cache: Path | str | None = None) -> Path:
    """Puts the metric's script into the cache, as the newest one; does nothing where it already is.

    Args:
        cache: the cache of modules; default `modules_cache()`.

    Returns:
        The registered script.

    Raises:
        RegisterError: the cache cannot be written.
    """
    try:
        return _register(cache)
    except OSError as error:
        top = printable_path(Path(cache) if cache is not None else modules_cache())
        raise RegisterError(
            f'{top}: the cache of modules cannot be written ({system_problem(error)}), so evaluate.load("gsi_bench") will not '
            "find this metric. Set HF_MODULES_CACHE or HF_HOME to a writable folder and run `gsi-bench register` again, or use "
            "gsi_bench_metric.hf.load(), which needs no cache"
        ) from error


def _register(cache: Path | str | None) -> Path:
    target, text = _target(cache), SCRIPT.read_bytes()
    home = target.parents[1]
    if not _holds(target, text):
        home.mkdir(parents=True, exist_ok=True)
        for folder in (home, *list(home.parents)[: len(_HOME)]):
            (folder / "__init__.py").touch()
        _install(target, text)
    _make_newest(target)
    return target


def is_registered(cache: Path | str | None = None) -> bool:
    """Whether this version's script is in the cache already."""
    try:
        return _holds(_target(cache), SCRIPT.read_bytes())
    except OSError:  # a cache that cannot be read holds nothing; `register` says what is wrong with it
        return False


def _target(cache: Path | str | None) -> Path:
    top = Path(cache) if cache is not None else modules_cache()
    return top.joinpath(*_HOME) / hashlib.sha256(SCRIPT.read_bytes()).hexdigest() / SCRIPT.name


def _holds(target: Path, text: bytes) -> bool:
    try:
        return target.read_bytes() == text
    except FileNotFoundError:
        return False


def _install(target: Path, text: bytes) -> None:
    """Makes the script's folder beside its place and moves it there whole: a folder without script would stop `evaluate`."""
    staging = target.parent.with_name(f".{target.parent.name[:16]}-{os.getpid()}")
    staging.mkdir(exist_ok=True)
    try:
        (staging / "__init__.py").touch()
        (staging / target.name).write_bytes(text)
        try:
            staging.rename(target.parent)
        except OSError:
            # The folder exists: another process was faster, or its script was damaged. Replacing the file serves both.
            (staging / target.name).replace(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _make_newest(target: Path) -> None:
    """Gives the script a later time than every other one: `evaluate` loads the latest, whatever version it is of."""
    others = [
        script.stat().st_mtime_ns
        for script in target.parent.parent.glob(f"*/{target.name}")
        if len(script.parent.name) == _DIGEST_LENGTH and script != target
    ]
    newest = max(others, default=0)
    if target.stat().st_mtime_ns < newest + _MARGIN_NS // 2:
        time = newest + _MARGIN_NS
        os.utime(target, ns=(time, time))
