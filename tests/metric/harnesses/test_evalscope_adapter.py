"""The adapter for EvalScope without EvalScope: what it takes for an image, what it holds back, and which numbers it reports."""

import base64
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from gsi_bench_dataset import write_dataset
from gsi_bench_metric.harnesses.exporting import export_tasks


class Part(SimpleNamespace):
    """Any of EvalScope's records: keeps what it is made with."""


class Image(Part):
    """A message's image."""


class Text(Part):
    """A message's text."""


class Base:
    """ImageEditAdapter's part of the adapter."""

    def __init__(self, **kwargs):
        self.extra_params = kwargs.get("extra_params", {})


@pytest.fixture
def adapter(monkeypatch, load_file, tmp_path, make_sample) -> ModuleType:
    """The module of a folder with one split, loaded upon stand-ins of the names that it imports."""
    definitions: dict[str, Part] = {}
    registered: list[type] = []
    names = {
        "api.benchmark": {"BenchmarkMeta": Part, "ImageEditAdapter": Base},
        "api.dataset": {"Sample": Part},
        "api.evaluator": {"TaskState": Part},
        "api.messages": {"ChatMessageUser": Part, "ContentImage": Image, "ContentText": Text},
        "api.metric": {"AggScore": Part, "SampleScore": Part, "Score": Part},
        "api.registry": {"register_benchmark": lambda meta: lambda kind: registered.append(meta) or kind},
        "constants": {
            "ScoreStatus": SimpleNamespace(SUCCESS="success", EXCLUDED="excluded"),
            "Tags": Part(IMAGE_EDITING="edit"),
        },
        "metrics.semantics.catalog": {"METRIC_DEFINITIONS": definitions},
        "metrics.semantics.entry": {"MetricEntry": Part},
    }
    for name in ("evalscope", "evalscope.api", "evalscope.metrics", "evalscope.metrics.semantics"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    for name, content in names.items():
        module = ModuleType(f"evalscope.{name}")
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, f"evalscope.{name}", module)
    write_dataset({"fine": [make_sample("a", "0"), make_sample("a", "1")]}, tmp_path / "data")
    export_tasks("evalscope", str(tmp_path / "data"), tmp_path / "tasks")
    module = load_file(tmp_path / "tasks/gsi_bench_adapter.py")
    module.definitions, module.registered, module.tasks = definitions, registered, tmp_path / "tasks"
    return module


def test_metrics_and_splits_are_declared_as_evalscope_wants(adapter):
    (meta,) = adapter.registered
    assert meta.subset_list == ["fine"] and meta.dataset_id == str(adapter.tasks)
    assert meta.primary_metric in adapter.definitions and set(meta.metric_list) == set(adapter.definitions)
    assert {"protocol", "local_file"} <= set(meta.extra_params)


def test_a_line_becomes_words_and_an_image_and_no_answer(adapter):
    record = json.loads((adapter.tasks / "fine_test.jsonl").read_text().splitlines()[0])
    sample = adapter.GsiBenchAdapter().record_to_sample(record)
    words, image = sample.input[0].content
    assert words.text == record["prompt"] and image.image.startswith("data:image/png;base64,")
    assert base64.b64decode(image.image.partition(",")[2]) == (adapter.tasks / record["image"]).read_bytes()
    assert sample.metadata == {"id": "a_edit_0", "split": "fine", "prompt": record["prompt"]}


PNG = base64.b64encode(b"png").decode()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ([Image(image=PNG)], b"png"),
        ([Image(image=f" {PNG[:2]}\n{PNG[2:]}\n")], b"png"),
        ([Text(text="here"), Image(image=f"data:image/png;base64,{PNG}")], b"png"),
        ([Image(image="https://example.org/a.png")], None),
        ([Text(text="no")], None),
        ("no", None),
        ("", None),
        ([], None),
        (None, None),
    ],
)
def test_only_an_image_in_a_message_is_taken_for_one(adapter, content, found):
    assert adapter.image_bytes(content) == found


def answered(adapter, content, folder: Path):
    sample = Part(id=3, metadata={"id": "a_edit_0", "split": "fine"})
    output = Part(message=Part(content=content))
    state = adapter.GsiBenchAdapter()._on_inference_end(Part(name="m"), sample, output, str(folder))
    state.metadata = sample.metadata
    return adapter.GsiBenchAdapter().match_score("said", "said", "", state)


def test_an_answer_without_an_image_is_excluded_and_kept(adapter, tmp_path):
    score = answered(adapter, [Image(image=PNG)], tmp_path)
    assert score.status == "success"
    assert Path(score.metadata["gsi_bench"]["image"]).read_bytes() == b"png"
    score = answered(adapter, "I cannot.", tmp_path)
    assert score.status == "excluded" and score.metadata["gsi_bench"] == {"id": "a_edit_0", "text": "I cannot."}
    assert answered(adapter, None, tmp_path).metadata["gsi_bench"] == {"id": "a_edit_0", "text": "said"}


def test_numbers_are_handed_through_and_lacking_ones_left_out(adapter, tmp_path, monkeypatch):
    scores = [answered(adapter, [Image(image=PNG)], tmp_path), answered(adapter, "I cannot.", tmp_path)]
    found = {"asked": 2, "scored": 1, "not_scored": {"no_image": 1}, "protocol": "official", "folder": "runs"}
    found |= {"row": {"ic": 100.0, "el": 3.25}, "row_all": {"ic": 50.0}}
    seen = {}

    def score(folder, split, answers, editor, **options):
        seen.update(folder=folder, split=split, answers=answers, editor=editor, **options)
        return found

    monkeypatch.setattr(adapter._client(), "score", score)
    made = adapter.GsiBenchAdapter(extra_params={"protocol": "official"}).aggregate_scores([Part(score=one) for one in scores])
    assert {one.metric_name: (one.score, one.num) for one in made} == {
        "ic": (100.0, 1),
        "el": (3.25, 1),
        "ic_all": (50.0, 2),
        "gsi_scored": (1.0, 2),
        "gsi_not_scored": (1.0, 2),
    }
    assert made[0].metadata["not_scored"] == {"no_image": 1}
    assert (seen["protocol"], seen["editor"], seen["images"]) == ("official", "m", tmp_path / "images")
    assert adapter.GsiBenchAdapter().aggregate_scores([]) == []
