"""What the reward pays for attacks, and whether it rises along the way.

    gsi-bench build mesatask --preset small --num-scenes 16 --edits-per-scene 3 --variants 3 --seed 1600 --out tables
    python benchmarks/reward_hacking.py tables-variants --limit 24

One line an attack: how many edits it was tried on, the mean and the highest reward, and how many earned over 0.05. Then one
line a grade, and how many of the steps from one grade to the next fall. With `--verbose` every attack that earned over 0.05.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict

import cv2
import torch

from gsi_bench_metric.reward.attacks import ATTACKS
from gsi_bench_metric.reward.hacking import LEAST_FALL, Paid, attacked, graded, steps, victims
from gsi_bench_metric.reward.spatial import SpatialReward

BAR = 0.05  # of the attacks that a reward must not pay for


def by_name(paid: list[Paid]) -> dict[str, list[Paid]]:
    found: dict[str, list[Paid]] = defaultdict(list)
    for one in paid:
        if one.rated.scored:
            found[one.name].append(one)
    return found


def line(name: str, paid: list[Paid], words: str) -> str:
    rewards = [one.rated.reward for one in paid]
    over = sum(worth > BAR for worth in rewards)
    return (
        f"{name:20} n {len(paid):3}  mean {sum(rewards) / len(paid):.3f}  max {max(rewards):.3f}  over {BAR} {over:3}  {words}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="a dataset of variants")
    parser.add_argument("--split", default="mesatask")
    parser.add_argument("--limit", type=int, help="edits, spread over the split (default: all)")
    parser.add_argument("--grades-only", action="store_true", help="no attacks")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    attacks, grades, unscored, began = [], [], {}, time.process_time()
    for victim in victims(args.data, args.split, args.limit):
        reward = SpatialReward([victim.sample])
        why = reward.unscored()
        unscored |= why
        if not why:
            attacks += [] if args.grades_only else attacked(reward, victim)
            grades += graded(reward, victim)
    for attack in () if args.grades_only else ATTACKS:
        paid = by_name(attacks).get(attack.name)
        if paid:
            print(line(attack.name, paid, attack.words + ("" if attack.barred else " (no bar)")))
    for name, paid in sorted(by_name(grades).items()):
        print(line(name, paid, "of the way"))
    gains = steps(grades)
    falls = [(name, grade, round(gain, 3)) for name, grade, gain in gains if gain < -LEAST_FALL]
    images, seconds = len(attacks) + len(grades), time.process_time() - began
    print(json.dumps({"steps": len(gains), "falls": falls, "risen_or_level": 1 - len(falls) / max(1, len(gains))}))
    edits = len({one.sample_id for one in grades})
    print(json.dumps({"edits": edits, "images": images, "core_seconds": round(seconds, 1)}))
    print(json.dumps({"unscored": unscored}, ensure_ascii=False))
    if args.verbose:
        for one in (*attacks, *grades):
            if (one in attacks and one.rated.reward > BAR) or (one.name == "grade100" and one.rated.reward < 0.8):
                print(one.name, one.sample_id, one.operation, one.rated)


if __name__ == "__main__":
    main()
