"""What a model answered in a harness: which image it names, or a named reason; a path from a model leads nowhere else."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from gsi_bench_metric.harnesses.answers import (
    REASONS,
    Answer,
    AnswerError,
    Answers,
    find_images,
    image_named_in,
    read_answers,
)


def found_in(folder: Path, *answers: Answer, root: Path | None = None):
    return find_images(Answers("editor", "fine", folder, answers), root or folder)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"text": "", "images": ["p.png"]}', "p.png"),
        ('{"text": "done", "images": ["a/p.png", "a/p.png"]}', "a/p.png"),
        ("Generated image saved to: p.png", "p.png"),
        ("Here it is.\n  Generated image saved to: /out/my image.png  \nEnjoy.", "/out/my image.png"),
        ('{"mug": moved}\nGenerated image saved to: p.png', "p.png"),
    ],
)
def test_both_conventions_of_answers_name_their_image(text, path):
    assert image_named_in(text) == (path, "", "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no_image"),
        ("I moved the mug.", "no_image"),
        ("Image generated", "no_image"),
        ("see p.png", "no_image"),
        ("Generated image saved to:", "no_image"),
        ("not Generated image saved to: p.png", "no_image"),
        ('{"text": "sorry", "images": []}', "no_image"),
        ('{"text": "", "images": [""]}', "no_image"),
        ('{"text": "", "images": "p.png"}', "no_image"),
        ('{"images": [{"path": "p.png"}]}', "no_image"),
        ('["p.png"]', "no_image"),
        ("{" * 100_000, "no_image"),
        ("x" * 1_000_001, "no_image"),
        ('{"images": ["a.png", "b.png"]}', "several_images"),
        ("Generated image saved to: a.png\nGenerated image saved to: b.png", "several_images"),
    ],
)
def test_junk_in_an_answer_is_a_named_reason(text, reason):
    path, name, words = image_named_in(text)
    assert (path, name) == (None, reason)
    assert name in REASONS and words and len(words) < 200


def test_paths_count_from_the_folder_of_the_harness(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.png").write_bytes(b"x")
    found = found_in(tmp_path, Answer("a", text="Generated image saved to: out/a.png"), Answer("b", image="out/../out/a.png"))
    assert found.lacking == {"a": ("shared", "a.png answers 2 samples; write a file for each"), "b": found.lacking["a"]}
    found = found_in(tmp_path, Answer("a", text="Generated image saved to: out/a.png"))
    assert found.images == {"a": tmp_path / "out/a.png"}


def test_a_path_from_a_model_leads_nowhere_else(tmp_path):
    root, secret = tmp_path / "out", tmp_path / "goal.png"
    root.mkdir()
    secret.write_bytes(b"x")
    (root / "link.png").symlink_to(secret)
    (root / "loop.png").symlink_to(root / "loop.png")
    (root / "folder.png").mkdir()
    os.mkfifo(root / "pipe.png")
    given = {
        "climbs": "../goal.png",
        "absolute": str(secret),
        "link": "link.png",
        "device": "/dev/zero",
        "loop": "loop.png",
        "folder": "folder.png",
        "pipe": "pipe.png",
        "missing": "missing.png",
        "nul": "a\0b.png",
        "long": "a" * 5000 + ".png",
        "address": "https://example.org/a.png",
    }
    found = found_in(root, *(Answer(name, text=json.dumps({"images": [path]})) for name, path in given.items()))
    assert not found.images
    reasons = {name: reason for name, (reason, _) in found.lacking.items()}
    outside = {"climbs", "absolute", "link", "device"}
    assert reasons == {name: "outside" if name in outside else "no_file" for name in given}


def test_one_file_answers_one_sample_only(tmp_path):
    (tmp_path / "p.png").write_bytes(b"x")
    (tmp_path / "same.png").symlink_to(tmp_path / "p.png")
    found = found_in(tmp_path, Answer("a", image="p.png"), Answer("b", image="./p.png"), Answer("c", image="same.png"))
    assert not found.images and Counter(reason for reason, _ in found.lacking.values()) == {"shared": 3}


def test_equal_answers_are_one_and_different_ones_are_none(tmp_path):
    (tmp_path / "p.png").write_bytes(b"x")
    (tmp_path / "q.png").write_bytes(b"x")
    assert found_in(tmp_path, Answer("a", image="p.png"), Answer("a", image="p.png")).images == {"a": tmp_path / "p.png"}
    assert found_in(tmp_path, Answer("a", image="p.png"), Answer("a", image="q.png")).lacking["a"][0] == "several_answers"


SOUND = {"format": 1, "editor": "e", "split": "fine", "base": "/tmp", "answers": [{"id": "a", "text": "t"}]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 2}, "format 1"),
        ({"editor": "../e"}, "plain name"),
        ({"editor": 7}, "editor: expected a text"),
        ({"split": "train"}, "split: expected one of"),
        ({"base": "out"}, "absolute folder"),
        ({"answers": {}}, "expected a list"),
        ({"answers": [{"id": "../a", "text": ""}]}, "answer 0: id"),
        ({"answers": [{"id": 7, "text": ""}]}, "answer 0: id"),
        ({"answers": ["a"]}, "answer 0: id"),
        ({"answers": [{"id": "a"}]}, "either text or image"),
        ({"answers": [{"id": "a", "text": "", "image": "p"}]}, "either text or image"),
        ({"answers": [{"id": "a", "text": None, "image": 7}]}, "either text or image"),
        ({"content_hash": 7}, "content_hash"),
    ],
)
def test_answers_of_another_form_are_refused_by_name(change, words, tmp_path):
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(SOUND | change))
    with pytest.raises(AnswerError, match=words):
        read_answers(path)


def test_sound_answers_are_read(tmp_path):
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(SOUND))
    assert read_answers(path) == Answers("e", "fine", Path("/tmp"), [Answer("a", text="t")])
