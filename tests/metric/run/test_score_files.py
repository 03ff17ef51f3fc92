from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from gsi_bench_dataset.records import Reason, Score
from gsi_bench_metric.run.score_files import ScoreFileError, read_scores, write_scores


def make(sample_id: str = "a_edit_0", **fields: Any) -> Score:
    values = {"sample_id": sample_id, "split": "fine", "editor": "e", "protocol": "official", "operation": "move"}
    return Score(**(values | fields))


def test_scores_come_back_bit_for_bit_in_their_order(tmp_path: Path) -> None:
    scores = [
        make("b_edit_0", ic=1.0, sa=0.1 + 0.2, ssim=1 / 3, lpips=5e-324, mse=1e17, ac=7.0, locality_passed=True),
        make(
            "a_edit_0", state="not_scored", reasons=(Reason("unreadable", "图\u2028片\n.png"), Reason("missing", "name \udcff"))
        ),
        make("a_edit_0", editor="another", same_viewpoint=False),
    ]
    path = write_scores(tmp_path / "new" / "scores.jsonl", scores)
    assert read_scores(path) == scores
    assert len(path.read_bytes().splitlines()) == 3


def test_nan_is_kept_as_a_bare_token(tmp_path: Path) -> None:
    path = write_scores(tmp_path / "scores.jsonl", [make(ssim=math.nan)])
    assert '"ssim": NaN' in path.read_text(encoding="utf-8")
    (score,) = read_scores(path)
    assert score.ssim is not None
    assert math.isnan(score.ssim)


def test_no_scores_make_an_empty_file(tmp_path: Path) -> None:
    assert read_scores(write_scores(tmp_path / "scores.jsonl", [])) == []


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = write_scores(tmp_path / "scores.jsonl", [make()])
    before = path.read_bytes()

    def broken() -> Any:
        yield make("b_edit_0")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_scores(path, broken())
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["scores.jsonl"]


def test_every_bad_line_is_named_with_file_and_number(tmp_path: Path) -> None:
    path = write_scores(tmp_path / "scores.jsonl", [make("a_edit_0"), make("b_edit_0")])
    good = path.read_bytes()
    path.write_bytes(good + b'[1]\n{"sample_id": "x"}\n\xff\n' + good.splitlines()[1] + b'\n{"sample_id": "cut')
    with pytest.raises(ScoreFileError) as caught:
        read_scores(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: not readable as scores (5 problems)")
    assert "line 3: expected the JSON object of a score, found list" in message
    assert "line 4: Score 'x': missing field split" in message
    assert "line 5: not valid JSON" in message
    assert "line 6: b_edit_0 of 'e' stands in line 2 already" in message
    assert "line 7: not valid JSON" in message


def test_many_problems_are_counted_and_the_first_shown(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    path.write_text("nonsense\n" * 30)
    with pytest.raises(ScoreFileError, match=r"(?s)30 problem.*line 20:.*and 10 more"):
        read_scores(path)


def test_no_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.jsonl"):
        read_scores(tmp_path / "none.jsonl")
