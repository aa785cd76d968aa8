"""Commands of the CRM as processes of their own, on the test's database; they can be killed."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

from django.conf import settings
from django.db import connection


def environment(**more: str) -> dict[str, str]:
    """What a process needs to know to work on the test's database."""
    chosen = connection.settings_dict
    who, socket = f"{quote(chosen['USER'])}:{quote(chosen['PASSWORD'])}", chosen["OPTIONS"].get("host")
    where = f"@{chosen['HOST']}:{chosen['PORT']}/{chosen['NAME']}" if socket is None else f"@/{chosen['NAME']}"
    url = f"postgres://{who}{where}{f'?host={quote(socket)}' if socket else ''}"
    return {**os.environ, "CRM_ENV": "local", "DATABASE_URL": url, "MEDIA_ROOT": str(settings.MEDIA_ROOT), **more}


@contextmanager
def running(*arguments: str, **more: str) -> Iterator[subprocess.Popen]:
    """`manage.py` with these arguments until the block ends; then it gets SIGTERM and has to end in good order."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment(**more),
        start_new_session=True,
    )
    try:
        yield process
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def program(source: str) -> int:
    """Run a program in which Django is set up; how it ended."""
    lines = "import os, signal, django\ndjango.setup()\n" + textwrap.dedent(source)
    return subprocess.run([sys.executable, "-c", lines], cwd=settings.BASE_DIR, env=environment()).returncode


def wait(condition: Callable, seconds: float = 30) -> bool:
    """Whether `condition` becomes true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False
