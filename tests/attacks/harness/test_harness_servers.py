"""Commands against servers that misbehave: one line that names it, in time, and never the key."""

from __future__ import annotations

import os
import time

import pytest
from hostile.commands import isolated, sound_inputs
from hostile.harness import Attack, Outcome, Tally, command
from hostile.server import BEHAVIOURS, serving
from huggingface_hub import constants

from gsi_bench_dataset.remote import limits

KEY = "hf_secretsecretsecret"
# Of these limits on time decide, which are made short here.
SLOW = ("drip", "endless", "429 for a year")
NOT_SLOW = tuple(name for name in BEHAVIOURS if name not in SLOW)


def ask(behaviour, words, patch):
    """One command against such a server; a key in what it says is a finding."""
    with serving(behaviour) as server, patch.context() as p:
        p.setattr(limits, "REPLY_SECONDS", 3.0)
        p.setattr(constants, "ENDPOINT", server.url)
        p.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.url + "/{repo_id}/resolve/{revision}/{filename}")
        p.setitem(os.environ, "HF_TOKEN", KEY)
        p.setitem(os.environ, "OPENAI_API_KEY", KEY)
        ended = command([word.replace("{url}", server.url) for word in words])
    if KEY in ended.words:
        return Outcome("", "altered", f"tells the key: {ended.words!r:.300}")
    return ended


def attacks(behaviours, inputs, patch, folder):
    data = inputs["data"]
    generate = ["generate", "--editor", "openai", "--model", "m", "--base-url", "{url}/v1", "--data", data, "--split", "fine"]
    asked = {
        "import": ["import", "a/b", "--split", "fine", "--out", "new"],
        "pull": ["pull", "a/b", "new"],
        "info": ["info", "a/b"],
        "push": ["push", data, "a/b", "--dry-run"],
        "generate": [*generate, "--out", "made", "--timeout", "3", "--quiet"],
    }
    for behaviour in behaviours:
        for name, words in asked.items():
            place = [word if word not in ("new", "made") else str(folder / f"{word} {name} {behaviour}") for word in words]
            run = lambda b=behaviour, w=place: ask(b, w, patch)  # noqa: E731
            # An endpoint is tried several times an edit, each within its own time.
            yield Attack(f"{name}, server: {behaviour}", run, seconds=90 if name == "generate" else 20)


def test_commands_name_servers_that_misbehave(tmp_path, monkeypatch):
    with isolated(tmp_path):
        inputs = sound_inputs(tmp_path)
        Tally("servers").try_all(attacks(NOT_SLOW, inputs, monkeypatch, tmp_path)).require_clean(least=100)


@pytest.mark.slow
def test_commands_do_not_wait_forever_for_a_server(tmp_path, monkeypatch):
    with isolated(tmp_path):
        began, inputs = time.monotonic(), sound_inputs(tmp_path)
        Tally("slow servers").try_all(attacks(SLOW, inputs, monkeypatch, tmp_path)).require_clean(least=10)
        assert time.monotonic() - began < 300
