"""What a large mail costs: 46 MB, with a file of 34 MB in it, in at most 256 MB for the whole process."""

import os
import subprocess
import sys
import textwrap

import pytest
from django.db import connection

from crm.mail.models import Attachment, IncomingMail, IncomingState

MOST = 256  # MB
# A process as a worker or listener is one: all of the CRM is loaded, then one mail is stored, or settled.
PROGRAM = """
    import django
    django.setup()
    from django.conf import settings
    settings.DATABASES["default"]["NAME"], settings.MEDIA_ROOT = {database!r}, {media!r}
    from pathlib import Path
    import crm.urls
    from crm.mail import journal, sorting
    {work}
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(int(peak.split()[1]) // 1024)
"""


def peak(media, work: str) -> int:
    source = textwrap.dedent(PROGRAM).format(database=connection.settings_dict["NAME"], media=str(media), work=work)
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.django_db(transaction=True)
def test_a_large_mail_is_stored_and_settled_within_bounds(people, tmp_path):
    import base64

    head = (
        b"From: kurz@hoefle.example\r\nTo: crm@example.com\r\nDate: Mon, 23 Nov 2026 12:00:00 +0100\r\n"
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nHallo\r\n--x\r\n"
        b"Content-Type: application/octet-stream; name=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    file = os.urandom(34 * 1024 * 1024)
    path = tmp_path / "mail.eml"
    path.write_bytes(head + base64.encodebytes(file).replace(b"\n", b"\r\n") + b"--x--\r\n")
    assert path.stat().st_size > 46 * 1024 * 1024
    assert peak(tmp_path, f"journal.store(Path({str(path)!r}).read_bytes(), route='pipe')") <= MOST
    row = IncomingMail.objects.defer("raw").get()
    assert peak(tmp_path, f"sorting.sort({row.pk})") <= MOST
    row.refresh_from_db(fields=["state"])
    assert row.state == IncomingState.REVIEW
    attached = Attachment.objects.get().file
    assert (tmp_path / attached.content.name).read_bytes() == file
