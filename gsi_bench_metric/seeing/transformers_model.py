"""What the parts that run a transformers model share: loading it from a folder or a Hub repository, whole or not at all."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import torch

from gsi_bench_dataset.safety.files import printable_path
from gsi_bench_dataset.storage.record_store import digest
from gsi_bench_metric.imaging.device import pick_device
from gsi_bench_metric.seeing.options import Options, SeeingError

__all__ = ["load", "name_of", "processor", "state_of"]


def load(name: str, options: Options, example: str, auto_model: str, kinds: tuple[str, ...]) -> tuple[Any, Any, str]:
    """(configuration, model in float32 on its device, device) of a pretrained model.

    Args:
        name: who loads it, for messages.
        options: `weights` names the folder or repository.
        example: of a repository, for messages.
        auto_model: transformers' class.
        kinds: model types that are known here.

    Raises:
        SeeingError: transformers, the model or the device is not there; or the model is another one, or lacks weights.
    """
    if importlib.util.find_spec("transformers") is None:
        raise SeeingError(f"{name!r} needs transformers: pip install 'gsi-bench[segment]'")
    if not options.weights:
        raise SeeingError(f"{name!r} needs a model: a folder or a Hub repository, such as {example}")
    import transformers  # noqa: PLC0415 - an extra, and seconds to import

    device = pick_device(options.device)
    where: dict[str, Any] = {"pretrained_model_name_or_path": options.weights, "local_files_only": not options.fetching}
    where["revision"] = options.revision or "main"
    try:
        config = transformers.AutoConfig.from_pretrained(**where)
        if config.model_type not in kinds:
            raise SeeingError(f"{_shown(options)}: expected a model of type {', '.join(kinds)}, found {config.model_type}")
        # What a file lacks would be drawn at random with a warning: here that is an error.
        model, told = getattr(transformers, auto_model).from_pretrained(**where, dtype=torch.float32, output_loading_info=True)
    except SeeingError:
        raise
    except Exception as error:  # of transformers, safetensors and torch, which share no class
        said = str(error).strip().partition("\n")[0][:300] or type(error).__name__
        raise SeeingError(f"{_shown(options)}: cannot be loaded ({said}); expected a model such as {example}") from error
    lacking = sorted({*told["missing_keys"], *(key for key, *_ in told["mismatched_keys"])})
    if lacking:
        raise SeeingError(f"{_shown(options)}: lacks {len(lacking)} of the model's weights, {lacking[0]} among them")
    return config, model.eval().requires_grad_(False).to(device), device


def processor(options: Options) -> Any:
    """The image processor that belongs to a model, by PIL, which does not need torchvision where there is such a one.

    Raises:
        SeeingError: there is none, or it needs what is not installed.
    """
    import transformers  # noqa: PLC0415

    try:
        return transformers.AutoImageProcessor.from_pretrained(
            options.weights, revision=options.revision or "main", local_files_only=not options.fetching, backend="pil"
        )
    except Exception as error:
        said = str(error).strip().partition("\n")[0][:300] or type(error).__name__
        raise SeeingError(f"{_shown(options)}: its image processor cannot be loaded ({said})") from error


def state_of(options: Options, config: Any, device: str) -> str:
    """What answers of a model depend on: which one, and its files where they lie here."""
    folder = Path(options.weights or "")
    files = (
        sorted((p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in folder.iterdir() if p.is_file())
        if folder.is_dir()
        else None
    )
    commit = getattr(config, "_commit_hash", None)
    return digest("transformers", str(options.weights), options.revision, commit, files, torch.device(device).type)


def name_of(options: Options) -> str:
    """How a column names a model: its repository, or its folder's last name."""
    given = str(options.weights)
    return Path(given).resolve().name if Path(given).is_dir() else given + (f"@{options.revision}" if options.revision else "")


def _shown(options: Options) -> str:
    return printable_path(str(options.weights))
