"""Proxies in the environment: this machine's servers are reached without one, and one that cannot be used is named."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import hostile_server as hostile
import pytest
from hostile_server import HostileServer

from gsi_bench_dataset.remote.client import HubError, fetch_official
from gsi_bench_dataset.safety import proxies
from gsi_bench_dataset.safety.keys import is_loopback
from gsi_bench_dataset.safety.proxies import loopback_without_proxy, proxies_but_for, proxy_problem, without_proxies
from gsi_bench_dataset.safety.replies import fetch
from gsi_bench_metric.editors import EditorError, EditorOptions, make_editor
from gsi_bench_metric.editors.base import EditRequest
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.judges import JudgeError, JudgeItem, JudgeOptions, make_judge
from gsi_bench_metric.judges.serving import ServerPlan, serve

pytest.importorskip("openai", reason="the client is not installed: pip install 'gsi-bench[judge]'")

RATED = json.dumps(dict.fromkeys(("identity", "colour_and_material", "shape", "completeness"), 8))
COMPLETION = {"choices": [{"message": {"role": "assistant", "content": RATED}, "finish_reason": "stop"}]}
VARIABLES = [f"{scheme}_proxy" for scheme in ("http", "https", "all", "no")]
HOSTS = ("127.0.0.1", "localhost", "0.0.0.0", "127.1")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in (*VARIABLES, *map(str.upper, VARIABLES)):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serving():
    with contextlib.ExitStack() as stack:
        yield lambda act: stack.enter_context(HostileServer(act))


@pytest.fixture
def trap(serving):
    """A proxy that answers whatever goes through it wrongly, and remembers."""
    return serving(hostile.saying({"error": {"message": "through the proxy"}}, "502 Bad Gateway"))


def ways(trap):
    """Environments with a proxy: schemes, spellings, kinds, and the user's own exceptions beside it."""
    http, socks = f"http://127.0.0.1:{trap.port}", f"socks5://127.0.0.1:{trap.port}"
    return [
        {"http_proxy": http},
        {"HTTP_PROXY": http, "HTTPS_PROXY": http},
        {"all_proxy": http},
        {"ALL_PROXY": http, "NO_PROXY": "example.com"},
        {"http_proxy": http, "all_proxy": socks},
        {"ALL_PROXY": socks.replace("socks5", "socks5h")},
        {"all_proxy": socks.replace("socks5", "socks")},
        {"https_proxy": socks, "no_proxy": "example.com"},
    ]


@pytest.fixture(params=range(8))
def proxied(request, trap, monkeypatch):
    for name, value in ways(trap)[request.param].items():
        monkeypatch.setenv(name, value)
    return trap


def judged(url, make_sample):
    sample = make_sample()
    judge = make_judge("openai", options=JudgeOptions(model="m", url=url, question="strict", retries=0, timeout=5))
    return judge.judge([JudgeItem(sample, Picture(sample.image), Picture(sample.image))])[0]


def test_a_judge_on_this_machine_needs_no_proxy(proxied, serving, make_sample):
    server = serving(hostile.saying(COMPLETION))
    assert judged(server.url, make_sample).score == 8.0
    assert server.heads and not proxied.heads


@pytest.mark.parametrize("host", HOSTS)
def test_every_name_of_this_machine_needs_no_proxy(trap, serving, make_sample, monkeypatch, host):
    for name, value in ways(trap)[4].items():
        monkeypatch.setenv(name, value)
    server = serving(hostile.saying(COMPLETION))
    assert judged(f"http://{host}:{server.port}/v1", make_sample).score == 8.0
    assert fetch(f"http://{host}:{server.port}/x", most=2**20, seconds=5) and not trap.heads


def test_an_editor_on_this_machine_needs_no_proxy(proxied, serving, make_sample):
    import base64  # noqa: PLC0415

    from PIL import Image  # noqa: PLC0415

    sample = make_sample()
    picture = base64.b64encode(sample.image.bytes).decode()
    server = serving(hostile.saying({"data": [{"b64_json": picture}]}))
    editor = make_editor("openai", EditorOptions(model="m", base_url=server.url, timeout=5))
    assert editor.edit(EditRequest(sample, Image.new("RGB", (8, 8)), "Move it.", 1)).size == (64, 48)
    assert server.heads and not proxied.heads


def test_a_download_from_this_machine_needs_no_proxy(proxied, serving):
    server = serving(hostile.saying(b"abc"))
    assert fetch(urllib.request.Request(f"{server.url}/x"), most=3, seconds=5) == b"abc" and not proxied.heads


def test_a_redirect_to_another_host_goes_through_the_proxy(trap, serving, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{trap.port}")
    server = serving(hostile.sending_on("http://far.example/x"))
    with pytest.raises(urllib.error.HTTPError, match="502"):
        fetch(f"{server.url}/x", most=3, seconds=5)
    assert "far.example" in trap.heads[0]


def test_waiting_for_an_own_server_asks_no_proxy(trap, serving, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{trap.port}")
    server, said = serving(hostile.saying({})), []
    plan = ServerPlan("vllm", "m", (sys.executable, "-c", "import time; time.sleep(1)"), server.url)
    assert serve(plan, 30, said.append) == 0
    assert "answers" in said[0] and server.heads and not trap.heads


@pytest.mark.parametrize("way", [1, 4, 6])
def test_a_mirror_of_the_hub_here_needs_no_proxy(trap, gsi_bench, hub, way):
    environment = ways(trap)[way]
    # The stand-in's fixture excepts this machine by itself: not here.
    done = gsi_bench("pull", "o/none", "out", **{"NO_PROXY": "", **environment})
    assert "no such dataset repository" in done.stderr and done.returncode == 2, done.stderr
    assert not trap.heads


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("socks5://127.0.0.1:9", "pip install socksio"),
        ("socks5h://me:s3cret@127.0.0.1:9", "pip install socksio"),
        ("socks://127.0.0.1:9", "written `socks5://`"),
        ("ftp://127.0.0.1:9", "expected an address that begins with http://"),
    ],
)
@pytest.mark.parametrize("variable", ["all_proxy", "ALL_PROXY", "https_proxy", "HTTP_PROXY"])
def test_a_proxy_that_cannot_be_used_is_named(monkeypatch, variable, proxy, words):
    monkeypatch.setattr(proxies.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv(variable, proxy)
    monkeypatch.setenv("MY_KEY", "key-of-the-test-1")
    far = "https://far.example/v1"
    with pytest.raises(JudgeError, match="cannot reach") as judge:
        make_judge("openai", options=JudgeOptions(model="m", url=far, key_env="MY_KEY"))
    with pytest.raises(EditorError, match="cannot reach") as editor:
        make_editor("openai", EditorOptions(model="m", base_url=far, key_env="MY_KEY"))
    with pytest.raises(HubError, match="the Hub cannot be reached") as hub:
        fetch_official("o/n", None, ["fine"])
    for caught in (judge, editor, hub):
        assert words in str(caught.value) and variable in str(caught.value) and "s3cret" not in str(caught.value)


def test_a_usable_proxy_is_no_problem(monkeypatch):
    monkeypatch.setattr(proxies.importlib.util, "find_spec", lambda name: object())
    for proxy in ("http://p:1", "p:1", "https://p:1", "socks5://p:1"):
        monkeypatch.setenv("all_proxy", proxy)
        assert proxy_problem("https://far.example") is None


def test_the_users_exceptions_are_kept(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "corp.example,10.0.0.0/8")
    loopback_without_proxy()
    assert os.environ["NO_PROXY"] == "corp.example,10.0.0.0/8" and "no_proxy" not in os.environ  # no proxy, no change
    monkeypatch.setenv("http_proxy", "http://p:1")
    monkeypatch.setenv("no_proxy", "other.example")
    loopback_without_proxy()
    expected = "other.example,corp.example,10.0.0.0/8,localhost,127.0.0.1,::1"
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == expected
    loopback_without_proxy()
    assert os.environ["NO_PROXY"] == expected
    monkeypatch.setenv("NO_PROXY", "*")
    loopback_without_proxy()
    assert os.environ["NO_PROXY"] == "*"


def test_the_environment_is_as_it_was_afterwards(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "corp.example")
    for making in (without_proxies(), proxies_but_for("http://127.0.0.1:1")):
        with pytest.raises(ZeroDivisionError), making:
            assert os.environ["NO_PROXY"] != "corp.example"
            1 / 0  # noqa: B018
        assert os.environ["NO_PROXY"] == "corp.example" and "no_proxy" not in os.environ


@pytest.mark.parametrize(
    ("host", "here"),
    [
        *(
            (host, True)
            for host in (
                *HOSTS,
                "127.0.0.7",
                "LOCALHOST",
                "a.localhost",
                "[::1]",
                "[::]",
                "[::ffff:127.0.0.1]",
                "2130706433",
                "0",
            )
        ),
        *(
            (host, False)
            for host in ("10.0.0.1", "localhost.example", "127.0.0.1.example", "[fe80::1]", "1.1.1.1", "h", "128.0.0.1")
        ),
    ],
)
def test_this_machine_is_known_by_all_its_addresses(host, here):
    assert is_loopback(f"http://{host}:8000/v1") is here


# The app

NEEDS_GRADIO = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import gradio"], check=False, capture_output=True).returncode != 0,
    reason="the web app is not installed; pip install 'gsi-bench[space]'",
)


@NEEDS_GRADIO
@pytest.mark.parametrize("way", [4, 6])
def test_the_app_starts_and_answers_whatever_proxy_is_set(trap, way, tmp_path):
    import socket  # noqa: PLC0415

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "gsi_bench_dataset.cli.main", "space", "--masks", "grabcut", "--port", str(port)]
    log = (tmp_path / "log").open("w+")
    environment = {name: value for name, value in os.environ.items() if name.lower() not in VARIABLES} | ways(trap)[way]
    with subprocess.Popen(words, env=environment, stderr=log, stdout=log, cwd=tmp_path) as app:
        try:
            while app.poll() is None and "the app is at" not in (tmp_path / "log").read_text():
                time.sleep(0.2)
            assert app.poll() is None, (tmp_path / "log").read_text()
            assert b"GSI-Bench" in fetch(f"http://127.0.0.1:{port}/", most=2**24, seconds=30)
        finally:
            app.send_signal(signal.SIGINT)
    assert not trap.heads


@NEEDS_GRADIO
def test_the_spaces_own_file_starts_with_a_socks_proxy(tmp_path):
    code = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='not main'); print('there')"
    file = Path(__file__).parents[3] / "space_app/app.py"
    environment = os.environ | {"all_proxy": "socks5://127.0.0.1:9"}
    words = [sys.executable, "-c", code, str(file)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=100, cwd=tmp_path)
    assert done.stdout.strip() == "there", done.stderr
