"""The app on a port of this machine: its endpoints, and what no visitor may reach."""

import json
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

import gsi_bench_space
from gsi_bench_space.api import EXAMPLE

MOVE = "s00000_dining_edit_02"


@pytest.fixture(scope="module")
def client(address) -> Client:
    return Client(address, verbose=False)


@pytest.fixture
def right_edit(shelf, tmp_path) -> Path:
    path = tmp_path / "edited.png"
    path.write_bytes(shelf.example(MOVE, "after").bytes)
    return path


def test_the_public_endpoints_are_the_documented_ones(client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == {"/score", "/samples", "/score_own"}
    assert [p["parameter_name"] for p in endpoints["/score"]["parameters"]] == ["sample_id", "picture"]
    assert [p["parameter_name"] for p in endpoints["/samples"]["parameters"]] == ["operation", "split", "words"]


def test_the_example_on_the_page_is_the_one_in_the_docs():
    assert EXAMPLE.format(address="http://127.0.0.1:7860") in (Path(__file__).parents[2] / "docs/space.md").read_text()


def test_samples_are_listed_by_operation_and_words(client):
    (found,) = client.predict("move", "any", "bread", api_name="/samples")
    assert found["id"] == MOVE and found["prompt_zh"]
    assert len(client.predict("any", "", "", api_name="/samples")) == 18


def test_the_endpoint_scores_as_the_bench_does(client, bench, shelf, right_edit):
    found = client.predict(MOVE, handle_file(right_edit), api_name="/score")
    wanted = json.loads(json.dumps(bench.score(shelf.samples[MOVE], shelf.example(MOVE, "after")).to_json()))
    assert found.pop("upload_notes") == [] and found == wanted


def test_errors_of_the_endpoint_are_sentences(client, right_edit, tmp_path):
    with pytest.raises(AppError, match="No sample nope; the endpoint /samples lists them"):
        client.predict("nope", handle_file(right_edit), api_name="/score")
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(AppError, match="not an image that can be read"):
        client.predict(MOVE, handle_file(tmp_path / "text.png"), api_name="/score")


@pytest.mark.parametrize("path", ["/etc/hostname", str(Path(gsi_bench_space.__file__)), str(Path.home() / ".profile")])
def test_no_file_of_the_machine_is_served_or_scored(address, path):
    assert httpx.get(f"{address}gradio_api/file={path}").status_code in (403, 404)
    call = httpx.post(
        f"{address}gradio_api/call/score", json={"data": [MOVE, {"path": path, "meta": {"_type": "gradio.FileData"}}]}
    )
    events = httpx.get(f"{address}gradio_api/call/score/{call.json()['event_id']}", timeout=30).text
    assert "event: error" in events and "protocols" not in events


def test_an_upload_that_is_too_large_is_stopped_at_the_door(address):
    answer = httpx.post(f"{address}gradio_api/upload", files={"files": ("big.png", bytes(21 * 2**20))}, timeout=30)
    assert answer.status_code == 413
