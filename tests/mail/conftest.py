"""A mail server that really receives, and can be told to refuse."""

import socket
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from django.core.files.base import ContentFile

from crm.files.models import StoredFile


class PostOffice:
    """Keeps what arrives. `answer`: what it says to DATA instead of taking it; `refused`: addresses it does not know.

    `before_answer(mail)` is called when a mail has arrived in full, before the server says so.
    """

    def __init__(self):
        self.received, self.answer, self.refused, self.before_answer = [], "", set(), None

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.answer:
            return self.answer
        mail = message_from_bytes(envelope.content, policy=policy.default)
        if self.before_answer:
            self.before_answer(mail)
        self.received.append(mail)
        return "250 OK"


@pytest.fixture
def post_office(settings):
    """The server; from now on all mail goes there."""
    office = PostOffice()
    with socket.create_server(("127.0.0.1", 0)) as free:
        office.port = free.getsockname()[1]
    controller = Controller(office, hostname="127.0.0.1", port=office.port, data_size_limit=2**26)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = office.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_TIMEOUT = 5
    settings.DEFAULT_FROM_EMAIL = "crm@example.com"
    yield office
    controller.stop()


@pytest.fixture
def letter(people, settings, tmp_path):
    """A stored file, as a quote's PDF would be."""
    settings.MEDIA_ROOT = tmp_path
    return StoredFile.keep(ContentFile(b"%PDF-1.7 Angebot", name="ANG-2026-000001.pdf"), by=people["rep"])
