"""A cluster of two nodes on this machine, one of which is lost and comes again: python losing_nodes.py REPORT FOLDER

Runs until its input ends. REPORT says the address, and how many nodes were lost: one each time that scenes of the build below
FOLDER, then records of the scoring there, show that work is under way.
"""

import json
import sys
import threading
import time
from pathlib import Path

from ray.cluster_utils import Cluster

STORE = 80_000_000


def under_way(folder: Path) -> list[bool]:
    """Whether the build, and the scoring, have done some of their work."""
    scenes = list((folder / "ray" / ".GSI-Bench.work" / "mesatask").glob("scene-*.parquet"))
    records = list((folder / "ray" / "run" / "records").glob("*.jsonl"))
    return [bool(scenes), sum(file.stat().st_size for file in records) > 0]


def main() -> None:
    report, folder = Path(sys.argv[1]), Path(sys.argv[2])
    made = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False}
    )
    node = made.add_node(num_cpus=1, object_store_memory=STORE)
    lost = [False, False]

    def say() -> None:
        partial = report.with_suffix(".tmp")
        partial.write_text(json.dumps({"address": made.address, "lost": sum(lost)}))
        partial.replace(report)

    say()
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    while not over.is_set():
        for which, begun in enumerate(under_way(folder)):
            if begun and not lost[which]:
                made.remove_node(node, allow_graceful=False)
                lost[which] = True
                node = made.add_node(num_cpus=1, object_store_memory=STORE)
                say()
        time.sleep(0.1)
    made.shutdown()


if __name__ == "__main__":
    main()
