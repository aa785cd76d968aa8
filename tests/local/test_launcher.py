"""The launcher's refusals, and what an earlier one left."""

import json
import socket
import subprocess
import sys

import pytest
from django.db import connection

from crm.local import bootstrap, run, servers


@pytest.mark.parametrize("port", ["x", "0", "70000", "-1"])
def test_a_port_that_is_none(monkeypatch, port):
    monkeypatch.setenv("PORT", port)
    with pytest.raises(run.Refused, match="PORT is"):
        run._port()


def test_a_port_that_is_taken(monkeypatch):
    monkeypatch.setattr(run.time, "sleep", lambda seconds: None)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(run.Refused, match=f"Port {port} is taken .* PORT={port + 1}"):
            run._free(port)
    run._free(port)


def test_mail_is_taken_beside_the_web_servers_port(monkeypatch):
    monkeypatch.delenv("MAIL_LISTEN_PORT", raising=False)
    assert [run._mail_port(port) for port in (8000, 8080, 65530)] == [8025, 8105, 65505]
    monkeypatch.setenv("MAIL_LISTEN_PORT", "2525")
    assert run._mail_port(8000) == 2525
    monkeypatch.setenv("MAIL_LISTEN_PORT", "x")
    with pytest.raises(run.Refused, match="MAIL_LISTEN_PORT is"):
        run._mail_port(8000)


@pytest.mark.django_db
def test_an_address_without_a_database():
    nowhere = connection.copy("nowhere")
    nowhere.settings_dict = connection.settings_dict | {"NAME": "", "OPTIONS": {}}
    with pytest.raises(run.Refused, match="DATABASE_URL names no database"):
        run._create_database(nowhere)


def test_what_a_killed_launcher_left_is_ended_and_nobody_else(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "CHILDREN", tmp_path / "children.json")
    wait = [sys.executable, "-c", "import time; time.sleep(60)"]
    left = subprocess.Popen(wait, start_new_session=True)
    stranger = subprocess.Popen(wait, start_new_session=True)
    run.CHILDREN.write_text(json.dumps({left.pid: run._birth(left.pid), stranger.pid: "another process's birth"}))
    try:
        run._end_leftovers()
        assert left.wait(5) != 0
        assert servers.alive(stranger.pid)
        assert not run.CHILDREN.exists()
    finally:
        stranger.kill()
        stranger.wait()


def test_uv_comes_from_the_locked_packages_with_its_hashes(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "BASE_DIR", tmp_path)
    (tmp_path / ".local").mkdir()
    lines = bootstrap.uv_alone().read_text().splitlines()
    assert lines[0].startswith("uv==")
    assert len([line for line in lines if "--hash=sha256:" in line]) > 3
    assert not [line for line in lines[1:] if "==" in line]
