"""Names of splits that can be built, as `gsi-bench build` takes them: a new one is a module of its own and a line here."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
from typing import TYPE_CHECKING, Any, Protocol, cast

from gsi_bench_builders.edits.registry import PHOTO_OPERATIONS, ROOM_OPERATIONS, TABLE_OPERATIONS
from gsi_bench_dataset.records import SPLITS
from gsi_bench_dataset.safety.names import printable

if TYPE_CHECKING:
    from gsi_bench_builders.production.scene_work import SceneSource

__all__ = ["RECIPES", "Recipe", "RecipeEntry", "RecipeError", "recipe"]


class RecipeError(ValueError):
    """A split that cannot be built."""


class Recipe(Protocol):
    """What a recipe's module must have. It is imported to print help: what is heavy is imported in `source` alone."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Adds the options that this recipe alone has; their names must be its own."""

    def problems(self, args: argparse.Namespace) -> list[str]:
        """Why its options do not go together; empty where they do."""

    # Where it depends on the options what draws, also: def engine(self, args) -> str
    # Where its own options go with `all`, also: def within_all(self, args) -> dict, the options that it is built with then

    def source(self, args: argparse.Namespace) -> tuple[SceneSource, int]:
        """Where its scenes come from, and how many to make of it.

        Raises:
            ValueError: of this project; the source does not have what is asked of it.
        """


@dataclasses.dataclass(frozen=True)
class RecipeEntry:
    """A recipe.

    Attributes:
        module: see `Recipe`.
        engine: that draws its scenes unless another one is asked for, by its name in `engines.registry`.
        also: other engines that can.
        setting: what its scenes are, by its name in `edits.base.SETTINGS`: ranges and limits of edits.
        operations: that it has by default, of `edits.registry.OPERATIONS`.
        goals_only: see `SceneJob`.
    """

    module: str
    engine: str = "blender"
    also: tuple[str, ...] = ()
    setting: str = "table"
    operations: tuple[str, ...] = TABLE_OPERATIONS
    goals_only: bool = False


RECIPES: dict[str, RecipeEntry] = {
    "fine": RecipeEntry(
        "gsi_bench_builders.recipes.fine_options",
        engine="photographs",
        also=("blender",),
        setting="photo",
        operations=PHOTO_OPERATIONS,
        goals_only=True,
    ),
    "mesatask": RecipeEntry("gsi_bench_builders.recipes.mesatask_options"),
    "bathroom": RecipeEntry(
        "gsi_bench_builders.recipes.bathroom_options", also=("thor",), setting="room", operations=ROOM_OPERATIONS
    ),
    "robothor": RecipeEntry(
        "gsi_bench_builders.recipes.robothor_options", also=("thor",), setting="room", operations=ROOM_OPERATIONS
    ),
}


def recipe(split: str) -> Recipe:
    """The recipe of a split.

    Raises:
        RecipeError: there is none, or not yet.
    """
    there = f"can be built: {', '.join(RECIPES)}"
    if split not in RECIPES:
        problem = f"split {split!r} cannot be built yet" if split in SPLITS else f"no recipe for a split {printable(split)}"
        raise RecipeError(f"{problem} (docs/status.md says what is done); {there}")
    module: Any = importlib.import_module(RECIPES[split].module)
    return cast(Recipe, module)
