"""A transformers vision-language model in this process, asked in batches."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from gsi_bench_dataset.safety.images import open_image
from gsi_bench_dataset.storage.record_store import digest
from gsi_bench_metric.judges.asking import ModelJudge, Query, Reply
from gsi_bench_metric.judges.base import Judge, JudgeError
from gsi_bench_metric.judges.encoding import Encoder
from gsi_bench_metric.judges.options import JudgeOptions
from gsi_bench_metric.judges.prompt import View

__all__ = ["LocalModel"]

_BATCH = {"cpu": 1}  # edits at a time, by kind of device
_BATCH_ON_GPU = 8
_BATCHES_AT_ONCE = 4


class LocalModel:
    """Answers queries with `AutoModelForImageTextToText`. The model is loaded when it is first asked."""

    name = "local"
    computes = True

    def __init__(self, options: JudgeOptions):
        """Loads nothing.

        Raises:
            JudgeError: transformers is not installed, or no model is named.
        """
        if importlib.util.find_spec("transformers") is None:
            raise JudgeError("judge 'local' needs transformers: pip install 'gsi-bench[judge]'")
        if not options.model:
            raise JudgeError("judge 'local' needs --judge-model: a folder or a Hub repository of a vision-language model")
        self._options, self._model_name = options, options.model
        self._device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._batch = options.batch_size or _BATCH.get(torch.device(self._device).type, _BATCH_ON_GPU)
        self._encoder = Encoder(options.max_side)
        self._loaded: tuple[Any, Any] | None = None
        self.at_once = _BATCHES_AT_ONCE * self._batch

    def settings(self) -> dict[str, Any]:
        """Model, revision, decoding, images. CPU and GPU may end in other words, so the kind of device belongs to it."""
        return {
            "model": self._model_name,
            "revision": self._options.revision,
            "files": _files(Path(self._model_name)),
            "temperature": self._options.heat,
            "max_tokens": self._options.max_tokens,
            "pictures": self._encoder.describe(),
            "device": torch.device(self._device).type,
        }

    def describe(self) -> dict[str, Any]:
        """How many edits it is asked about at a time."""
        return {"batch_size": self._batch}

    def answer(self, queries: Sequence[Query]) -> Iterator[tuple[int, Reply]]:
        """(index, reply), a batch at a time.

        Raises:
            JudgeError: the model cannot be loaded, or cannot be asked so.
        """
        for start in range(0, len(queries), self._batch):
            part = queries[start : start + self._batch]
            yield from enumerate(self._replies(part), start)

    def _load(self) -> tuple[Any, Any]:
        """(processor, model)."""
        if self._loaded is None:
            import transformers  # noqa: PLC0415 - an extra, and seconds to import

            where = {"pretrained_model_name_or_path": self._model_name, "revision": self._options.revision or "main"}
            try:
                processor = transformers.AutoProcessor.from_pretrained(**where)
                model = transformers.AutoModelForImageTextToText.from_pretrained(**where, dtype="auto")
            except (OSError, ValueError, ImportError, KeyError) as error:
                said = str(error).strip().partition("\n")[0][:300]
                raise JudgeError(
                    f"{self._model_name}: cannot be loaded as a vision-language model ({said}); give --judge-model a folder or "
                    "repository that transformers' AutoModelForImageTextToText takes"
                ) from error
            if getattr(processor, "chat_template", None) is None:
                raise JudgeError(
                    f"{self._model_name}: its processor has no chat template; an instruction-tuned model is needed"
                )
            processor.tokenizer.padding_side = "left"  # what is generated follows the last token of every row
            self._loaded = processor, model.eval().requires_grad_(False).to(self._device)
        return self._loaded

    def _replies(self, queries: Sequence[Query]) -> list[Reply]:
        processor, model = self._load()
        inputs = processor.apply_chat_template(
            [self._messages(query) for query in queries],
            tokenize=True,
            add_generation_prompt=True,
            return_dict=True,
            return_tensors="pt",
            processor_kwargs={"padding": True},
        ).to(self._device)
        # Seeded a batch: the same batch gives the same words.
        torch.manual_seed(int(digest("batch", [query.key for query in queries])[:12], 16))
        heat = self._options.heat
        sampling = {"do_sample": True, "temperature": heat} if heat > 0 else {"do_sample": False}
        with torch.inference_mode():
            made = model.generate(**inputs, max_new_tokens=self._options.max_tokens, **sampling)
        said = made[:, inputs["input_ids"].shape[1] :]
        texts = processor.batch_decode(said, skip_special_tokens=True)
        ends = _end_tokens(model)
        lengths = [_length(row, ends) for row in said.tolist()]
        return [
            Reply(
                text=text,
                cut=length is None,
                model=self._model_name,
                tokens_in=int(mask.sum()),
                tokens_out=said.shape[1] if length is None else length,
            )
            for text, length, mask in zip(texts, lengths, inputs["attention_mask"], strict=True)
        ]

    def _messages(self, query: Query) -> list[dict[str, Any]]:
        prompt = query.prompt
        messages: list[dict[str, Any]] = [_said("system", prompt.system)] if prompt.system else []
        messages.append({"role": "user", "content": [self._part(part, query) for part in prompt.parts]})
        if query.retort:
            messages += [_said("assistant", query.retort[0]), _said("user", query.retort[1])]
        return messages

    def _part(self, part: str | View, query: Query) -> dict[str, Any]:
        if isinstance(part, str):
            return {"type": "text", "text": part}
        picture = query.item.source if part is View.SOURCE else query.item.edited
        if picture is None:
            raise JudgeError(f"{query.item.sample.id}: no image to show")
        return {"type": "image", "image": open_image(self._encoder.jpeg(picture), ("JPEG",)).convert("RGB")}


def _said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": text}]}


def _end_tokens(model: Any) -> frozenset[int]:
    found = model.generation_config.eos_token_id
    return frozenset(found if isinstance(found, list) else [] if found is None else [found])


def _length(row: Sequence[int], ends: frozenset[int]) -> int | None:
    """Tokens up to the end that the model set; None where it set none."""
    return next((i + 1 for i, token in enumerate(row) if token in ends), None)


def _files(folder: Path) -> str | None:
    """What tells one state of a folder from another: names, sizes and times of its files; None for a repository."""
    if not folder.is_dir():
        return None
    return digest("files", sorted((p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in folder.iterdir() if p.is_file()))


def make(options: JudgeOptions) -> Judge:
    """The judge that asks a model in this process.

    Raises:
        JudgeError: it lacks something.
    """
    return ModelJudge(LocalModel(options), options.make_question(), options.samples, options.seed, options.price)
