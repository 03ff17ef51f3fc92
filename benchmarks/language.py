"""How many sentences of the language tables are read right, refused, and read wrongly: `python benchmarks/language.py`.

A table (tests/dataset/language/sentences_*.tsv) has a sentence and its reading in each line, or the word for which it must be
refused. "Refused" counts sentences that are rightly refused, "refused in error" those that should have been read; "wrong" those
with any other reading than the table's, which must be none.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from gsi_bench_dataset.language.chinese import read_zh
from gsi_bench_dataset.language.english import read
from gsi_bench_dataset.language.reading import NotUnderstood
from gsi_bench_dataset.records import Operation

TABLES = Path(__file__).resolve().parents[1] / "tests/dataset/language"
READERS = {"en": read, "zh": read_zh}
REFUSED = "refused: "
KINDS = ("read right", "refused", "refused for another word", "refused in error", "wrong")


def table(language: str) -> list[tuple[str, str]]:
    """(sentence, reading) of a table."""
    lines = (TABLES / f"sentences_{language}.tsv").read_text(encoding="utf-8").splitlines()
    return [
        (sentence, reading) for line in lines if not line.startswith("#") for sentence, _, reading in [line.partition("\t")]
    ]


def reading_of(result: Operation | NotUnderstood) -> str:
    """A result as the tables write it.

    >>> reading_of(read("Move the cup 10 cm in front of the bowl."))
    'move front 0.1m of bowl'
    """
    if isinstance(result, NotUnderstood):
        return f"{REFUSED}{result.word}"
    words = [
        result.kind,
        result.direction,
        None if result.distance_m is None else f"{result.distance_m:g}m",
        None if result.angle_deg is None else f"{result.angle_deg:g}°",
        None if result.factor is None else f"{result.factor:g}",
        result.reference and f"of {result.reference}",
        result.receptacle and f"on {result.receptacle}",
        "(own axes)" if result.frame == "object" else None,
    ]
    return " ".join(word for word in words if word)


def verdict(found: str, wanted: str) -> str:
    """One of `KINDS`."""
    if found == wanted:
        return "refused" if wanted.startswith(REFUSED) else "read right"
    if found.startswith(REFUSED):
        return "refused for another word" if wanted.startswith(REFUSED) else "refused in error"
    return "wrong"


def main() -> None:
    """Prints the figures of both languages, and every sentence that is not as its table says."""
    for language, reader in READERS.items():
        rows = [(sentence, wanted, reading_of(reader(sentence))) for sentence, wanted in table(language)]
        counts = Counter(verdict(found, wanted) for _, wanted, found in rows)
        print(f"{language}: {len(rows)} sentences, " + ", ".join(f"{counts[kind]} {kind}" for kind in KINDS))
        for sentence, wanted, found in rows:
            if found != wanted:
                print(f"  {sentence}\n    expected {wanted}\n    found    {found}")


if __name__ == "__main__":
    main()
