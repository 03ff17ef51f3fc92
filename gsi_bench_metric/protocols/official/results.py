"""The reference's result files and tables, made from scores: per-mode results, their means, and the gated summary.

A result set is what the reference keeps of one editor on one split: `{"<img_id>_<query_id>": {...}}` for each of its three
modes. Names of files and keys are the reference's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from gsi_bench_dataset.records import Score

__all__ = [
    "MODES",
    "Results",
    "ac_index",
    "gated_rows",
    "mode_stats",
    "result_key",
    "results_from_scores",
    "summarise",
    "summary_tables",
]

MODES = ("instruction-compliance", "spatial-accuracy", "edit-locality")
Results = Mapping[str, Mapping[str, Mapping[str, Any]]]  # mode -> result key -> values


def result_key(sample_id: str) -> str:
    """The reference's name of an edit in its results: `<img_id>_<query_id>`.

    Ambiguous for ids such as a_1_edit_2 and a_edit_1_2 (quirk 74): planning refuses those.
    """
    image, _, query = sample_id.rpartition("_edit_")
    return f"{image}_{query}"


def results_from_scores(scores: Iterable[Score]) -> dict[str, dict[str, dict[str, Any]]]:
    """The three result sets of one editor's scores; what was not scored is left out of its mode."""
    results: dict[str, dict[str, dict[str, Any]]] = {mode: {} for mode in MODES}
    for score in scores:
        key = result_key(score.sample_id)
        if score.ic is not None and score.sa is not None:
            results["instruction-compliance"][key] = {"operation": score.operation, "compliance": score.ic}
            results["spatial-accuracy"][key] = {"operation": score.operation, "edit_score": score.sa}
        if score.ssim is not None and score.lpips is not None:
            locality = {"operation": score.operation, "ssim": score.ssim, "lpips": score.lpips, "mse": score.mse}
            results["edit-locality"][key] = locality
    return results


def mode_stats(results: Results) -> dict[str, dict[str, Any]]:
    """The reference's `<mode>_eval_stats.json` of each mode: plain means, no gating (quirk 93); an empty run gives 0.0."""
    ic = _by_operation(results["instruction-compliance"], "compliance")
    sa = _by_operation(results["spatial-accuracy"], "edit_score")
    ssim = _by_operation(results["edit-locality"], "ssim")
    lpips = _by_operation(results["edit-locality"], "lpips")
    return {
        "instruction-compliance": {
            "operation_success_rate": {op: {"rate": _mean(v), "count": len(v)} for op, v in ic.items()},
            "overall_success_rate": _mean(_flat(ic)),
            "overall_total_count": len(_flat(ic)),
        },
        "spatial-accuracy": {
            "operation_mean_score": {op: _mean(v) for op, v in sa.items()},
            "overall_mean_score": _mean(_flat(sa)),
        },
        "edit-locality": {
            "operation_mean_ssim": {op: _mean(v) for op, v in ssim.items()},
            "operation_mean_lpips": {op: _mean(v) for op, v in lpips.items()},
            "overall_mean_ssim": _mean(_flat(ssim)),
            "overall_mean_lpips": _mean(_flat(lpips)),
        },
    }


def ac_index(key: str, known: Mapping[str, Any]) -> str | None:
    """The judgement index that belongs to a result key, None if there is none.

    The reference rebuilds it from the part after the last "_", so query ids with "_" find nothing (quirk 89).
    """
    query = key.rsplit("_", 1)[-1]
    base = key[: len(key) - len(query)] + f"edit_{query}"
    return next((base + suffix for suffix in ("", ".jpg", ".png") if base + suffix in known), None)


def gated_rows(results: Results, ac_scores: Mapping[str, float | None] | None) -> dict[str, dict[str, float]]:
    """What every edit adds to the summary, all on 0–100, by result key: ic, sa, el_ssim, el_lpips, ac, average.

    IC > 0 keeps EL and AC, else they count 0 (SA stays, quirk 83); an AC of 0, missing or unreadable makes all of the edit 0
    (quirk 82). `average` = (IC + SA + EL_lpips + AC) / 4; SSIM has no weight (quirk 92). Without a judge (`ac_scores` None)
    there is no ac, it zeroes nothing, and the average of the other three is `average_ic_sa_el`; the reference has no such row.

    Raises:
        ValueError: when SA lacks a key that IC has.
    """
    compliance, accuracy = results["instruction-compliance"], results["spatial-accuracy"]
    lacking = sorted(set(compliance) - set(accuracy))
    if lacking:
        raise ValueError(
            f"spatial-accuracy results lack {len(lacking)} edit(s) that instruction-compliance has: {lacking[:10]}"
        )
    return {key: _with_average(_gated(key, results, ac_scores), ac_scores is not None) for key in compliance}


def summarise(rows: Iterable[Mapping[str, float]]) -> dict[str, float] | None:
    """Means of gated rows. None without rows."""
    rows = list(rows)
    return {name: _mean([row[name] for row in rows]) for name in rows[0]} if rows else None


def _with_average(row: dict[str, float], judged: bool) -> dict[str, float]:
    others = row["ic"] + row["sa"] + row["el_lpips"]
    if judged:
        return row | {"average": (others + row["ac"]) / 4}
    return {name: value for name, value in row.items() if name != "ac"} | {"average_ic_sa_el": others / 3}


def _gated(key: str, results: Results, ac_scores: Mapping[str, float | None] | None) -> dict[str, float]:
    ic = 100 * results["instruction-compliance"][key]["compliance"]
    sa = 100 * results["spatial-accuracy"][key]["edit_score"]
    nothing = {"el_ssim": 0.0, "el_lpips": 0.0, "ac": 0.0}
    if not ic > 0:
        return {"ic": ic, "sa": sa, **nothing}
    ac = 0.0
    if ac_scores is not None:
        index = ac_index(key, ac_scores)
        score = ac_scores[index] if index is not None else None
        ac = 10 * score if score else 0.0
        if ac == 0:
            return {"ic": 0.0, "sa": 0.0, **nothing}
    locality = results["edit-locality"].get(key)
    if locality is None:
        return {"ic": ic, "sa": sa, "el_ssim": 0.0, "el_lpips": 0.0, "ac": ac}
    return {"ic": ic, "sa": sa, "el_ssim": 100 * locality["ssim"], "el_lpips": 100 - 100 * locality["lpips"], "ac": ac}


def summary_tables(rows: Mapping[tuple[str, str], Mapping[str, float]]) -> dict[str, dict[str, dict[str, Any]]]:
    """The reference's `EVAL_output_*.json` by file stem, from (split, editor) -> the row of `summarise`."""
    tables: dict[str, dict[str, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    for (split, editor), row in rows.items():
        name = editor.replace("_", "")  # the reference drops underscores from model names (quirk 96)
        locality = {"ssim": row["el_ssim"], "lpips": row["el_lpips"]}
        values = {
            "instruction_compliance": row["ic"],
            "spatial_accuracy": row["sa"],
            "edit_locality": locality,
            "ac": row["ac"],
            "average": row["average"],
        }
        for table, value in values.items():
            tables[f"EVAL_output_{table}"][split][name] = value
        tables["EVAL_output_summary"][split][name] = values
    return {name: {split: dict(models) for split, models in table.items()} for name, table in tables.items()}


def _by_operation(results: Mapping[str, Mapping[str, Any]], value: str) -> dict[str, list[float]]:
    grouped: dict[str, list[float]] = defaultdict(list)
    for entry in results.values():
        grouped[entry["operation"]].append(entry[value])
    return dict(grouped)


def _flat(grouped: Mapping[str, list[float]]) -> list[float]:
    return [value for values in grouped.values() for value in values]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
