"""`make run`: servers, migrations, demo data the first time, web, worker, beat, mail that comes in; ends all of it.

`python -m crm.local.run stop` ends a launcher that runs elsewhere, and local servers left behind.
"""

import ctypes
import errno
import fcntl
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from crm.local import servers
from crm.local.bootstrap import step

BASE_DIR = servers.BASE_DIR
STATE = BASE_DIR / ".local" / "run"
LOGS = BASE_DIR / ".local" / "log"
LAUNCHER, CHILDREN = STATE / "launcher.lock", STATE / "children.json"
READY_SECONDS = 60
# A child that ends sooner than this will not do better the second time.
TOO_SOON_SECONDS = 15
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None)


class Refused(Exception):
    """The CRM cannot be started; the text says why."""


def end_with_parent() -> None:
    """Ask the kernel for SIGTERM when the parent dies, also by kill -9."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One of the processes of the CRM, its output in .local/log/<name>.log."""

    name: str
    command: list[str]
    process: subprocess.Popen | None = None
    started: float = 0
    log: Path = field(init=False)

    def __post_init__(self):
        self.log = LOGS / f"{self.name}.log"

    def start(self) -> None:
        if self.log.exists() and self.log.stat().st_size > 5_000_000:
            self.log.rename(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as output:
            # In a session of its own: Ctrl+C reaches the launcher alone, which ends the children in order.
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.command],
                cwd=BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        self.started = time.monotonic()

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def signal(self, number: signal.Signals) -> None:
        if self.process and not self.ended():
            with suppress(ProcessLookupError):
                self.process.send_signal(number)

    def kill_group(self) -> None:
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def last_words(self) -> str:
        return servers.tail(self.log)


def main() -> int:
    """Run until Ctrl+C or SIGTERM (0), or until something cannot go on (1)."""
    if sys.argv[1:] == ["stop"]:
        return stop()
    wish = Wish()
    children: list[Child] = []
    try:
        _run(children)
    except Ended:
        print("\n  Stopping … ", end="", flush=True)
    except (Refused, servers.ServerError) as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
    finally:
        asked = wish.times
        wish.times = max(wish.times, 1)
        _end(children, hurry=lambda: wish.times > max(asked, 1))
        servers.release()
    if asked:
        print("stopped.", flush=True)
    return 0 if asked else 1


def _run(children: list[Child]) -> None:
    port = _port()
    _one_launcher(port)
    _end_leftovers()
    _free(port)
    _free(_mail_port(port), "MAIL_LISTEN_PORT")
    logins = prepare(port)
    web, *others = _children(port)
    # The page first: reading all the code takes every process a second of the machine.
    with step("Web server"):
        _start(children, web)
        _until_ready(port, web)
    _start(children, *others)
    _welcome(port, logins)
    _watch(children)


def _start(children: list[Child], *more: Child) -> None:
    for child in more:
        children.append(child)
        child.start()
    _remember(children)


class Ended(BaseException):
    """Somebody wants the launcher to end. Like KeyboardInterrupt no Exception, so that nobody swallows it."""


class Wish:
    """The wish to end: raised once, then only counted, so that the ending itself is not cut off."""

    def __init__(self):
        self.times = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._heard)
        if "MAKELEVEL" in os.environ:
            # make passes SIGTERM on, but a killed make cannot.
            end_with_parent()

    def _heard(self, *_):
        self.times += 1
        if self.times == 1:
            raise Ended


# ── before the start ────────────────────────────────────────────────────────────────────────────────
def prepare(port: int) -> list[str]:
    """Servers, database, migrations, demo data. Gives the demo logins there are."""
    os.environ.setdefault("CRM_ENV", "local")
    os.environ.setdefault("CRM_SERVERS", "run")
    os.environ.setdefault("BASE_URL", f"http://127.0.0.1:{port}")
    os.environ.setdefault("MAIL_LISTEN_PORT", str(_mail_port(port)))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    if any(servers.wanted()):
        with step("PostgreSQL and Valkey"):
            servers.ensure()

    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.core.management import CommandError, call_command
    from django.db import connection, connections
    from django.db.migrations.executor import MigrationExecutor

    from crm.core import checks, health, triggers

    if not settings.LOCAL:
        raise Refused("`make run` is for your own machine (CRM_ENV=local). For real use see docker-compose.yml.")
    _create_database(connection)
    try:
        health.broker()
    except Exception as error:
        raise Refused(f"The server at REDIS_URL does not answer: {error}") from error

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        with step(f"{len(plan)} migrations"):
            call_command("migrate", verbosity=0, interactive=False)
    else:
        # A rule that was changed is no migration.
        triggers.install()
    users = get_user_model().objects
    if not users.exists():
        try:
            with step("Demo data, 36 months of a company"):
                call_command("demo_data", stdout=io.StringIO())
        except CommandError as error:
            raise Refused(f"There are no demo data: {error}") from error
    logins = list(
        users.filter(is_active=True, email__iendswith=checks.DEMO_DOMAIN).order_by("pk").values_list("email", flat=True)
    )
    connections.close_all()
    return logins


def _create_database(connection) -> None:
    """Make the database that DATABASE_URL names, if its server has none and lets us."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import Error

    try:
        connection.ensure_connection()
        return
    except ImproperlyConfigured as error:
        raise Refused(
            "DATABASE_URL names no database. It looks like: postgres://user:password@host:5432/name"
        ) from error
    except Error as error:
        reason = error
    name = connection.settings_dict["NAME"]
    try:
        with connection._nodb_cursor() as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            if cursor.fetchone() is not None:
                raise reason
            with step(f"Database {name}"):
                cursor.execute(f"CREATE DATABASE {connection.ops.quote_name(name)}")
    except Error as error:
        raise Refused(f"The database at DATABASE_URL cannot be used: {error}") from error


def _port(name: str = "PORT", otherwise: int = 8000) -> int:
    text = os.environ.get(name) or str(otherwise)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Refused(f"{name} is {text!r}; it is a number up to 65535.")
    return int(text)


def _mail_port(port: int) -> int:
    """Where mail is taken: beside the web server's port, so that two CRMs do not meet."""
    return _port("MAIL_LISTEN_PORT", port + 25 if port + 25 < 65536 else port - 25)


_held: list[TextIO] = []


def _one_launcher(port: int) -> None:
    STATE.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    handle = LAUNCHER.open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        running = json.loads(handle.read() or "{}")
        raise Refused(
            f"This CRM runs already, at http://127.0.0.1:{running.get('port')}. Stop it with: make stop"
        ) from None
    handle.truncate(0)
    handle.write(json.dumps({"pid": os.getpid(), "port": port}))
    handle.flush()
    _held.append(handle)


def _free(port: int, name: str = "PORT") -> None:
    """Refuse a port that somebody listens on; one of our own children may need a moment to let go of it."""
    for _attempt in range(20):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise Refused(f"Port {port} cannot be used: {error.strerror}.") from error
        time.sleep(0.1)
    raise Refused(f"Port {port} is taken by another program. Choose one: make run {name}={port + 1}")


# ── the children ────────────────────────────────────────────────────────────────────────────────────
def _children(port: int) -> list[Child]:
    web = ["gunicorn", "crm.wsgi", "--worker-class", "gthread", "--workers", "2", "--threads", "4"]
    web += ["--bind", f"127.0.0.1:{port}", "--graceful-timeout", "5", "--no-control-socket", "--preload"]
    web += ["--access-logfile", str(LOGS / "access.log")]
    worker = ["celery", "-A", "crm.celery", "worker", "--pool", "threads", "--concurrency", "4"]
    worker += ["--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    beat = ["celery", "-A", "crm.celery", "beat", "--loglevel", "WARNING", "--pidfile="]
    beat += ["--schedule", str(STATE / "beat-schedule")]
    ways_in = [Child("fetch_mail", ["manage", "fetch_mail"]), Child("receive_mail", ["manage", "receive_mail"])]
    return [Child("web", web), Child("worker", worker), Child("beat", beat), *ways_in]


def _birth(pid: int) -> str | None:
    """When a process began, in the kernel's ticks: with the number it names one process for ever."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return None


def _remember(children: list[Child]) -> None:
    pids = [child.process.pid for child in children if child.process]
    CHILDREN.write_text(json.dumps({pid: _birth(pid) for pid in pids}))


def _end_leftovers() -> None:
    """End what an earlier launcher, killed, left behind: two workers of different code would share the jobs."""
    with suppress(OSError, ValueError):
        left = [
            int(pid) for pid, birth in json.loads(CHILDREN.read_text()).items() if birth and _birth(int(pid)) == birth
        ]
        for number, seconds in ((signal.SIGTERM, 3), (signal.SIGKILL, 2)):
            for pid in left:
                with suppress(ProcessLookupError):
                    os.killpg(pid, number)
            deadline = time.monotonic() + seconds
            while any(map(servers.alive, left)) and time.monotonic() < deadline:
                time.sleep(0.05)
    CHILDREN.unlink(missing_ok=True)


def _until_ready(port: int, web: Child) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if web.ended():
            raise Refused(f"The web server ended at once:\n{web.last_words()}\nMore in {web.log}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        connection.close()
        time.sleep(0.1)
    raise Refused(f"The web server gave no answer for {READY_SECONDS} seconds. See {web.log}")


def _watch(children: list[Child]) -> None:
    """Start again what ended after a good while; what ends at once ends everything."""
    while True:
        time.sleep(0.5)
        for child in children:
            if not child.ended():
                continue
            lived = time.monotonic() - child.started
            if lived < TOO_SOON_SECONDS:
                raise Refused(f"{child.name} ended after {lived:.0f} s:\n{child.last_words()}\nMore in {child.log}")
            print(f"  {child.name} ended and is started again; why is in {child.log}", flush=True)
            child.start()
            _remember(children)


def _end(children: list[Child], hurry: Callable[[], bool]) -> None:
    """SIGTERM lets jobs and answers finish, SIGQUIT lets Celery give its jobs back, then comes SIGKILL."""
    for number, seconds in ((signal.SIGTERM, 8), (signal.SIGQUIT, 3)):
        for child in children:
            child.signal(number)
        deadline = time.monotonic() + seconds
        while not all(child.ended() for child in children) and time.monotonic() < deadline and not hurry():
            time.sleep(0.05)
    for child in children:
        child.kill_group()
    CHILDREN.unlink(missing_ok=True)


def _welcome(port: int, logins: list[str]) -> None:
    print(f"\n  The CRM runs at  http://127.0.0.1:{port}\n")
    if logins:
        print("  Sign in as       " + "\n                   ".join(logins) + "\n  with the password demo\n")
    print(f"  Stop it with Ctrl+C. Logs are in {LOGS.relative_to(BASE_DIR)}/", flush=True)


# ── stop ────────────────────────────────────────────────────────────────────────────────────────────
def stop() -> int:
    """End the launcher of this folder, what a killed one left, and the local servers."""
    stopped = []
    with suppress(OSError, ValueError, KeyError), LAUNCHER.open() as handle:
        running = json.loads(handle.read())["pid"]
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            os.kill(running, signal.SIGTERM)
            fcntl.flock(handle, fcntl.LOCK_SH)  # until it has ended
            stopped.append("the CRM")
    _end_leftovers()
    for name in ("run", "test"):
        stopped += servers.stop(BASE_DIR / ".local" / name)
    print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
