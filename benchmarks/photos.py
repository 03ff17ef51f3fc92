"""Turns recorded cases of photographs (boxes, cameras, truth) into pairs for `gsi-bench validate --photos`.

    python benchmarks/photos.py cases --chess chess --images checkouts --out pairs

`cases`: a folder of <id>.json, with <id>_source.* and <id>_edited.* beside them where they may be shared. `checkouts`: folders
<owner>+<name> of the repositories that the others are from, fetched by whoever measures. Images that are nowhere are left out:
their pairs say so. Nothing of this is part of the repository.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np
from PIL import Image

from gsi_bench_metric.geometry.poses import ground_axes

KINDS = {
    "rotated": "turned by a network",
    "removed": "removed",
    "ghost": "failed removal",
    "flash": "nothing done: flash",
    "hand-held": "nothing done: hand-held",
    "regenerated": "nothing done: re-generated",
    "move": "moved by a network",
    "scale": "scaled by a network",
}
# The car turned clockwise by about this and went its own width to the side: a turn in place it is not.
CAR_DEG = -105.0
CAR_ASKED = [
    {"name": "turn", "operation": "rotate", "turn_deg": CAR_DEG, "passes": False, "says": ["moved_too"]},
    {"name": "opposite", "operation": "rotate", "turn_deg": -CAR_DEG, "passes": False},
    {"name": "remove", "operation": "remove", "passes": False},
]
START = dict(zip("abcdefgh", "rnbqkbnr", strict=True))
CAPTURED = {"truth": {"done": "replaced"}, "kind": "captured by hand"}
UNTOUCHED = {"truth": {"done": "nothing"}, "kind": "nothing done: beside a move"}
NAMES = {"p": "pawn", "r": "rook", "n": "knight", "b": "bishop", "q": "queen", "k": "king"}


def main() -> None:
    """Writes one JSON a pair, and its images."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--chess", type=Path)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    (args.out / "images").mkdir(parents=True, exist_ok=True)
    pairs = [of_case(json.loads(path.read_text("utf-8")), path, args) for path in sorted(args.cases.glob("*.json"))]
    for folder in sorted(args.chess.glob("*.json")) if args.chess else ():
        pairs += of_game(json.loads(folder.read_text("utf-8")), folder.stem, args)
    for pair in pairs:
        (args.out / f"{pair['id']}.json").write_text(json.dumps(pair, indent=1) + "\n", "utf-8")
    here = sum((args.out / pair["source"]).exists() and (args.out / pair["edited"]).exists() for pair in pairs)
    print(f"{len(pairs)} pairs in {args.out}, {here} with images")


def of_case(case: dict, path: Path, args: argparse.Namespace) -> dict:
    """A pair of a recorded case."""
    repository, _, rest = case["repository"].partition("@")
    commit = rest.split()[0]
    kind, truth = truth_of(case)
    K = case["camera_intrinsics"]
    size = (round(2 * K[0][2]), round(2 * K[1][2]))
    names = {}
    for role in ("source", "edited"):
        found = sorted(path.parent.glob(f"{case['id']}_{role}.*")) or in_checkout(args.images, repository, case[f"{role}_file"])
        names[role] = brought(found[0] if found else None, args.out, f"{case['id']}-{role}", size)
    return {
        "id": case["id"],
        "kind": kind,
        **names,
        "name": case["name"],
        "box": case["original_bbox_3d"],
        "rotation": case["rotation_matrix"],
        "camera": {"intrinsics": K, "up": case["up"]},
        "truth": truth,
        **({"questions": CAR_ASKED} if truth["done"] == "turned" else {}),
        "licence": case["licence"],
        "origin": {
            "repository": repository,
            "commit": commit,
            "source": case["source_file"],
            "edited": case["edited_file"],
        },
    }


def truth_of(case: dict) -> tuple[str, dict]:
    """(kind, truth) from the words of a case."""
    words = case["truth"]
    kind = next(kind for mark, kind in KINDS.items() if mark in words)
    if words.startswith("nothing"):
        return kind, {"done": "nothing"}
    if words == "removed":
        return kind, {"done": "removed"}
    if words.startswith("ghost"):
        return kind, {"done": "repainted"}
    if words.startswith("scale"):
        least, most = map(float, words.split()[1].split("-"))
        return kind, {"done": "scaled", "factor": (least + most) / 2}
    if words.startswith("rotated"):
        return kind, {"done": "turned", "turn_deg": CAR_DEG}
    right, away = next(m["want"] for m in case["measured"] if m["want"])
    return kind, {"done": "moved", "step_m": [right / 100, away / 100, 0.0]}


def in_checkout(images: Path | None, repository: str, name: str) -> list[Path]:
    """Where a file of a repository lies: its path may be told from a folder of the repository on."""
    folder = None if images is None else images / repository.replace("/", "+")
    if folder is None or not folder.is_dir():
        return []
    return [path for path in sorted(folder.rglob(Path(name).name)) if path.as_posix().endswith(f"/{name}")]


def brought(path: Path | None, out: Path, name: str, size: tuple[int, int]) -> str:
    """Copies an image, at the size that the camera matrix means; its path in the folder, whether there is one or not."""
    if path is None:
        return f"images/{name}.png"
    target = out / "images" / f"{name}{path.suffix}"
    with Image.open(path) as image:
        if image.size == size:
            target.write_bytes(path.read_bytes())
        else:
            target = target.with_suffix(".png")
            image.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(target)
    return f"images/{target.name}"


def of_game(game: dict, name: str, args: argparse.Namespace) -> list[dict]:
    """Pairs of a game of chess: each piece that was moved, one that was captured, and one that nobody touched, a move."""
    repository, _, rest = game["repository"].partition("@")
    commit, folder = rest.split()
    size = tuple(map(int, game["picture"].split("x")))
    board = {f"{file}{rank}": START[file] if rank in "18" else "p" for file in "abcdefgh" for rank in "1278"}
    stem = folder.rsplit("/", 1)[-1].removesuffix("mati")
    frames = [f"{folder}/{stem}start.jpg", *(f"{folder}/{stem}hamle{n}.jpg" for n in range(1, len(game["moves"]) + 1))]
    pairs = []
    for number, move in enumerate(game["moves"]):
        start, end = move[:2], move[2:4]
        known = {"truth": {"done": "moved", "step_m": step(game, start, end)}, "kind": "moved by hand"}
        asked = [(f"{move}-moved", start, known)]
        if end in board:
            asked.append((f"{move}-captured", end, CAPTURED))
        still = next(square for square in ("a2", "h2", "a7", "h7") if square not in (start, end))
        asked.append(
            (f"{move}-{still}-untouched", still, {"truth": {"done": "nothing"}, "kind": "nothing done: beside a move"})
        )
        shown = [in_checkout(args.images, repository, frame) for frame in frames[number : number + 2]]
        files = [
            brought(found[0] if found else None, args.out, f"chess-{name}-{number + k}", size) for k, found in enumerate(shown)
        ]
        origin = {"repository": repository, "commit": commit, "source": frames[number], "edited": frames[number + 1]}
        for what, square, truth in asked:
            pairs.append(
                {
                    "id": f"chess-{name}-{number + 1}-{what}",
                    "source": files[0],
                    "edited": files[1],
                    "name": NAMES[board[square]],
                    **standing(game, square, board[square]),
                    **truth,
                    "licence": game["licence"],
                    "origin": origin,
                }
            )
        board[end] = board.pop(start)
    return pairs


def standing(game: dict, square: str, piece: str) -> dict:
    """Box, rotation and camera of a piece on a square."""
    turn = np.array(game["board_to_camera_rotation"])
    width, height = game["piece_sizes_m_assumed"][piece]
    centre = turn @ [*spot(game, square), height / 2] + game["board_to_camera_translation_m"]
    up = turn[:, 2]
    right, away = ground_axes(up)
    rotation = np.stack([right, -up, away], axis=1)
    yaw = math.atan2(rotation[0, 2], rotation[2, 2])
    return {
        "box": [*centre.tolist(), width, height, width, yaw],
        "rotation": rotation.tolist(),
        "camera": {"intrinsics": game["K"], "up": up.tolist()},
    }


def spot(game: dict, square: str) -> list[float]:
    """The middle of a square on the board, metres."""
    side = game["square_m_assumed"]
    return [side * (ord(square[0]) - ord("a") + 0.5), side * (int(square[1]) - 0.5)]


def step(game: dict, start: str, end: str) -> list[float]:
    """The way from square to square: right and away as the camera sees it, metres."""
    turn = np.array(game["board_to_camera_rotation"])
    way = turn[:, :2] @ (np.array(spot(game, end)) - spot(game, start))
    right, away = ground_axes(turn[:, 2])
    return [round(float(way @ right), 5), round(float(way @ away), 5), 0.0]


if __name__ == "__main__":
    main()
