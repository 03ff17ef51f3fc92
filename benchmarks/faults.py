"""Faults injected into work on a Ray cluster, and what is lost or doubled by them: python benchmarks/faults.py [--kinds …]

Each task keeps one record, as scoring does, and gives one result. After all faults of a kind every task must have a result
and exactly one record. The table says how many faults were injected, how often results were given again, and what was lost or
doubled.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gsi_bench_dataset.execution.runners import Runner, RunnerError, run_tasks
from gsi_bench_dataset.storage.record_store import RecordStore, digest

# Kind -> faults of it: 60 in all.
KINDS = {"worker killed": 24, "node removed": 12, "store full": 8, "head stopped or killed": 8, "driver killed": 8}
STORE = 80_000_000  # bytes: about the least that Ray takes
RAY = Runner("ray")


def start(folder: Path, pause: float, ballast: int) -> Callable[[int], Iterator[tuple[int, int, bytes]]]:
    """A worker's function: keeps a record of each task, and gives (task, process, bytes)."""
    records = RecordStore(folder / "records")

    def work(task: int) -> Iterator[tuple[int, int, bytes]]:
        records.refresh()
        key = digest("task", task)
        if records.get("work", key) is None:
            time.sleep(pause)
            records.append([("work", key, {"task": task, "by": os.getpid()})])
            records.sync()
        yield task, os.getpid(), os.urandom(ballast)

    return work


def begun(folder: Path, count: int, pause: float, ballast: int = 0, **more: Any) -> Iterator[tuple[int, int, bytes]]:
    """The results of `count` tasks, from two workers."""
    # Workers import the function: those of a script itself cannot be sent.
    function = importlib.import_module(Path(__file__).stem).start
    return run_tasks(
        range(count), functools.partial(function, folder, pause, ballast), runner=RAY, workers=2, attempts=3, **more
    )


def account(folder: Path, count: int, found: Counter[int], faults: int) -> dict[str, int]:
    """What came of it."""
    lines = [json.loads(line)["value"]["task"] for file in (folder / "records").glob("*.jsonl") for line in file.open()]
    kept = Counter(lines)
    return {
        "faults": faults,
        "tasks": count,
        "lost": sum(not found[task] or not kept[task] for task in range(count)),
        "doubled": sum(number > 1 for number in kept.values()),
        "given again": sum(number - 1 for number in found.values()),
    }


def worker_killed(folder: Path, faults: int) -> dict[str, int]:
    """Workers are killed while they work."""
    count, killed, chance = 5 * faults + 10, 0, random.Random(1)
    found: Counter[int] = Counter()
    for number, (task, pid, _) in enumerate(begun(folder, count, 0.1)):
        found[task] += 1
        if number % 5 == 3 and killed < faults:
            time.sleep(chance.uniform(0, 0.1))
            os.kill(pid, signal.SIGKILL)
            killed += 1
    return account(folder, count, found, killed)


def node_removed(folder: Path, faults: int) -> dict[str, int]:
    """One of two nodes is lost without warning, and another one comes."""
    made, node = two_nodes()
    count, removed = 16 * faults, 0
    found: Counter[int] = Counter()
    for number, (task, _, _) in enumerate(begun(folder, count, 0.3)):
        found[task] += 1
        if number % 15 == 8 and removed < faults:
            made.remove_node(node, allow_graceful=False)
            removed += 1
            node = made.add_node(num_cpus=1, object_store_memory=STORE)
    return account(folder, count, found, removed)


def two_nodes(**system: Any) -> tuple[Any, Any]:
    """A cluster of two nodes on this machine, for RAY_ADDRESS, and the node that is not its head."""
    from ray.cluster_utils import Cluster  # noqa: PLC0415 - seconds

    head = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False} | system
    made = Cluster(initialize_head=True, head_node_args=head)
    os.environ["RAY_ADDRESS"] = made.address
    return made, made.add_node(num_cpus=1, object_store_memory=STORE)


def store_full(folder: Path, faults: int) -> dict[str, int]:
    """The object store, which may not spill to the disk, is filled by others when results of 12 MB arrive."""
    made, _ = two_nodes(_system_config={"automatic_object_spilling_enabled": False})
    import ray  # noqa: PLC0415 - seconds

    from gsi_bench_dataset.execution.ray_cluster import cluster  # noqa: PLC0415

    cluster()
    count, filled = 6 * faults, 0
    found: Counter[int] = Counter()
    held: list[Any] = []
    for number, (task, _, _) in enumerate(begun(folder, count, 0.1, 12_000_000)):
        found[task] += 1
        if held:
            held.clear()
        elif number % 6 == 2 and filled < faults:
            held += _filling(ray)
            filled += 1
    assert made is not None
    return account(folder, count, found, filled)


def _filling(ray: Any) -> list[Any]:
    held = []
    try:
        while len(held) < 40:
            held.append(ray.put(os.urandom(3_000_000)))
    except ray.exceptions.ObjectStoreFullError:
        pass
    return held


def head_lost(folder: Path, faults: int) -> dict[str, int]:
    """The head's process stands still for some seconds, or is killed; then the same work goes on, on another cluster."""
    count, done = 12 * faults, 0
    found: Counter[int] = Counter()
    while done < faults or len(found) < count:
        words = [sys.executable, __file__, "--child", "head", str(folder), str(count), str(done)]
        child = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
        report = json.loads(child.stdout.splitlines()[-1]) if child.stdout.strip() else {"found": [], "injected": 1}
        print(f"  head: {report.get('end', child.returncode)}", file=sys.stderr)
        found.update(report["found"])
        done += report["injected"]
        if not report["injected"]:
            break
    return account(folder, count, found, done)


def head_child(folder: Path, count: int, done: int) -> dict[str, Any]:
    """One run on a cluster of its own, with one fault."""
    made, _ = two_nodes()
    (gcs,) = made.head_node.all_processes["gcs_server"]
    found: list[int] = []
    injected = 0
    try:
        for number, (task, _, _) in enumerate(begun(folder, count, 1.0)):
            found.append(task)
            if number == 8 and done < KINDS["head stopped or killed"]:
                injected = 1
                os.kill(gcs.process.pid, signal.SIGSTOP if done % 2 else signal.SIGKILL)
                if done % 2:
                    time.sleep(5)
                    os.kill(gcs.process.pid, signal.SIGCONT)
        return {"found": found, "injected": injected, "end": "all done"}
    except RunnerError as error:
        return {"found": found, "injected": injected, "end": str(error)}


def driver_killed(folder: Path, faults: int) -> dict[str, int]:
    """The command is killed, and given again."""
    count, killed, chance = 12 * faults, 0, random.Random(5)
    found: Counter[int] = Counter()
    while True:
        words = [sys.executable, __file__, "--child", "driver", str(folder), str(count), "0"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
            assert child.stdout is not None
            stop = chance.randrange(3, 9) if killed < faults else count + 1
            for number, line in enumerate(child.stdout, 1):
                found[int(line)] += 1
                if number == stop:
                    child.kill()
                    killed += 1
                    break
        if child.returncode == 0:
            return account(folder, count, found, killed)


RUNS = dict(zip(KINDS, (worker_killed, node_removed, store_full, head_lost, driver_killed), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="+", choices=tuple(KINDS), default=tuple(KINDS))
    parser.add_argument("--one", choices=tuple(KINDS), help=argparse.SUPPRESS)
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    os.environ["RAY_AUTH_MODE"] = "disabled"
    if args.child:
        kind, folder, count, done = args.child
        if kind == "head":
            print(json.dumps(head_child(Path(folder), int(count), int(done))), flush=True)
        else:
            for task, _, _ in begun(Path(folder), int(count), 0.2):
                print(task, flush=True)
        return
    if args.one:
        with tempfile.TemporaryDirectory(prefix="faults-") as folder:
            print(json.dumps(RUNS[args.one](Path(folder), KINDS[args.one])), flush=True)
        return
    total: Counter[str] = Counter()
    print("| fault | injected | tasks | lost | doubled | results given again |\n| --- | ---: | ---: | ---: | ---: | ---: |")
    for kind in args.kinds:
        began = time.monotonic()
        words = [sys.executable, __file__, "--one", kind]
        found = subprocess.run(words, stdout=subprocess.PIPE, text=True, timeout=3600, check=True)
        row = json.loads(found.stdout.splitlines()[-1])
        total.update(row)
        print(f"| {kind} | {' | '.join(map(str, row.values()))} |   ({time.monotonic() - began:.0f} s)", flush=True)
    print(f"| all | {' | '.join(map(str, total.values()))} |")


if __name__ == "__main__":
    main()
