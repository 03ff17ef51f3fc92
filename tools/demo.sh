#!/usr/bin/env bash
# The main job on the embedded data: import, three simple editors, scores, report. Each step is a command that users type.
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/demo
data=$out/GSI-Bench/GSI-Bench
recorded=tests/data/eval/recorded-editor
say() { printf '\n\033[1m$ gsi-bench %s\033[0m\n' "$*"; gsi-bench "$@"; }
rm -rf "$out"

say import tests/data/official/fine_dataset --split fine --origin demo --out $data
say baseline copy paste blur --data $data --split fine --out $out/eval
say detections $recorded/fine_eval/infer_cache.json --data $data --split fine \
    --predictions $recorded/generated_images_fine --out $out/detections.jsonl
say evaluate $recorded/generated_images_fine $out/eval/{copy,paste,blur}/generated_images_fine \
    --data $data --split fine --protocol official --detector recorded --detections $out/detections.jsonl \
    --judge recorded --judgements tests/data/judgements --out $out/run
say report $out/run --out $out --official-json $out/official

printf '\nOpen %s/report.html in a browser.\n' "$out"
