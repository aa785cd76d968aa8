"""A server that counts who calls, and a file that nobody may open."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.papers.payloads import PAYLOADS

_watched: list["Traps"] = []


def _audit(event, arguments):
    for traps in _watched or ():  # None when the process ends
        if event == "open" and traps.file in str(arguments[0]):
            traps.opened.append(str(arguments[0]))
        elif event == "socket.connect":
            traps.calls.append(str(arguments[1]))


sys.addaudithook(_audit)


class Traps:
    """`calls`: connections that were tried, from this process and as the server saw them; `opened`: of the file."""

    def __init__(self, file: str, port: int):
        self.file, self.host = file, f"127.0.0.1:{port}"
        self.calls: list[str] = []
        self.opened: list[str] = []

    def payloads(self) -> list[str]:
        return [p.format(web=f"http://{self.host}", host=self.host, file=self.file) for p in PAYLOADS]


@pytest.fixture
def traps(tmp_path):
    """The traps, open while the test runs."""
    secret = tmp_path / "secret.css"
    secret.write_text("body { color: red } SECRET")
    server_calls = []

    class Counts(BaseHTTPRequestHandler):
        def do_GET(self):
            server_calls.append(self.path)
            self.send_error(404)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Counts)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    traps = Traps(str(secret), server.server_port)
    _watched.append(traps)
    yield traps
    _watched.remove(traps)
    traps.calls.extend(server_calls)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def asked(monkeypatch):
    """The addresses that a letter wanted, beside what its own form has."""
    from crm.papers.fetcher import OwnFilesFetcher

    found, fetch = [], OwnFilesFetcher.fetch

    def note(self, url, headers=None):
        if url != "logo:sender" and not url.startswith(("static:letter.css", "static:inter-print/")):
            found.append(url)
        return fetch(self, url, headers)

    monkeypatch.setattr(OwnFilesFetcher, "fetch", note)
    return found
