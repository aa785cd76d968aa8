import itertools
import warnings

import pytest
from django.utils import timezone

from crm.core import seal
from crm.mail.models import MailAccount, Security
from tests.mail.ways_in import dovecot as real


@pytest.fixture(scope="session")
def dovecot():
    """The IMAP server. Where it cannot be had, what needs it is not checked, and that is said aloud."""
    if real.program() is None:
        text = "SKIPPED, NOT CHECKED: IMAP. There is no Dovecot here; Debian calls it dovecot-imapd."
        warnings.warn(text, stacklevel=1)
        pytest.skip(text)
    server = real.Dovecot()
    try:
        yield server.start()
    finally:
        server.stop()


_numbers = itertools.count(1)


@pytest.fixture
def account(dovecot, request):
    """A function that makes an account of a new mailbox."""

    def make(password=real.PASSWORD, **fields) -> MailAccount:
        fields = {"host": "127.0.0.1", "port": dovecot.port, "security": Security.NONE, **fields}
        fields.setdefault("user", f"{request.node.originalname}-{next(_numbers)}"[-60:])
        return MailAccount.objects.create(password=seal.seal(password), password_set_at=timezone.now(), **fields)

    return make
