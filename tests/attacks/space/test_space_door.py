"""No call of the Space, by name or number, reaches a file of the server or breaks anything with odd values."""

import asyncio
import json
import math
import os
import threading
import time
import uuid
from pathlib import Path

import pytest

gr = pytest.importorskip("gradio")

import httpx  # noqa: E402 - only with the extra
from gradio.state_holder import SessionState  # noqa: E402

from gsi_bench_metric.detectors.registry import make_detector  # noqa: E402
from gsi_bench_space.app import build_app, launch_options  # noqa: E402
from gsi_bench_space.scoring.bench import Bench  # noqa: E402
from gsi_bench_space.shelf import Shelf, png  # noqa: E402

MOVE = "s00000_dining_edit_02"
WITH_META = {"meta": {"_type": "gradio.FileData"}}
LOOP = asyncio.new_event_loop()
NOT_UPLOADED = "This file was not uploaded here"


@pytest.fixture(scope="module")
def shelf():
    return Shelf.read()


@pytest.fixture(scope="module")
def bench():
    return Bench(make_detector("simulator"))


@pytest.fixture(scope="module")
def app(shelf, bench, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        patch.setenv("HF_HUB_OFFLINE", "1")
        app = build_app(shelf, bench, limit_s=120)
        app.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **launch_options())
        yield app
        app.close()


@pytest.fixture(scope="module")
def upload(app, shelf):
    """An uploaded image, as the page sends it."""
    files = {"files": ("edited.png", shelf.samples[MOVE].edited_image.bytes)}
    (path,) = httpx.post(f"{app.local_url}gradio_api/upload", files=files).json()
    return {"path": path, **WITH_META}


def answer(app, function, data, event_data=None):
    """(succeeded, output) of a call by number, as a browser makes it."""
    session = uuid.uuid4().hex
    body = {"fn_index": function._id, "data": data, "session_hash": session, "event_data": event_data}
    content = json.dumps(body).encode()
    joined = httpx.post(f"{app.local_url}gradio_api/queue/join", content=content, headers={"content-type": "application/json"})
    assert joined.status_code == 200, joined.text
    with httpx.stream("GET", f"{app.local_url}gradio_api/queue/data?session_hash={session}", timeout=60) as events:
        for line in events.iter_lines():
            event = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
            if event.get("msg") == "process_completed":
                return event["success"], event["output"]
    raise AssertionError("no answer")


def refusal(app, function, data, event_data=None):
    """What is said to a call that must fail, made as Gradio's routes make it."""
    state = app.__dict__.get("tests_session") or SessionState(app)  # making one takes longer than most calls
    app.tests_session = state
    event = None if event_data is None else gr.EventData(None, event_data)
    with pytest.raises(gr.Error) as caught:
        LOOP.run_until_complete(app.process_api(function, data, state, event_data=event, in_event_listener=True))
    said = caught.value.message
    assert isinstance(said, str) and said and len(said) < 700
    assert not any(word in said for word in ("Traceback", "site-packages", "/tmp", "gsi_bench_space")), said
    said.encode()
    return said


def usual(component, shelf):
    """A value that the page sends."""
    if isinstance(component, gr.State | gr.Image | gr.File):
        return None
    if isinstance(component, gr.Radio | gr.Dropdown):
        return component.constructor_args.get("value") or (component.choices[0][1] if component.choices else None)
    if isinstance(component, gr.Textbox):
        return MOVE if component.label == "sample id" else component.value or ""
    return component.constructor_args.get("value", component.value)


def functions(app):
    return [function for function in app.fns.values() if function.inputs and callable(function.fn)]


def with_files(app):
    return [
        (function, place)
        for function in functions(app)
        for place, component in enumerate(function.inputs)
        if isinstance(component, gr.Image | gr.File)
    ]


def hostile_paths(folder: Path) -> list[object]:
    uploads = Path(os.environ["GRADIO_TEMP_DIR"])
    (folder / "secret.png").write_bytes(png_bytes())
    inside = uploads / "deep"
    inside.mkdir(exist_ok=True)
    link, folder_link, pipe = inside / "link.png", inside / "up", inside / "pipe.png"
    for path in (link, folder_link, pipe):
        path.unlink(missing_ok=True)
    link.symlink_to(folder / "secret.png")
    folder_link.symlink_to(folder)
    os.mkfifo(pipe)
    paths = [str(folder / "secret.png"), str(folder / "none.png"), "/dev/ptmx", "/dev/zero", "/etc/passwd", "/", "", "."]
    paths += [
        str(link),
        str(folder_link / "secret.png"),
        str(pipe),
        str(inside),
        f"{uploads}/../secret.png",
        f"{inside}/none.png",
    ]
    paths += ["a\0b", "x" * 100_000, "\ud800", "https://example.com/a.png", "file:///etc/passwd", f"{uploads}/{'a/' * 900}b"]
    values: list[object] = [{"path": path} for path in paths] + [{"path": path, **WITH_META} for path in paths]
    values += [{"path": odd} for odd in (5, None, [], {}, True)] + [
        {"path": paths[0], "meta": 5},
        {"path": paths[0], "meta": None},
    ]
    values += [
        {"url": paths[0]},
        {"url": "http://127.0.0.1/"},
        {},
        [],
        [{"path": paths[0]}],
        paths[0],
        5,
        True,
        {"path": {"path": 1}},
    ]
    return values


def png_bytes() -> bytes:
    import numpy as np  # noqa: PLC0415

    return png(np.zeros((64, 64, 3), np.uint8), "x.png").bytes


# --- files


def test_every_file_input_refuses_whatever_was_not_uploaded(app, shelf, tmp_path):
    places = with_files(app)
    assert len(places) >= 7
    values = hostile_paths(tmp_path)
    for function, place in places:
        data = [usual(component, shelf) for component in function.inputs]
        said = {refusal(app, function, [*data[:place], value, *data[place + 1 :]])[: len(NOT_UPLOADED)] for value in values}
        assert said == {NOT_UPLOADED}, function.name


def test_existing_and_missing_files_are_refused_alike(app, tmp_path, shelf):
    (tmp_path / "there.png").write_bytes(png_bytes())
    function = next(f for f in app.fns.values() if f.name == "_score_upload")
    answers = [answer(app, function, [None, {"path": str(tmp_path / name)}, "en"]) for name in ("there.png", "missing.png")]
    assert answers[0] == answers[1]
    assert not answers[0][0] and NOT_UPLOADED in answers[0][1]["error"] and str(tmp_path) not in json.dumps(answers)


def test_an_upload_is_scored_whatever_else_its_value_says(app, upload):
    function = next(f for f in app.fns.values() if f.api_name == "score")
    more = {"url": "http://169.254.169.254/", "orig_name": 5, "size": "x", "is_stream": True, "mime_type": []}
    for value in (upload, {"path": upload["path"]}, upload | more):
        succeeded, output = answer(app, function, [MOVE, value])
        assert succeeded and output["data"][0]["sample_id"] == MOVE, output


def test_a_file_in_a_value_that_is_no_file_is_refused_too(app, shelf, tmp_path):
    (tmp_path / "secret.png").write_bytes(png_bytes())
    hidden = {"path": str(tmp_path / "secret.png"), **WITH_META}
    function = next(f for f in app.fns.values() if f.api_name == "score_own")
    for place, component in enumerate(function.inputs):
        if isinstance(component, gr.JSON):
            for value in (hidden, [hidden], {"focal_mm": hidden}, {"path": "https://example.com/x", **WITH_META}):
                data = [None] * place + [value] + [usual(c, shelf) for c in function.inputs[place + 1 :]]
                assert "names no file" in refusal(app, function, data)


# --- values


def odd_values() -> list[object]:
    deep: object = 1
    for _ in range(500):
        deep = [deep]
    odd: list[object] = [math.nan, math.inf, -math.inf, 1e308, 10**5000, True, "\ud800", "a\0b", "x" * 10_000_000, [], {}, deep]
    return [*odd, {"a": {"b": {"c": {"d": {"e": 1}}}}}, [1] * 1_000_000, "nothing of the kind", {"focal_mm": 1}]


def test_no_odd_value_of_any_function_is_answered_without_words(app, shelf):
    """Whatever is sent: an answer, or a sentence; never Gradio's empty error."""
    refused, seen = 0, set()
    for function in functions(app):
        data = [usual(component, shelf) for component in function.inputs]
        for place, component in enumerate(function.inputs):
            if isinstance(component, gr.State | gr.Image | gr.File) or component._id in seen:
                continue
            seen.add(component._id)
            taken = {gr.Textbox: ["nothing of the kind"], gr.Checkbox: [True], gr.JSON: [[], {}, True, {"focal_mm": 1}]}
            for value in odd_values():
                if value in taken.get(type(component), []) or (
                    isinstance(component, gr.JSON) and not isinstance(value, list | dict)
                ):
                    continue
                if isinstance(component, gr.JSON) and value == {"a": {"b": {"c": {"d": {"e": 1}}}}}:
                    continue
                refusal(app, function, [*data[:place], value, *data[place + 1 :]])
                refused += 1
    assert refused > 300


@pytest.mark.parametrize("data", [[], [None], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]])
def test_a_wrong_number_of_values_is_named(app, data):
    for function in app.fns.values():
        if len(function.inputs) != len(data):
            succeeded, output = answer(app, function, data)
            assert not succeeded and f"takes {len(function.inputs)} values; found {len(data)}" in output["error"]
            break
    for function in app.fns.values():
        if len(function.inputs) != len(data):
            assert "values; found" in refusal(app, function, data)


@pytest.mark.parametrize("index", [None, "x", -1, 10**9, [1], [math.nan, 1], ["a", "b"], [1, 2, 3], {"a": 1}, True])
def test_odd_events_are_answered_with_words(app, shelf, index):
    told = 0
    for function in functions(app):
        if "event" in function.fn.__code__.co_varnames:
            data = [usual(component, shelf) for component in function.inputs]
            for event in ({"index": index, "value": None, "row_value": index}, {}, {"index": index}):
                try:
                    asyncio.run(app.process_api(function, data, SessionState(app), event_data=gr.EventData(None, event)))
                except gr.Error as error:
                    told += 1
                    assert error.message
    assert told


def test_the_visitor_is_told_in_the_language_of_the_page(app):
    function = next(f for f in app.fns.values() if f.name == "_score_upload")
    assert refusal(app, function, [None, {"path": "/etc/passwd"}, "zh"]).startswith("这个文件不是在这里上传的")


def test_the_camera_and_rectangle_of_a_program_are_bounded(app, upload):
    function = next(f for f in app.fns.values() if f.api_name == "score_own")

    def said(rectangle, camera, **wish):
        operation, direction, amount, name = (
            {"operation": "move", "direction": "left", "amount": 15, "name": "mug"} | wish
        ).values()
        return refusal(app, function, [upload, upload, rectangle, operation, direction, amount, name, camera, None])

    for rectangle in (
        [math.nan] * 4,
        [0, 0, math.inf, 9],
        [1e308] * 4,
        ["1"] * 4,
        [True] * 4,
        [1, 2, 3],
        [10**400] * 4,
        {},
        None,
    ):
        assert "rectangle" in said(rectangle, {})
    good = [100, 100, 200, 200]
    for focal in (0, -1, 1e300, math.nan, math.inf):
        assert "focal" in said(good, {"focal_mm": focal}).lower() or "numbers under" in said(good, {"focal_mm": focal})
    for camera in ({"focal_mm": "26"}, {"focal_mm": True}, {"roll": 1}, [1], [], {"height_cm": None}):
        assert "numbers under the names" in said(good, camera)
    for amount in (0, -1, 1e8, 1.5):
        assert "whole number" in said(good, {}, amount=amount)
    assert "cannot be the object's name" in said(good, {}, name="a" * 200)
    assert "No operation" in said(good, {}, operation="fly") and "No direction" in said(good, {}, direction="up and away")


# --- the web server itself


def test_gradio_serves_no_file_of_the_machine(app, tmp_path):
    (tmp_path / "secret.png").write_bytes(png_bytes())
    for path in (
        str(tmp_path / "secret.png"),
        str(Path.cwd() / "pyproject.toml"),
        "/etc/passwd",
        "/proc/self/environ",
        "..%2f..%2fetc",
    ):
        for route in ("file=", "file/", "stream/", "proxy="):
            status = httpx.get(f"{app.local_url}gradio_api/{route}{path}").status_code
            assert status in (400, 403, 404, 405, 422), (route, path, status)


def test_the_queue_cannot_be_passed_by(app):
    for name in ("score", "samples", "_score_upload"):
        assert httpx.post(f"{app.local_url}gradio_api/run/{name}", json={"data": []}).status_code == 404
    assert app._queue.max_size == 40


@pytest.mark.parametrize(
    "body", ["{", "[]", '{"data": 5}', "[" * 100_000, '{"data": [NaN', '{"fn_index": 99999, "data": [], "session_hash": "a"}']
)
def test_a_malformed_request_is_refused_without_a_trace(app, body):
    routes = ("queue/join", "call/nothing", "call/v2/nothing")
    for route in routes if "fn_index" in body else (*routes, "call/score"):
        got = httpx.post(
            f"{app.local_url}gradio_api/{route}", content=body, headers={"content-type": "application/json"}, timeout=30
        )
        assert 400 <= got.status_code < 500 and got.text
        assert "Traceback" not in got.text and "site-packages" not in got.text


def test_a_request_larger_than_an_upload_is_not_read(app):
    def endless():
        for _ in range(400):
            yield bytes(2**18)

    for content in (bytes(22 * 2**20), endless()):
        try:
            got = httpx.post(f"{app.local_url}gradio_api/call/samples", content=content, timeout=30)
        except httpx.HTTPError:
            continue  # the server hung up while the client still sent
        assert got.status_code == 413 and "larger than 21 MB" in got.text


# --- time


def test_a_call_that_hangs_frees_its_place_for_the_next_visitor(shelf, monkeypatch):
    bench, release, hung = Bench(make_detector("simulator")), threading.Event(), threading.Event()
    usual_score = bench.score

    def hangs(sample, edited):
        if not hung.is_set():
            hung.set()
            with bench._desk.lock:
                release.wait(20)
        return usual_score(sample, edited)

    monkeypatch.setattr(bench, "score", hangs)
    app = build_app(shelf, bench, limit_s=0.5)
    app.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **launch_options())
    try:
        function = next(f for f in app.fns.values() if f.name == "_score_example")
        start = time.monotonic()
        succeeded, output = answer(app, function, [None, "after", "en"])
        assert not succeeded and "took too long" in output["error"] and time.monotonic() - start < 10
        assert len(app.lost) == 1
        app.limit_s = 60
        succeeded, output = answer(app, function, [None, "after", "en"])
        assert succeeded, output
    finally:
        release.set()
        app.close()


def test_too_many_lost_calls_are_said_and_waited_for_by_nobody(app, monkeypatch):
    monkeypatch.setattr(app, "lost", set(range(8)))
    function = next(f for f in app.fns.values() if f.api_name == "samples")
    assert "too busy at the moment" in refusal(app, function, ["any", "any", ""])


def test_a_defect_is_told_without_paths_and_logged(app, monkeypatch, caplog):
    function = next(f for f in app.fns.values() if f.api_name == "samples")

    def broken(*_):
        raise RuntimeError("/home/somebody/secret.txt is broken")

    monkeypatch.setattr(function, "fn", broken)
    said = refusal(app, function, ["any", "any", ""])
    assert "Something went wrong here (RuntimeError)" in said and "secret" not in said
    assert "secret.txt" in caplog.text
