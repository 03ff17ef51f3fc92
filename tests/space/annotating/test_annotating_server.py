"""The page's server: it answers its own page, and nobody else's."""

import http.client
import json
import os
import socket
import threading

import pytest

from gsi_bench_space.annotating.server import AnnotateServer
from gsi_bench_space.annotating.session import AnnotateError


@pytest.fixture
def server(session):
    with AnnotateServer(session(), port=0) as made:
        threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield made
        made.shutdown()


def ask(server, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=20)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content, answer.headers


def raw(server, text):
    """All that is answered before the connection ends."""
    with socket.create_connection(server.server_address, timeout=20) as connection:
        connection.sendall(text.encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


def step(server, **asked):
    headers = {"X-Token": server.token, "Content-Type": "application/json"}
    status, content, _ = ask(server, "POST", "/do", json.dumps(asked), **headers)
    return status, json.loads(content) if status == 200 else content


def test_the_page_and_its_images_are_served(server):
    status, page, headers = ask(server, "GET", "/")
    assert status == 200 and server.token.encode() in page and b"{{" not in page
    assert headers["X-Frame-Options"] == "DENY" and "default-src 'none'" in headers["Content-Security-Policy"]
    status, image, headers = ask(server, "GET", f"/image/0?token={server.token}&look=1")
    assert status == 200 and image.startswith(b"\x89PNG") and headers["Content-Type"] == "image/png"
    assert step(server, what="show", number=1)[1]["file"] == "more/b.jpg"


def test_it_listens_on_this_machine_alone_unless_told(server):
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1.evil.example", "192.168.0.7", "[", "[::1"])
def test_a_name_that_is_not_its_own_gets_nothing(server, host):
    """Another site may lead its own name to this machine."""
    for method, path in (("GET", "/"), ("GET", f"/image/0?token={server.token}"), ("POST", "/do")):
        status, content, _ = ask(server, method, path, "{}", Host=host, **{"X-Token": server.token})
        assert status == 403 and server.token.encode() not in content


@pytest.mark.parametrize("token", ["", "x", "ö" * 24])
def test_without_the_pages_token_nothing_is_done(server, folder, token):
    body = json.dumps({"what": "camera", "number": 0, "focal": 30, "pitch": 30, "height": 50})
    assert ask(server, "POST", "/do", body, **{"X-Token": token.encode()})[0] == 403
    assert ask(server, "GET", "/image/0")[0] == ask(server, "GET", "/image/0?token=x")[0] == 404
    assert not (folder / "boxes.json").exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 60_000, b"\xff", b'"x"', b"0" * 70_000])
def test_what_is_no_step_is_refused(server, body):
    assert ask(server, "POST", "/do", body, **{"X-Token": server.token})[0] == 400
    assert step(server, what="show", number=0)[0] == 200


@pytest.mark.parametrize("number", [7, -1, None, "0", [], True])
def test_a_number_that_is_no_photograph_is_said(server, number):
    for what in ("show", "try", "mark"):
        status, found = step(server, what=what, number=number)
        assert status == 200 and "no photograph" in found["message"]


@pytest.mark.parametrize(
    "path",
    ["/../boxes.json", "/image/../a.png", "/image/9", "/image/x", "/a.png", "/image/" + "9" * 400, "//["],
)
def test_no_other_file_is_served(server, path):
    assert ask(server, "GET", f"{path}?token={server.token}")[0] == 404


def test_a_body_not_read_is_no_request_of_its_own(server):
    """Another site's page may send any text as a body, and the answer must not depend on it."""
    inner = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.server_address[1]}\r\n\r\n"
    for path, token in (("/do", ""), ("/elsewhere", server.token)):
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Token: {token}\r\nContent-Length: {len(inner)}\r\n\r\n"
        answers = raw(server, head + inner)
        assert answers.count(b"HTTP/1.1 ") == 1 and server.token.encode() not in answers


def test_an_address_that_is_none_is_not_found(server):
    assert raw(server, "GET http://[ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("found", ["no image", "a pipe", "nothing"])
def test_a_photograph_that_cannot_be_read_is_said(server, folder, found):
    (folder / "a.png").unlink()
    if found == "a pipe":
        os.mkfifo(folder / "a.png")
    elif found == "no image":
        (folder / "a.png").write_text("no image")
    assert step(server, what="show", number=0)[1]["problem"]
    for asked in ({"what": "mark", "x": 1, "y": 1}, {"what": "undo"}, {"what": "try", "id": "object_1", "handle": "base"}):
        status, state = step(server, number=0, **asked)
        assert status == 200 and state["message"]
    assert ask(server, "GET", f"/image/0?token={server.token}")[0] == 404


def test_a_page_that_left_is_no_traceback(server, capfd, monkeypatch):
    def leave(*_):
        raise BrokenPipeError

    monkeypatch.setattr(server.session, "state", leave)
    with pytest.raises(http.client.HTTPException):
        step(server, what="show", number=0)
    assert capfd.readouterr().err == ""


def test_a_drag_that_is_tried_is_not_kept(server, folder):
    step(server, what="frame", number=0, x=250, y=190, x2=320, y2=300)
    before = (folder / "boxes.json").read_bytes()
    state = step(server, what="show", number=0)[1]
    tried = step(server, what="try", number=0, id="object_1", handle="base", x=200, y=320)[1]
    assert tried["edges"] != state["objects"][0]["edges"] and (folder / "boxes.json").read_bytes() == before
    above = step(server, what="try", number=0, id="object_1", handle="base", x=200, y=0)
    assert above[0] == 200
    for odd in ({"id": "x"}, {"id": None}, {"handle": "x"}, {"x": None}):
        given = {"id": "object_1", "handle": "base", "x": 1, "y": 1} | odd
        status, found = step(server, what="try", number=0, **given)
        assert status == 200 and found["message"]


def test_a_taken_port_is_said(server, session):
    with pytest.raises(AnnotateError, match="choose another --port"):
        AnnotateServer(session(), port=server.server_address[1])
