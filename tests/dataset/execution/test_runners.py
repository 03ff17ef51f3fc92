"""Which runner is meant, what it must have, the cluster that it joins: what is wrong is said in time."""

import importlib.util
import os
import socket
import threading
import time

import pytest

from gsi_bench_dataset.cli.main import build_parser, main
from gsi_bench_dataset.cli.runner_options import runner_of
from gsi_bench_dataset.execution import ray_cluster
from gsi_bench_dataset.execution.attempts import WorkerError
from gsi_bench_dataset.execution.ray_actor import Worker, setup_here
from gsi_bench_dataset.execution.ray_workers import _how
from gsi_bench_dataset.execution.runners import LOCAL, Runner, RunnerError, run_tasks

COMMANDS = {
    "build": ["build", "mesatask", "--out", "new"],
    "evaluate": ["evaluate", "x", "--data", "d", "--split", "fine", "--out", "new"],
    "validate": ["validate", "--data", "d", "--split", "fine", "--out", "new"],
    "generate": ["generate", "--editor", "json:dumps", "--data", "d", "--split", "fine", "--out", "new"],
    "reproduce": ["reproduce", "bagel", "--bundle", "b", "--out", "new"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_with_workers_takes_a_runner(name):
    args = build_parser().parse_args([*COMMANDS[name], "--runner", "ray", "--workers", "3"])
    assert (runner_of(args).name, args.workers) == ("ray", 3)
    assert runner_of(build_parser().parse_args(COMMANDS[name])) == LOCAL


@pytest.mark.parametrize("name", COMMANDS)
def test_without_ray_the_command_to_install_it_is_named(name, monkeypatch, tmp_path, capsys):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "ray" else found(name, *more))
    monkeypatch.chdir(tmp_path)
    words = [*COMMANDS[name], "--runner", "ray"]
    if name in ("evaluate", "validate", "generate"):
        assert main(words) == 2
        said = capsys.readouterr().err
        assert "Traceback" not in said and 'pip install "gsi-bench[ray]"' in said
    with pytest.raises(RunnerError, match=r'pip install "gsi-bench\[ray\]"'):
        runner_of(build_parser().parse_args(words))


@pytest.mark.parametrize(
    ("runner", "words"),
    [
        (Runner("slurm"), "expected one of local, ray"),
        (Runner("local", 1), "--gpus-per-worker belongs to --runner ray"),
        (Runner("ray", 1.5), "expected a whole number"),
        (Runner("ray", -1), "expected a whole number"),
        (Runner("ray", float("nan")), "expected a whole number"),
    ],
)
def test_options_that_cannot_be_are_named(runner, words):
    with pytest.raises(RunnerError, match=words):
        run_tasks([1], list, runner=runner)


@pytest.mark.parametrize(
    ("device", "asked", "gpus"), [("cpu", None, 0), ("CUDA", None, 1), ("OPTIX", 0.5, 0.5), (None, 2, 2), (None, None, 0)]
)
def test_a_worker_has_a_gpu_where_it_computes_on_one(device, asked, gpus):
    assert Runner("ray", asked).for_device(device).gpus_per_worker == gpus


@pytest.mark.parametrize(("device", "words"), [("cpu", "use no GPU"), ("cuda:1", "say --device cuda")])
def test_gpus_and_a_device_that_contradict_are_refused(device, words):
    with pytest.raises(RunnerError, match=words):
        Runner("ray", 1).for_device(device)


# The address


@pytest.fixture
def silent():
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("address", ["127.0.0.1:9", "192.0.2.77:6379", "[::1]:9", "no-such-host.invalid:6379"])
def test_a_dead_address_is_an_error_within_5_s(address):
    began = time.monotonic()
    with pytest.raises(RunnerError, match=r"RAY_ADDRESS=.*nobody answers there"):
        ray_cluster._join(address)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("address", ["nonsense", "host:", ":6379", "host:0", "host:70000", "a:٣", "\0:1"])
def test_an_address_of_another_form_is_refused(address):
    with pytest.raises(RunnerError, match="RAY_ADDRESS"):
        ray_cluster._join(address)


def test_an_address_of_rays_client_is_told_apart():
    with pytest.raises(RunnerError, match="run it on a node of the cluster"):
        ray_cluster._join("ray://10.0.0.1:10001")


def test_a_port_that_is_not_rays_is_named_in_time(silent, monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.setattr(ray_cluster, "_ANSWERS_S", 3.0)
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    began = time.monotonic()
    with pytest.raises(RunnerError, match=r"did not answer as Ray within 3 s.*RAY_AUTH_MODE=token"):
        ray_cluster._join(silent)
    assert time.monotonic() - began < 10


def test_a_running_cluster_answers_and_leaves_sigterm_alone(ray_cluster):
    assert ray_cluster.answers() and ray_cluster.room() == 5
    with pytest.raises(RunnerError, match="Ray finds 0 GPUs on this machine") as caught:
        ray_cluster.require_gpus(1)
    assert "RAY_ADDRESS" in str(caught.value)


# A node that is not as the command's machine


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"versions": {"numpy": "0.1"}}, r"other versions are installed: numpy .* \(the command: 0.1\)"),
        ({"versions": {"gsi-bench": "0"}}, "other versions are installed: gsi-bench"),
        ({"folder": "/no/such/folder"}, "keep --out and the data, in a folder that all nodes see"),
    ],
)
def test_a_node_that_differs_says_what_to_do(change, words, monkeypatch):
    monkeypatch.setattr(os, "environ", dict(os.environ))
    ready = Worker(setup_here()._replace(**change)).ready()
    assert ready.problem is not None
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(ready.problem)
    assert Worker(setup_here()).ready().problem is None


class DiedError(Exception):
    """Stands for Ray's errors of dead workers."""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Worker exits with an exit code 5.", "exit code 5"),
        ("The actor died because its node has died. Node Id: 12", "its node was lost"),
        ("Worker exit detail: connection error. Some common causes: --x to prevent node deaths", "SIGKILL"),
    ],
)
def test_how_a_worker_ended_is_said_as_far_as_ray_knows(text, words):
    assert words in _how(DiedError(text), None)


def unloadable():
    return lambda task: [threading.Lock()]


@pytest.mark.slow
def test_a_cluster_that_is_lost_is_an_error_of_ours(ray_cluster, monkeypatch):
    monkeypatch.setattr(type(ray_cluster), "answers", lambda _: False)
    monkeypatch.setattr("gsi_bench_dataset.execution.ray_workers._LOOK_S", 0.2)
    with pytest.raises(RunnerError, match="does not answer any more"):
        list(run_tasks([1], sleepy, runner=Runner("ray")))


def sleepy():
    def work(task):
        time.sleep(30)
        yield task

    return work


@pytest.mark.slow
def test_a_result_that_no_pickle_takes_is_an_error_on_ray(ray_cluster):
    with pytest.raises((TypeError, WorkerError), match="pickle"):
        list(run_tasks([1], unloadable, runner=Runner("ray")))
