"""GSI-Bench in EvalScope: importing this file registers the benchmark `gsi_bench`, with a subset for each split.

    import gsi_bench_adapter  # from a folder that `gsi-bench harness evalscope` made
    run_task(TaskConfig(model=…, eval_type="image_editing", datasets=["gsi_bench"], judge={"strategy": "rule"}))

Numbers are gsi-bench's own, made in its own environment: EvalScope's libraries refuse the release of datasets that it needs.
A split is scored as a whole when all of its answers are there; the numbers of single edits are in the run's `results.json`.
"""

from __future__ import annotations

import base64
import binascii
import importlib.util
import json
import math
import mimetypes
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from evalscope.api.benchmark import BenchmarkMeta, ImageEditAdapter
from evalscope.api.dataset import Sample
from evalscope.api.evaluator import TaskState
from evalscope.api.messages import ChatMessageUser, ContentImage, ContentText
from evalscope.api.metric import AggScore, SampleScore, Score
from evalscope.api.registry import register_benchmark
from evalscope.constants import ScoreStatus, Tags
from evalscope.metrics.semantics.catalog import METRIC_DEFINITIONS
from evalscope.metrics.semantics.entry import MetricEntry

HERE = Path(__file__).resolve().parent
SPLITS = ("fine", "mesatask", "bathroom", "robothor")
# Name in reports -> number of gsi-bench. EvalScope shows those of its catalogue alone.
METRICS = {"ic": "ic", "sa": "sa", "el": "el", "ac": "ac", "gsi_average": "average", "ic_all": "ic_all"}
COUNTS = {"gsi_scored": "scored", "gsi_not_scored": "not_scored"}
TITLES = {
    "ic": "Instruction compliance",
    "sa": "Spatial accuracy",
    "el": "Edit locality",
    "ac": "Appearance consistency",
    "gsi_average": "Average of the four",
    "ic_all": "Instruction compliance, no image as 0",
}
for _name, _title in TITLES.items():
    METRIC_DEFINITIONS[_name] = MetricEntry(baseline="quality.score.points_100", metric_name=_title)


def _client() -> ModuleType:
    """`gsi_bench_client.py`: beside this file in a folder that `gsi-bench harness` made, above it in the repository."""
    name = "gsi_bench_client"
    if name not in sys.modules:
        path = next(folder / f"{name}.py" for folder in (HERE, HERE.parent) if (folder / f"{name}.py").is_file())
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path}: cannot be loaded")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


def _splits() -> list[str]:
    """Those that the folder was made with; in the repository, which holds no data, all."""
    return [split for split in SPLITS if (HERE / f"{split}_test.jsonl").is_file()] or list(SPLITS)


def image_bytes(content: Any) -> bytes | None:
    """The image in a model's message, whose content is a text or a list of parts; None where it holds none.

    Args:
        content: of a `ChatMessageAssistant`: an image's `image` is base64, with or without `data:image/png;base64,`.
    """
    for part in content if isinstance(content, list) else []:
        if isinstance(part, ContentImage):
            text = part.image.partition(",")[2] if part.image.startswith("data:") else part.image
            try:
                return base64.b64decode("".join(text.split()), validate=True)
            except (binascii.Error, ValueError):  # no base64: the text of the message is looked at instead
                continue
    return None


def text_of(content: Any) -> str:
    """The text in a model's message."""
    if isinstance(content, str):
        return content
    return "\n".join(part.text for part in content or [] if isinstance(part, ContentText))


@register_benchmark(
    BenchmarkMeta(
        name="gsi_bench",
        pretty_name="GSI-Bench",
        dataset_id=str(HERE),
        description="Can an image editor obey 'move the mug 15 cm to the left'? Measured by 3D poses; scored by gsi-bench.",
        tags=[Tags.IMAGE_EDITING],
        subset_list=_splits(),
        metric_list=list(METRICS),
        primary_metric="ic",
        few_shot_num=0,
        train_split=None,
        eval_split="test",
        extra_params={
            "protocol": {
                "type": "str",
                "description": "strict or official; empty: as the folder was made.",
                "value": "",
                "choices": ["", "strict", "official"],
            },
            "local_file": {
                "type": "str | null",
                "description": "JSONL with id and absolute image_path of images that were made already.",
                "value": None,
            },
        },
    )
)
class GsiBenchAdapter(ImageEditAdapter):
    """Hands each split's images to gsi-bench as a whole and reports its numbers."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.aggregate_empty_scores = False

    def record_to_sample(self, record: dict[str, Any]) -> Sample:
        """A line of `<split>_test.jsonl`: the instruction and the source image."""
        path = HERE / record["image"]
        kind = mimetypes.guess_type(path.name)[0] or "image/png"
        source = f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
        content = [ContentText(text=record["prompt"]), ContentImage(image=source)]
        metadata = {"id": record["id"], "split": record["split"], "prompt": record["prompt"]}
        return Sample(input=[ChatMessageUser(content=content)], subset_key=record["split"], metadata=metadata)

    def _on_inference_end(self, model: Any, sample: Sample, model_output: Any, output_dir: str, **kwargs: Any) -> TaskState:
        """Keeps the model's image in a file. An answer without one is no error: gsi-bench counts it, with its reason."""
        content = model_output.message.content
        data = image_bytes(content)
        if data is None:
            sample.metadata["answer"] = text_of(content)
        else:
            path = (
                Path(output_dir).resolve() / "images" / f"{sample.metadata['id']}_{sample.id}.png"
            )  # of repeats, each its own
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            sample.metadata["image_path"] = str(path)
        return TaskState(model=model.name, sample=sample, messages=[model_output.message], output=model_output, completed=True)

    def match_score(self, original_prediction: str, filtered_prediction: str, reference: str, task_state: TaskState) -> Score:
        """Holds the answer until its split is whole: there is no number of one edit yet."""
        metadata = task_state.metadata or {}
        image = metadata.get("image_path")
        text = metadata.get("answer") or original_prediction or ""
        answer = {"id": metadata["id"], **({"image": str(image)} if image else {"text": text})}
        return Score(
            prediction=str(image or text),
            status=ScoreStatus.SUCCESS if image else ScoreStatus.EXCLUDED,
            explanation="scored with its split; see gsi_bench_runs" if image else "an answer without an image of its own",
            metadata={"gsi_bench": answer, "split": metadata["split"], "model": str(task_state.model)},
        )

    def aggregate_scores(self, sample_scores: list[SampleScore]) -> list[AggScore]:
        """gsi-bench's numbers for the split; those that there are not are left out, which is not 0."""
        held = [one.score.metadata or {} for one in sample_scores]
        answers = sorted((one["gsi_bench"] for one in held), key=json.dumps)
        if not answers:
            return []
        client = _client()
        written = [str(Path(one["image"]).parent) for one in answers if "image" in one]
        found = client.score(
            HERE,
            held[0]["split"],
            answers,
            _editor(held),
            protocol=self.extra_params.get("protocol") or None,
            images=Path(os.path.commonpath(written)) if written else None,
        )
        return _scores(client, found)


def _editor(held: Sequence[Mapping[str, Any]]) -> str:
    name = Path(str(held[0].get("model") or "evalscope")).name
    return name.lstrip(".") or "evalscope"


def _scores(client: ModuleType, found: Mapping[str, Any]) -> list[AggScore]:
    facts = {"not_scored": found["not_scored"], "protocol": found["protocol"], "run": found["folder"]}
    scores = []
    for name, key in {**METRICS, **COUNTS}.items():
        value = client.number_of(found, key)
        if math.isfinite(value):
            number = found["asked"] if name in COUNTS or key.endswith("_all") else found["scored"]
            scores.append(AggScore(metric_name=name, aggregation="identity", score=value, num=number, metadata=facts))
    return scores
