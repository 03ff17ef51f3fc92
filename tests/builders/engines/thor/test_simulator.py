import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gsi_bench_builders.engine import EngineError
from gsi_bench_builders.engines.thor.unity.simulator import SimulatorGoneError

SCENE = "FloorPlan_Train2_1"


def gone(pid):
    """Whether a process has ended; one that nobody has asked after counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_scene_is_entered_and_drawn_at_its_size(simulator):
    unity = simulator()
    unity.load(SCENE, 96, 64, 90)
    reply = unity.step("Pass", draw=True)
    assert reply.ok and reply.metadata["sceneName"] == SCENE
    assert reply.event.frame.shape == (64, 96, 3) and reply.event.depth_frame.shape == (64, 96)
    assert (unity.planes, "FloorPlan430_physics" in unity.scenes) == ((0.1, 20.0), True)


def test_an_action_draws_nothing_unless_asked(simulator):
    unity = simulator()
    unity.load(SCENE, 96, 64, 90)
    assert unity.step("Pass").event.frame is None


def test_what_unity_refuses_is_an_answer_and_no_error(simulator):
    unity = simulator()
    unity.load(SCENE, 64, 64, 90)
    reply = unity.step("DisableObject", objectId="Mug|nowhere")
    assert (reply.ok, reply.message) == (False, "Cannot find object with id Mug|nowhere")


@pytest.mark.parametrize(("action", "arguments"), [("Fly", {}), ("DisableObject", {"name": "x"}), ("TeleportFull", {})])
def test_an_action_that_the_build_does_not_know_is_named(simulator, action, arguments):
    unity = simulator()
    unity.load(SCENE, 64, 64, 90)
    with pytest.raises(EngineError, match=f"refuses {action}") as caught:
        unity.step(action, **arguments)
    assert not isinstance(caught.value, SimulatorGoneError)
    assert unity.step("Pass").ok  # the same Unity goes on


def test_a_scene_that_the_build_lacks_is_named(simulator):
    with pytest.raises(EngineError, match="no scene FloorPlan999"):
        simulator().load("FloorPlan999", 64, 64, 90)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("crash", "killed by signal 9"),
        ("exit", "ended with status 1"),
        ("silent", "closed its pipe"),
        ("garbage", "says 99, which the client does not know"),
        ("other number", "Sequence id mismatch"),
        ("no metadata", "no metadata received"),
        ("small image", "message is broken"),
    ],
)
def test_a_lost_unity_is_noticed_at_once_and_replaced(simulator, trouble, said):
    unity = simulator({"action": "Pass", "scene": SCENE, "do": trouble}, step_timeout_s=60)
    unity.load(SCENE, 64, 64, 90)
    pid, start = unity.pid, time.monotonic()
    with pytest.raises(SimulatorGoneError, match=rf"(?s)scene {SCENE}, at Pass: .*{said}"):
        unity.step("Pass", draw=True)
    assert time.monotonic() - start < 5 and gone(pid)
    with pytest.raises(SimulatorGoneError, match="load it again"):
        unity.step("Pass")
    unity.load("FloorPlan401", 64, 64, 90)
    assert unity.step("Pass").ok and unity.pid != pid


@pytest.mark.parametrize("trouble", ["hang", "half", "trickle"])
def test_a_unity_that_does_not_answer_is_given_up_in_time(simulator, trouble):
    unity = simulator({"action": "Pass", "do": trouble}, step_timeout_s=1)
    unity.load(SCENE, 64, 64, 90)
    pid, start, cpu = unity.pid, time.monotonic(), time.process_time()
    with pytest.raises(SimulatorGoneError, match=r"does not answer within 1 s"):
        unity.step("Pass")
    assert 0.9 < time.monotonic() - start < 4 and gone(pid)
    assert time.process_time() - cpu < 0.5  # the client alone would spin


@pytest.mark.parametrize("where", ["Reset", "Initialize", "GetScenesInBuild", "ChangeResolution"])
def test_a_unity_that_dies_while_it_loads_is_named(simulator, where):
    unity = simulator((where, "crash"))
    with pytest.raises(EngineError, match="Unity does not start: Unity was killed by signal 9"):
        unity.load(SCENE, 64, 64, 90)


@pytest.mark.parametrize(
    ("trouble", "said"), [("crash", "killed by signal 9"), ("exit", "status 1"), ("hang", "does not answer")]
)
def test_a_unity_that_does_not_start_is_no_hang(simulator, trouble, said):
    unity = simulator(("start", trouble), start_timeout_s=1.5 if trouble == "hang" else 60)
    start = time.monotonic()
    with pytest.raises(EngineError, match=rf"(?s)does not start: .*{said}.*--check"):
        unity.start()
    assert time.monotonic() - start < 5 and unity.pid is None


def test_a_depth_format_that_the_client_lacks_is_named(simulator):
    with pytest.raises(EngineError, match="'Furlongs'"):
        simulator(depth_format="Furlongs").start()


@pytest.mark.parametrize("depth_format", ["Meters", "Normalized", "Millimeters"])
def test_every_depth_format_comes_out_in_metres(simulator, depth_format):
    unity = simulator(depth_format=depth_format)
    unity.load(SCENE, 64, 64, 90)
    depth = unity.step("Pass", draw=True).event.depth_frame
    # The wall is 3 m from where the agent starts; Unity's shader scales by (far - near) / far.
    assert depth[32, 32] == pytest.approx(2.985, abs=1e-3)


def test_a_unity_that_died_between_scenes_costs_none(simulator):
    unity = simulator()
    unity.load(SCENE, 64, 64, 90)
    os.kill(unity.pid, signal.SIGKILL)
    while not gone(unity.pid):
        time.sleep(0.01)
    unity.load("FloorPlan401", 64, 64, 90)
    assert unity.step("Pass").ok


def test_unity_ends_with_its_process(unity):
    # One that hangs: it would not notice that its pipes are closed.
    options = unity({"action": "Reset", "nth": 2, "do": "hang"})
    code = (
        "import sys; from gsi_bench_builders.engines.thor.options import options_from\n"
        "from gsi_bench_builders.engines.thor.unity.simulator import Simulator\n"
        "s = Simulator(options_from({'executable': sys.argv[1]})); s.start(); print(s.pid, flush=True)\n"
        "s.load('FloorPlan_Train1_1', 64, 64, 90)"
    )
    with subprocess.Popen([sys.executable, "-c", code, options.executable], stdout=subprocess.PIPE, text=True) as worker:
        pid = int(worker.stdout.readline())
        time.sleep(1)  # now it hangs
        assert not gone(pid) and worker.poll() is None
        worker.kill()  # as the time limit of a scene does
    for _ in range(100):
        if gone(pid):
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    pytest.fail(f"Unity {pid} is still there")


def test_an_interrupt_leaves_no_half_read_answer(simulator):
    unity = simulator({"action": "Pass", "do": "hang"}, step_timeout_s=60)
    unity.load(SCENE, 64, 64, 90)
    pid = unity.pid
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            unity.step("Pass")
    finally:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    assert gone(pid) and unity.pid is None


def test_two_unities_answer_their_own_client(simulator):
    one, two = simulator(), simulator()
    one.load("FloorPlan401", 64, 64, 90)
    two.load("FloorPlan402", 64, 64, 90)
    frames = [u.step("Pass", draw=True).event.frame for u in (one, two, one)]
    assert np.array_equal(frames[0], frames[2]) and not np.array_equal(frames[0], frames[1])
