"""An editor from diffusers: whatever `DiffusionPipeline.from_pretrained` gives that takes an image and a prompt."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import torch
from PIL import Image

from gsi_bench_dataset.reads import NOTHING
from gsi_bench_metric.editors.base import EditError, EditorError, EditorOptions, EditRequest, as_picture, words_of

__all__ = ["DiffusersEditor"]

_NEEDED = ("image", "prompt")
_OURS = (*_NEEDED, "generator", "num_images_per_prompt", "output_type", "return_dict")
_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


class DiffusersEditor:
    """Runs a pipeline, one edit at a time. The noise comes from the CPU, so that a seed means the same on every device."""

    concurrency = 1
    reads = NOTHING

    def __init__(self, options: EditorOptions):
        if not options.model:
            raise EditorError("editor 'diffusers' needs --model: a repository such as timbrooks/instruct-pix2pix, or a folder")
        dtype = options.dtype or ("float32" if options.device == "cpu" else "bfloat16")
        if dtype not in _DTYPES:
            raise EditorError(f"--dtype {dtype}: expected one of {', '.join(_DTYPES)}")
        self._pipeline = _load(options.model, options.model_revision, _DTYPES[dtype]).to(options.device)
        self._options = dict(options.settings)
        self._takes_generator = self._check_call(options.model)
        self._pipeline.set_progress_bar_config(disable=True)
        self.name = options.model.rstrip("/").rsplit("/", 1)[-1]
        self.settings: Mapping[str, Any] = {
            "editor": "diffusers",
            "model": options.model,
            "model_revision": options.model_revision,
            "pipeline": type(self._pipeline).__name__,
            "dtype": dtype,
            "device": options.device.partition(":")[0],
            "settings": self._options,
            "versions": {package: metadata.version(package) for package in ("diffusers", "transformers", "torch")},
        }

    def edit(self, request: EditRequest) -> Image.Image:
        """The pipeline's image; see `Editor.edit`."""
        given: dict[str, Any] = {"image": request.image, "prompt": request.prompt, **self._options}
        if self._takes_generator:
            given["generator"] = torch.Generator("cpu").manual_seed(request.seed)
        try:
            with torch.inference_mode():
                output = self._pipeline(**given)
        except torch.OutOfMemoryError as error:
            raise EditorError(f"out of memory on an image of {request.image.size} ({error}); try --dtype bfloat16") from error
        except Exception as error:  # a pipeline is any code
            raise EditError(f"{type(self._pipeline).__name__}: {words_of(error)}") from error
        # A filtered image is black: scored, it would pass for what the editor can do.
        if any(getattr(output, "nsfw_content_detected", None) or []):
            raise EditError("the pipeline's safety checker blacked the image out")
        try:
            first = output.images[0]
        except (AttributeError, TypeError, LookupError) as error:
            raise EditError(f"{type(self._pipeline).__name__}: gave no images ({words_of(error)})") from error
        return as_picture(first, type(self._pipeline).__name__)

    def _check_call(self, model: str) -> bool:
        """Whether the call takes a generator.

        Raises:
            EditorError: it takes no image and prompt, or not an option.
        """
        name, parameters = type(self._pipeline).__name__, inspect.signature(self._pipeline.__call__).parameters
        lacking = [n for n in _NEEDED if n not in parameters]
        if lacking:
            raise EditorError(f"{model}: {name} takes no {' and no '.join(lacking)}; expected one that edits by a prompt")
        reserved = sorted(set(self._options) & set(_OURS))
        if reserved:
            raise EditorError(f"--set {', '.join(reserved)}: given by generate itself")
        unknown = sorted(set(self._options) - set(parameters))
        if unknown:
            settable = ", ".join(n for n in parameters if n not in _OURS and n != "kwargs")
            raise EditorError(f"--set {', '.join(unknown)}: {name} does not take it; it takes {settable}")
        return "generator" in parameters


def _load(model: str, revision: str | None, dtype: torch.dtype) -> Any:
    try:
        from diffusers import DiffusionPipeline  # noqa: PLC0415 - optional
    except ImportError as error:
        raise EditorError(f"editor 'diffusers' needs the extra: pip install 'gsi-bench[editors]' ({error})") from error
    try:
        return DiffusionPipeline.from_pretrained(model, revision=revision, dtype=dtype)
    except Exception as error:  # whatever the libraries stumble over in a folder from elsewhere
        raise EditorError(f"{model}: no pipeline can be loaded from there ({words_of(error)})") from error
