"""The embedded servers: started once, found again, nothing lost."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from crm.local import servers

VALKEY = "valkey"


def database(place):
    return psycopg.connect(servers.database_url(place))


def valkey(place, *words):
    command = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
    return servers._ask(servers.socket_dir(place) / VALKEY, command.encode())


def test_they_start_answer_and_stop_with_their_last_user(place):
    servers.ensure(place)
    servers.ensure(place)
    with database(place) as connection:
        assert connection.execute("SELECT lower('ÄÖÜ')").fetchone() == ("äöü",)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert valkey(place, "PING") == b"+PONG\r\n"
    servers.release(place)
    with pytest.raises(psycopg.OperationalError):
        database(place)
    assert valkey(place, "PING") == b""
    assert servers.stop(place) == []


def test_kill_9_loses_nothing(place):
    servers.ensure(place)
    with database(place) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    open_connection = database(place)  # its backend outlives the postmaster for a moment
    assert valkey(place, "SET", "job", "1") == b"+OK\r\n"
    for pid in (servers._postgres_pid(place), servers._valkey_pid(place)):
        os.kill(pid, signal.SIGKILL)

    servers.ensure(place)

    with database(place) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    assert valkey(place, "GET", "job") == b"$1\r\n1\r\n"
    with pytest.raises(psycopg.OperationalError):
        open_connection.execute("SELECT 1")


def test_a_pid_file_that_names_a_stranger_does_not_hinder_the_start(place):
    servers.ensure(place)
    pid_file = place / "postgres" / "postmaster.pid"
    left = pid_file.read_text().splitlines()
    servers.stop(place)
    pid_file.write_text("\n".join([str(os.getppid()), *left[1:]]) + "\n")

    servers.ensure(place)

    with database(place) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_several_processes_at_once_start_one_set(place):
    code = (
        "import sys; from pathlib import Path; from crm.local import servers\n"
        "servers.ensure(Path(sys.argv[1])); print('up', flush=True); sys.stdin.read()"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(place)],
            cwd=servers.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    assert [process.stdout.readline() for process in started] == ["up\n"] * 3
    assert (place / "postgres.log").read_text().count("starting PostgreSQL") == 1
    started[0].communicate("")
    with database(place):
        pass
    for process in started[1:]:
        process.communicate("")
        assert process.returncode == 0
    assert servers._postgres_pid(place) is None
    assert servers._valkey_pid(place) is None


def test_long_and_odd_paths_get_a_short_folder_for_sockets():
    short = Path("/srv/crm/.local/run")
    assert servers.socket_dir(short) == short / "sockets"
    for root in (Path("/srv") / ("very-long-name-" * 8) / ".local/run", Path("/srv/my crm & more/.local/run")):
        folder = servers.socket_dir(root)
        assert folder.parent == Path("/tmp")
        assert folder == servers.socket_dir(root) != servers.socket_dir(root / "other")
        assert len(os.fsencode(folder / servers.PG_SOCKET)) <= servers.SOCKET_PATH_LIMIT
        assert servers.database_url(root) == f"postgres://crm@/crm?host={folder}"
        assert servers.redis_url(root) == f"redis+socket://{folder}/valkey?virtual_host=0"


@pytest.mark.parametrize(
    ("environ", "needed"),
    [
        ({"CRM_ENV": "local"}, (True, True)),
        ({"CRM_ENV": "local", "DATABASE_URL": "postgres://x/y"}, (False, True)),
        ({"CRM_ENV": "local", "DATABASE_URL": "postgres://x/y", "REDIS_URL": "redis://x"}, (False, False)),
        ({"CRM_ENV": "production"}, (False, False)),
        ({}, (False, False)),
    ],
)
def test_only_what_is_needed_is_started(environ, needed):
    assert servers.wanted(environ) == needed


def test_programs_of_another_version_are_refused_with_a_sentence(place):
    servers.ensure(place)
    servers.stop(place)
    (place / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(servers.ServerError, match="was made by PostgreSQL 9"):
        servers.ensure(place)


def test_an_ended_process_that_nobody_asked_about_is_not_alive():
    process = subprocess.Popen([sys.executable, "-c", ""])
    deadline = time.monotonic() + 10
    while servers.alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not servers.alive(process.pid)
    process.wait()
