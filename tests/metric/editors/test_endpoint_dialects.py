"""Endpoints that do not take every option: it is left out once it is refused by name, which is said and kept."""

import base64
import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from edit_stand_in import form_of
from PIL import Image

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.records import EncodedImage
from gsi_bench_dataset.storage.shards import write_dataset

pytest.importorskip("openai", reason="the client is not here; pip install 'gsi-bench[editors]'")

FORMS = {
    "openai": lambda name: (400, {"error": {"message": "no", "param": name, "code": "unknown_parameter"}}),
    "pydantic": lambda name: (422, {"detail": [{"loc": ["body", name], "msg": "Extra inputs are not permitted"}]}),
    "words": lambda name: (400, {"error": {"message": f"Unknown parameter: '{name}'."}}),
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        server = self.server
        form = form_of(self.headers, self.rfile.read(int(self.headers["Content-Length"])))
        server.forms.append(form)
        if server.lacks in form:
            status, answer = server.refusal
        else:
            picture = io.BytesIO()
            Image.new("RGB", (64, 48)).save(picture, "PNG")
            status, answer = 200, {"data": [{"b64_json": base64.b64encode(picture.getvalue()).decode()}]}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def generate(make_sample, make_image, tmp_path, monkeypatch, capsys):
    """`generate(lacks, refusal, *options) -> (status, err, forms, records)` of three edits."""
    monkeypatch.chdir(tmp_path)
    samples = [make_sample(letter, image=EncodedImage(make_image(seed=i), "a.png")) for i, letter in enumerate("abc")]
    write_dataset({"fine": samples}, tmp_path / "data")
    running = []

    def run(lacks, refusal, *options):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        running.append(server)
        server.lacks, server.refusal, server.forms = lacks, refusal, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        words = ["generate", "--editor", "openai", "--model", "m", "--base-url", f"http://127.0.0.1:{server.server_port}/v1"]
        words += ["--data", "data", "--split", "fine", "--out", "eval", "--quiet", "--concurrency", "1", "--set", *options]
        status = main(words)
        notes = tmp_path / "eval/m/generation_fine/pictures.json"
        return status, capsys.readouterr().err, server.forms, json.loads(notes.read_text()) if notes.is_file() else None

    yield run
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["seed", "quality"])
def test_an_option_that_is_refused_by_name_is_left_out(generate, form, name):
    status, err, forms, records = generate(name, FORMS[form](name), "seed={seed}", "quality=high")
    other = {"seed": "quality", "quality": "seed"}[name]
    assert status == 0 and [name in f for f in forms] == [True, False, False, False] and all(other in f for f in forms)
    assert err.count("left out") == 1 and repr(name) in err
    assert [record["left_out"] for record in records] == [[name]] * 3


@pytest.mark.parametrize("param", ["image", "prompt", "model", "size"])
def test_what_cannot_be_left_out_is_a_failed_edit(generate, param):
    status, err, forms, _ = generate("prompt", FORMS["openai"](param), "seed={seed}")
    assert status == 2 and "3 could not be made" in err and len(forms) == 3 and "left out" not in err


def test_what_is_taken_leaves_no_note(generate):
    status, err, _, records = generate("nothing", None, "seed={seed}")
    assert status == 0 and "left out" not in err and not any("left_out" in record for record in records)
