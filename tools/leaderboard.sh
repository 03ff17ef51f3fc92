#!/usr/bin/env bash
# A leaderboard of six editors on twelve tables that the package makes: enough scenes for intervals and ranks (some minutes).
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-build/leaderboard}
data=$out/data
say() { printf '\n\033[1m$ gsi-bench %s\033[0m\n' "$*"; gsi-bench "$@"; }
rm -rf "$out"

say build mesatask --num-scenes 12 --edits-per-scene 5 --preset small --seed 0 --out "$data"
say baseline after copy paste blur --data "$data" --split mesatask --out "$out/eval"
for editor in half most; do
    PYTHONPATH=tools${PYTHONPATH:+:$PYTHONPATH} say generate --editor parametric_editors:$editor --name $editor --data "$data" \
        --split mesatask --out "$out/eval"
done
for editor in after copy paste blur half most; do
    say evaluate "$out/eval/$editor/generated_images_mesatask" --data "$data" --split mesatask --out "$out/runs/$editor"
done
say evaluate "$out"/eval/{after,copy,paste,blur,half,most}/generated_images_mesatask --data "$data" --split mesatask \
    --protocol official --out "$out/runs/official"
say leaderboard "$out"/runs/* --out "$out/site"
printf '\nOpen %s in a browser.\n' "$out/site/index.html"
