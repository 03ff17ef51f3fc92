import base64
import contextlib
import dataclasses
import io
import json
import pickle
import socket
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from reward_cases import Stub, all_victims, shared

from gsi_bench_metric.reward.config import SERVING
from gsi_bench_metric.reward.pictures import RewardError

pytest.importorskip("fastapi")
uvicorn = pytest.importorskip("uvicorn")

from gsi_bench_metric.reward.serving.app import make_app  # noqa: E402
from gsi_bench_metric.reward.serving.pickles import dumped, loaded  # noqa: E402
from gsi_bench_metric.reward.serving.starting import require_startable  # noqa: E402


@contextlib.contextmanager
def served(reward, **options):
    """A server on a free port, as `gsi-bench serve-reward` runs it."""
    server = uvicorn.Server(uvicorn.Config(make_app(reward, **options), host="127.0.0.1", port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < until
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


def ask(url, body=None, *, raw=None):
    data = raw if raw is not None else None if body is None else json.dumps(body).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, data), timeout=60) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def said(url, body=None):
    status, data = ask(url, body)
    return status, json.loads(data)


def png(rgb, kind="PNG"):
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, kind)
    return stream.getvalue()


def b64(rgb, kind="PNG"):
    return base64.b64encode(png(rgb, kind)).decode()


SMALL = np.zeros((8, 8, 3), np.uint8)


def case():
    return all_victims()["move"]


def turns(name=None, image=None, **more):
    first = {"text": case().sample.prompt, "image_b64": b64(SMALL)}
    history = [first, first | ({} if image is None else {"image_b64": image})]
    return {"history": history, "required_rewards": ["gsi"], "metadata": None if name is None else {"gsi_id": name}} | more


def test_unirl_is_answered_as_its_client_reads():
    right = b64(case().variants["grade100"], "JPEG")
    identity = {"request_id": "r1", "group_id": "g", "source_rank": 0, "policy_version": 3, "idempotency_key": "k"}
    with served(shared()) as url:
        status, health = said(f"{url}/health")
        assert status == 200 and health["status"] == "ok" and list(health["rewards"]) == ["gsi"]
        body = {"protocol_version": "1", "requests": [turns(case().sample.id, right, **identity), turns("nobody", **identity)]}
        status, found = said(f"{url}/score", body)
    assert status == 200 and len(found["results"]) == len(found["errors"]) == 2
    metrics = found["results"][0]["gsi"]
    assert next(iter(metrics)) == "total" and metrics["total"] > 0.7  # JPEG costs a little
    assert all(type(value) is float for value in metrics.values()) and found["errors"][0] == {}
    assert found["results"][1] == {} and "not in the dataset" in found["errors"][1]["gsi"]
    assert all(found["identities"][0][key] == value for key, value in identity.items())


def test_flow_factorys_remote_client_is_answered():
    body = {"prompt": [case().sample.prompt], "image": [b64(SMALL)], "video": None, "condition_images": None, "kwargs": None}
    with served(Stub()) as url:
        status, found = said(f"{url}/compute", body)
    assert status == 200 and found["rewards"] == [0.5] and not found.get("error")


def test_verl_omni_and_flow_grpo_pickles_are_answered():
    name = case().sample.id
    bodies = [
        {"images": [png(SMALL, "JPEG")], "prompts": [name], "metadata": {}},
        {"images": [png(SMALL, "JPEG")] * 2, "meta_datas": [{"gsi_id": name}] * 2, "only_strict": True},
        {"images": [png(SMALL)], "prompts": [case().sample.prompt], "metadata": {"gsi_id": name}},
    ]
    with served(Stub(), pickles=True) as url:
        for body in bodies:
            status, data = ask(f"{url}/pickle", raw=pickle.dumps(body))
            found = pickle.loads(data)
            assert status == 200 and found["scores"] == found["outputs"] == [0.5] * len(body["images"])


def test_pickles_are_only_read_on_request():
    with served(Stub()) as url:
        assert ask(f"{url}/pickle", raw=pickle.dumps({}))[0] == 404


class Evil:
    def __reduce__(self):
        return (open, ("/tmp/gsi-reward-evil", "w"))


@pytest.mark.parametrize(
    "value",
    [Evil(), [Evil()], np.zeros(3), {"a": np.float64(1)}, {1, print}],
    ids=["object", "list", "array", "number", "function"],
)
def test_pickles_that_name_anything_are_refused(value):
    with pytest.raises(RewardError, match="plain containers"):
        loaded(pickle.dumps(value))


DAMAGED = [b"", b"\x80", b"cos\nsystem\n(S'true'\ntR.", b"(" * 100_000, b"P1\n.", b"\x82\x01.", b"I" + b"9" * 9]


@pytest.mark.parametrize("body", DAMAGED)
def test_damaged_pickles_are_refused_in_a_line(body):
    with pytest.raises(RewardError, match="expected a pickle"):
        loaded(body)
    assert loaded(dumped({"a": [1, 2.5, "x", b"y", None, True]})) == {"a": [1, 2.5, "x", b"y", None, True]}


BAD = {
    "no json": b"{",
    "deep": b"[" * 100_000,
    "a list": b"[]",
    "no images": json.dumps({"prompt": ["a"]}).encode(),
    "no words": json.dumps({"image": [b64(SMALL)]}).encode(),
    "fewer words": json.dumps({"image": [b64(SMALL)] * 2, "prompt": ["a"]}).encode(),
    "unknown words": json.dumps({"image": [b64(SMALL)], "prompt": ["Do what?"]}).encode(),
    "unknown id": json.dumps({"image": [b64(SMALL)], "sample_ids": ["nobody"]}).encode(),
    "no base64": json.dumps({"image": ["%%%"], "prompt": ["a"]}).encode(),
    "a number": json.dumps({"image": [3], "prompt": ["a"]}).encode(),
    "too many": json.dumps({"image": ["a"] * 65, "prompt": ["a"] * 65}).encode(),
}


@pytest.mark.parametrize("route", ["compute", "score"])
@pytest.mark.parametrize("name", BAD)
def test_bad_requests_are_told_what_was_expected(route, name):
    with served(Stub()) as url:
        status, data = ask(f"{url}/{route}", raw=BAD[name])
    words = json.loads(data)["error"]
    assert status == 400 and "Traceback" not in words and len(words) < 400
    assert any(word in words for word in ("expected", "not in the dataset", "no sample", "limit", "share the prompt"))


def test_images_are_bounded_in_bytes_and_pixels():
    name = case().sample.id
    limits = dataclasses.replace(SERVING, image_bytes=1000, pixels=10_000, body_bytes=20_000)
    large, noise = np.zeros((200, 200, 3), np.uint8), np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    with served(Stub(), limits=limits) as url:
        assert "pixels" in said(f"{url}/compute", {"image": [b64(large)], "sample_ids": [name]})[1]["error"]
        assert "bytes" in said(f"{url}/compute", {"image": [b64(noise)], "sample_ids": [name]})[1]["error"]
        assert ask(f"{url}/compute", raw=b" " * 30_000)[0] == 413
        assert said(f"{url}/compute", {"image": [b64(SMALL)], "sample_ids": [name]})[0] == 200


def test_slow_work_and_a_full_queue_are_told_apart():
    def slow(name):
        time.sleep(0.5)
        return 0.5

    name, limits = case().sample.id, dataclasses.replace(SERVING, seconds=0.2, waiting=4)
    with served(Stub(slow), limits=limits) as url:
        status, found = said(f"{url}/compute", {"image": [b64(SMALL)] * 2, "sample_ids": [name] * 2})
        assert status == 503 and "not rated within" in found["error"]
        status, found = said(f"{url}/compute", {"image": [b64(SMALL)] * 5, "sample_ids": [name] * 5})
        assert status == 429 and "busy" in found["error"]


def test_a_failing_image_is_no_traceback_and_no_end():
    def broken(name):
        raise ZeroDivisionError("secret of the server")

    name = case().sample.id
    with served(Stub(broken)) as url:
        status, found = said(f"{url}/compute", {"image": [b64(SMALL)], "sample_ids": [name]})
        assert status == 500 and "secret" not in found["error"]
        status, found = said(f"{url}/score", {"requests": [turns(name)]})
        assert status == 200 and "secret" not in json.dumps(found) and found["errors"][0]["gsi"]
        assert said(f"{url}/health")[1]["status"] == "ok"


def test_16_clients_and_500_requests_bring_no_error():
    name = case().sample.id
    worth = {sample: number / 10 for number, sample in enumerate(Stub().samples.ids)}
    body = {sample: {"image": [b64(SMALL)], "sample_ids": [sample]} for sample in worth}
    order = [list(worth)[number % len(worth)] for number in range(500)]
    with served(Stub(worth.__getitem__)) as url, ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda sample: said(f"{url}/compute", body[sample]), order))
        assert said(f"{url}/health")[1]["rated"] == 500 and name in worth
    assert [(status, reply["rewards"]) for status, reply in found] == [(200, [worth[sample]]) for sample in order]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "example.org", "10.0.0.1"])
def test_pickles_are_never_read_from_other_machines(host):
    with pytest.raises(RewardError, match="--pickle: only on"):
        require_startable(host, 8100, pickles=True)


def test_a_port_in_use_is_told_before_anything_is_read():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(RewardError, match="cannot be served from"):
            require_startable("127.0.0.1", taken.getsockname()[1], pickles=False)
