"""Recorded detections and judgements: found by edit or by image, nothing invented, every defect named at once."""

import dataclasses
import json
from pathlib import Path

import pytest

from gsi_bench_dataset.records import Detection, Prediction, Sample
from gsi_bench_metric.detectors import DETECTORS, DetectionItem, DetectorError, make_detector
from gsi_bench_metric.detectors.recorded import DetectionFileError, RecordedDetector, reference_key
from gsi_bench_metric.editors.baselines import copy
from gsi_bench_metric.imaging.images import load_rgb, pixel_hash
from gsi_bench_metric.judges import JudgeError, JudgeItem, make_judge
from gsi_bench_metric.judges.recorded import JudgementFileError, RecordedJudge, parse_reply, read_reference_file
from gsi_bench_metric.run.scoring import detection_items

DATA = Path(__file__).parents[2] / "data"
CACHE = DATA / "eval" / "recorded-editor" / "fine_eval" / "infer_cache.json"
BOX = [0.1, 0.2, 2.0, 0.4, 0.3, 0.2, 0.2]
TURN = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
SOUND = {"label": "mug", "bbox_3d": BOX, "bbox_2d": [1.0, 2.0, 3.0, 4.0], "rotation_matrix": TURN, "iou_score": 0.5}


def detection(x: float = 0.1, **fields) -> Detection:
    return Detection.from_json(SOUND | {"bbox_3d": [x, *BOX[1:]]} | fields)


def entry(source=(), edited=()) -> dict:
    return {"origin_result": {"detections": list(source)}, "new_result": {"detections": list(edited)}}


@pytest.fixture
def write(tmp_path):
    """`write(content, name="infer_cache.json") -> Path`: text as it is, a list as lines, anything else as JSON."""

    def to_file(content, name: str = "infer_cache.json") -> Path:
        path = tmp_path / name
        if isinstance(content, list) and name.endswith(".jsonl"):
            content = "".join(json.dumps(line) + "\n" for line in content)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return to_file


def message_of(path: Path) -> str:
    with pytest.raises(DetectionFileError) as caught:
        RecordedDetector.from_file(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


# infer_cache.json


def test_the_cache_is_looked_up_by_edit_and_view(write, make_sample):
    cache = {"a_0": entry([SOUND], [SOUND | {"label": "cup"}, SOUND]), "a_b_1": entry()}
    detector = make_detector("recorded", write(cache))
    assert detector.name == "recorded" and not detector.needs_pixels
    sample = make_sample()
    source, edited = detector.detect([DetectionItem(sample, "source"), DetectionItem(sample, "edited")])
    assert source == [detection()]
    assert [d.label for d in edited] == ["cup", "mug"]  # in the order of the file
    assert reference_key(make_sample("a_b", "1")) == "a_b_1"


def test_an_empty_list_is_none_found_unknown_edit_no_result(write, make_sample):
    detector = RecordedDetector.from_file(write({"a_0": entry()}))
    known, unknown = DetectionItem(make_sample(), "edited"), DetectionItem(make_sample("z"), "edited", "00")
    assert detector.detect([unknown, known]) == [None, []]
    assert detector.detect([]) == []


def test_the_recorded_cache_is_read_whole():
    detector = RecordedDetector.from_file(CACHE)
    raw = json.loads(CACHE.read_text())
    found = detector._by_key
    assert len(found) == 2 * len(raw)
    for key, value in raw.items():
        for view, name in (("source", "origin_result"), ("edited", "new_result")):
            assert [list(d.bbox_3d) for d in found[key, view]] == [d["bbox_3d"] for d in value[name]["detections"]]


def test_absent_optional_fields_are_none(write, make_sample):
    least = {"bbox_3d": BOX, "bbox_2d": [0, 0, 1, 1], "position_3d": "anything"}
    ((found,),) = RecordedDetector.from_file(write({"a_0": entry([least])})).detect([DetectionItem(make_sample(), "source")])
    assert (found.label, found.rotation_matrix, found.iou_score) == (None, None, None)


def test_every_defect_of_a_cache_is_named_with_its_entry(write):
    nan = float("nan")
    cache = {
        "nan_0": entry([SOUND | {"bbox_3d": [nan, *BOX[1:]]}]),
        "inf_0": entry([SOUND | {"bbox_2d": [0, 0, 1, float("inf")]}]),
        "short_0": entry([SOUND, SOUND | {"bbox_3d": BOX[:6]}]),
        "ragged_0": entry([SOUND | {"rotation_matrix": [[1, 0], [0, 1]]}]),
        "text_0": entry([SOUND | {"bbox_3d": "box"}]),
        "label_0": entry([SOUND | {"label": 7}]),
        "null_0": entry([SOUND | {"bbox_2d": None}]),
        "lacking_0": entry([{"bbox_3d": BOX}]),
        "nolist_0": entry() | {"new_result": {"detections": {"0": SOUND}}},
        "noobject_0": entry(["mug"]),
        "noview_0": {"origin_result": {"detections": []}},
        "wrongview_0": entry() | {"new_result": None},
        "wrongentry_0": [],
        "fine_0": entry([SOUND], [SOUND]),
    }
    message = message_of(write(cache))
    for name in set(cache) - {"fine_0"}:
        assert name in message
    assert "fine_0" not in message
    assert "short_0 origin_result[1]" in message and "lacking_0 origin_result[0]: missing bbox_2d" in message


@pytest.mark.parametrize("text", ["{", "[]", "7", "", "null"])
def test_a_cache_that_is_no_object_is_refused(write, text):
    message_of(write(text))


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(DetectionFileError, match=r"gone\.json: no such file"):
        RecordedDetector.from_file(tmp_path / "gone.json")


@pytest.mark.parametrize("name", ["infer_cache.json", "store.jsonl"])
def test_a_file_that_is_no_utf8_is_refused_by_name(tmp_path, name):
    (tmp_path / name).write_bytes(b'{"a_0": "\xff\xfe"}')
    message_of(tmp_path / name)


# The store by image


def test_the_store_is_looked_up_by_sample_and_picture(write, make_sample):
    lines = [
        {"sample_id": "a_edit_0", "pixels": "p1", "detections": [SOUND]},
        {"sample_id": "a_edit_0", "pixels": "p2", "detections": []},
    ]
    detector = make_detector("recorded", write(lines, "store.jsonl"))
    assert detector.needs_pixels
    sample, other = make_sample(), make_sample("b")
    items = [
        DetectionItem(sample, "edited", "p1"),
        DetectionItem(sample, "edited", "p2"),
        DetectionItem(sample, "edited", "p3"),  # an image without a record
        DetectionItem(other, "edited", "p1"),  # the same image under another sample: another class is asked for
        DetectionItem(sample, "edited", None),  # an image that cannot be read
    ]
    assert detector.detect(items) == [[detection()], [], None, None, None]


def test_every_defect_of_a_store_is_named_with_its_line(write):
    lines = [
        json.dumps({"sample_id": "a_edit_0", "pixels": "p", "detections": [SOUND]}),
        "{",
        "[]",
        json.dumps({"sample_id": "a_edit_0", "detections": []}),
        json.dumps({"sample_id": "a_edit_0", "pixels": "q", "detections": [SOUND | {"bbox_3d": [float("nan")] * 7}]}),
        json.dumps({"sample_id": "a_edit_0", "pixels": "r", "detections": None}),
    ]
    message = message_of(write("\n".join(lines), "store.jsonl"))
    assert all(f"- line {n}" in message for n in (2, 3, 4, 5, 6)) and "- line 1" not in message


@pytest.mark.parametrize("key", [{"sample_id": ["a"]}, {"sample_id": 7}, {"pixels": None}, {"pixels": {}}])
def test_a_store_line_whose_key_is_no_text_is_named(write, key):
    line = {"sample_id": "a_edit_0", "pixels": "p", "detections": []} | key
    assert "line 1" in message_of(write([line], "store.jsonl"))


def test_two_store_lines_for_one_picture_that_differ_are_refused(write):
    line = {"sample_id": "a_edit_0", "pixels": "p", "detections": [SOUND]}
    message = message_of(write([line, line | {"detections": []}], "store.jsonl"))
    assert "line 2" in message and "a_edit_0" in message


def test_an_empty_store_has_no_word_on_any_picture(write, make_sample):
    assert RecordedDetector.from_file(write("", "store.jsonl")).detect([DetectionItem(make_sample(), "source", "p")]) == [None]


def test_index_by_picture_comes_back_from_its_file(write, make_sample):
    a, b = make_sample("b"), make_sample("a")
    by_key = {
        ("b_0", "source"): [detection(0.1), detection(0.2, label=None, rotation_matrix=None, iou_score=0.0)],
        ("b_0", "edited"): [],
        ("a_0", "source"): [detection(0.3, label="line\u2028separator")],
    }
    items = [
        DetectionItem(a, "source", "p1"),
        DetectionItem(a, "edited", "p2"),
        DetectionItem(b, "source", "p1"),
        DetectionItem(b, "edited", "p3"),  # nothing recorded
    ]
    detector = RecordedDetector(by_key=by_key)
    lines = detector.index_by_picture(items)
    assert [(line["sample_id"], line["pixels"]) for line in lines] == [
        ("a_edit_0", "p1"),
        ("b_edit_0", "p1"),
        ("b_edit_0", "p2"),
    ]
    again = RecordedDetector.from_file(write(lines, "store.jsonl"))
    assert again.detect(items) == detector.detect(items)
    assert again.index_by_picture(items) == lines
    raw = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    assert RecordedDetector.from_file(write(raw, "raw.jsonl")).detect(items) == detector.detect(items)


def test_the_store_keeps_every_field_of_a_detection(write, make_sample):
    rich = detection(object_id="mug-1", state="absent", sigma=[0.1] * 7, confidence=0.9, unobservable=["yaw"])
    item = DetectionItem(make_sample(), "edited", "p")
    lines = RecordedDetector(by_picture={("a_edit_0", "p"): [rich]}).index_by_picture([item])
    assert RecordedDetector.from_file(write(lines, "store.jsonl")).detect([item]) == [[rich]]


def test_index_leaves_out_pictures_without_a_hash(make_sample):
    detector = RecordedDetector(by_key={("a_0", "source"): [detection()]})
    assert detector.index_by_picture([DetectionItem(make_sample(), "source", None)]) == []


def test_index_refuses_one_image_with_two_different_results(make_sample):
    by_key = {}
    for key in ("a_0", "b_0", "c_0"):
        by_key |= {(key, "source"): [detection()], (key, "edited"): [detection(0.1 if key == "c_0" else 0.2)]}
    items = [DetectionItem(make_sample(i), view, "same") for i in "abc" for view in ("source", "edited")]
    with pytest.raises(DetectionFileError) as caught:
        RecordedDetector(by_key=by_key).index_by_picture(items)
    assert "a_edit_0" in str(caught.value) and "b_edit_0" in str(caught.value) and "c_edit_0" not in str(caught.value)


def test_the_copy_editor_meets_the_detections_of_the_source(write, make_sample, tmp_path):
    from PIL import Image  # noqa: PLC0415

    sample = make_sample()
    recorded = RecordedDetector(by_key={("a_0", "source"): [detection()], ("a_0", "edited"): [detection(0.3)]})
    source = pixel_hash(load_rgb(sample.image))
    items = [DetectionItem(sample, "source", source), DetectionItem(sample, "edited", "of the recorded editor")]
    store = RecordedDetector.from_file(write(recorded.index_by_picture(items), "store.jsonl"))
    Image.fromarray(copy(sample)).save(tmp_path / "a_edit_0.webp", lossless=True)  # other bytes, the same pixels
    prediction = Prediction(sample_id=sample.id, editor="copy", path=str(tmp_path / "a_edit_0.webp"))
    asked = list(detection_items([(sample, prediction)], with_pixels=store.needs_pixels))
    assert [i.view for i in asked] == ["source", "edited"]
    assert store.detect(asked) == [[detection()], [detection()]]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("recorded", ["--detections"]),
        ("detany3d", ["detector 'detany3d'"]),
        ("yolo", ["'yolo'", "recorded"]),
        ("", ["no detector ''"]),
    ],
)
def test_a_detector_that_cannot_be_made_says_why(name, words):
    with pytest.raises(DetectorError) as caught:
        make_detector(name)
    assert all(word in str(caught.value) for word in words)
    assert "recorded" in DETECTORS


# Judgements


def reply(text: str) -> str:
    return f"||V^=^V||\n{text}\n||V^=^V||\n"


@pytest.mark.parametrize(
    ("text", "score", "word"),
    [
        (reply('{"score": 7, "reasoning": "x"}'), 7.0, None),
        (reply('{"score": 7.25}'), 7.25, None),
        (reply('{"score": -3}'), -3.0, None),
        (reply('{"score": 99}'), 99.0, None),
        (reply('{"score": 0}'), 0.0, None),
        (reply('{"score": true}'), 1.0, None),
        ('words ||V^=^V||{"score": 4}', 4.0, None),  # the closing delimiter is not asked for
        ('||V^=^V||{"score": 4}||V^=^V||{"score": 9}||V^=^V||', 4.0, None),
        ("_ERROR_", None, "request failed"),
        ('{"score": 7}', None, "no ||V^=^V||"),
        ("", None, "no ||V^=^V||"),
        (reply('```json\n{"score": 7}\n```'), None, "no JSON object"),
        (reply("{'score': 7}"), None, "no JSON object"),
        (reply('{"rating": 7}'), None, "no JSON object"),
        (reply("[7]"), None, "no JSON object"),
        (reply('[{"score": 7}]'), None, "no JSON object"),
        (reply("7"), None, "no JSON object"),
        (reply("null"), None, "no JSON object"),
        ("||V^=^V||", None, "no JSON object"),
        (reply('{"score": "7"}'), None, "no finite number"),
        (reply('{"score": [7]}'), None, "no finite number"),
        (reply('{"score": null}'), None, "no finite number"),
        (reply('{"score": NaN}'), None, "no finite number"),
        (reply('{"score": -Infinity}'), None, "no finite number"),
        (reply('{"score": 1e999}'), None, "no finite number"),
    ],
)
def test_a_reply_gives_its_score_or_why_there_is_none(text, score, word):
    found, problem = parse_reply(text)
    assert found == score and (found is None or type(found) is float)
    assert problem is None if word is None else word in problem


@pytest.mark.parametrize("text", ['{"score": 1' + "0" * 400 + "}", '{"score": ' + "[" * 100_000])
def test_a_reply_of_absurd_size_is_a_problem_and_no_crash(text):
    found, problem = parse_reply(reply(text))
    assert found is None and problem


def judged(*pairs: tuple[str, str]) -> list[dict]:
    return [{"prediction": text, "meta": {"index": index}} for index, text in pairs]


def edits(*samples: Sample) -> list[tuple[Sample, Prediction]]:
    return [JudgeItem(s) for s in samples]


def test_later_entries_replace_earlier_ones_even_by_a_failure(write, make_sample):
    path = write(
        judged(
            ("a_edit_0", reply('{"score": 3}')),
            ("b_edit_0", reply('{"score": 4}')),
            ("a_edit_0", reply('{"score": 8}')),
            ("b_edit_0", "_ERROR_"),
        )
    )
    a, b = make_judge("recorded", path).judge(edits(make_sample("a"), make_sample("b")))
    assert (a.sample_id, a.judge, a.score, a.problem) == ("a_edit_0", "recorded", 8.0, None)
    assert a.reply == reply('{"score": 8}')
    assert b.score is None and b.problem == "the request failed" and b.reply == "_ERROR_"


@pytest.mark.parametrize("suffix", ["", ".jpg", ".png"])
def test_an_index_may_end_as_a_file_name(write, make_sample, suffix):
    judge = RecordedJudge.from_file(write(judged(("a_edit_0" + suffix, reply('{"score": 3}')))))
    (found,) = judge.judge(edits(make_sample()))
    assert (found.sample_id, found.score) == ("a_edit_0", 3.0)


def test_the_plain_index_comes_before_jpg_before_png(write, make_sample):
    entries = judged(*((f"a_edit_0{s}", reply(f'{{"score": {i}}}')) for i, s in ((3, ".png"), (2, ".jpg"), (1, ""))))
    for count, wanted in ((3, 1.0), (2, 2.0), (1, 3.0)):
        (found,) = RecordedJudge.from_file(write(entries[:count])).judge(edits(make_sample()))
        assert found.score == wanted


def test_an_edit_without_an_entry_is_a_judgement_with_a_problem(write, make_sample):
    judge = RecordedJudge.from_file(write(judged(("a_edit_0.webp", reply('{"score": 3}')), ("a_edit_01", "_ERROR_"))))
    (found,) = judge.judge(edits(make_sample()))
    assert found.sample_id == "a_edit_0" and found.score is None and "no judgement recorded" in found.problem
    assert judge.judge([]) == []


def test_every_defect_of_a_judgement_file_is_named(write):
    sound = judged(("a_edit_0", "_ERROR_"))
    with pytest.raises(JudgementFileError) as caught:
        read_reference_file(
            write([*sound, {}, "text", {"prediction": 7, "meta": {"index": "x"}}, {"prediction": "", "meta": None}, *sound])
        )
    message = str(caught.value)
    assert all(f"entry {n}" in message for n in (1, 2, 3, 4)) and "entry 0" not in message and "entry 5" not in message


@pytest.mark.parametrize("text", ["[", "", "7", "null", '{"a": 1}'])
def test_a_judgement_file_of_another_form_is_refused(write, text):
    path = write(text)
    with pytest.raises(JudgementFileError, match=r"infer_cache\.json"):
        read_reference_file(path)


def test_a_missing_judgement_file_and_unknown_judges_are_refused(tmp_path):
    with pytest.raises(JudgementFileError, match="no such file"):
        make_judge("recorded", tmp_path / "gone.json")
    for name, word in (("recorded", "--judgements"), ("openai", "--judge-model"), ("me", "no judge 'me'")):
        with pytest.raises(JudgeError, match=word):
            make_judge(name)


def test_the_recorded_judgements_are_all_read():
    path = DATA / "judgements" / "judge_fine_recorded-editor.json"
    found = read_reference_file(path)
    entries = json.loads(path.read_text())
    assert set(found) == {e["meta"]["index"] for e in entries}
    assert all((j.score is None) == (j.problem is not None) for j in found.values())
    assert {dataclasses.replace(j).judge for j in found.values()} == {"recorded"}


@pytest.mark.parametrize("score", [-1, 80, 10.5])
def test_judgements_on_another_scale_are_refused(tmp_path, score):
    reply = f'||V^=^V||{{"score": {score}, "reasoning": "-"}}||V^=^V||'
    path = tmp_path / "judgements.json"
    path.write_text(json.dumps([{"prediction": reply, "meta": {"index": "a_edit_0"}}]))
    with pytest.raises(JudgementFileError, match=r"outside of 0 to 10.*divide by 10"):
        read_reference_file(path)
