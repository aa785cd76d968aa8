"""A short storm; `make chaos` has the long one."""

import os
import subprocess
import sys

from django.conf import settings


def test_nothing_is_lost_doubled_or_misfiled():
    command = [sys.executable, "-m", "tests.chaos", "--mails", "60", "--faults", "6"]
    left = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=left, capture_output=True, text=True, timeout=300)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "0 lost, 0 doubled, 0 misfiled" in done.stdout
    assert '"settled": 60' in done.stdout
