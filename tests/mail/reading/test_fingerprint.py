"""The same mail has one fingerprint however it came; another mail has another, whatever its Message-ID."""

import pytest

from crm.mail.reading import fingerprint, read
from tests.mail.reading.mails import mail, multipart

MAIL = multipart("\nHallo\n\nWelt", "Content-Type: text/plain\n\nMehr", References="<a@x> <b@x>", Cc="c@x.example")
TRACE = (
    b"Return-Path: <hans@hoefle.example>\r\nDelivered-To: bcc@crm.example\r\nX-Original-To: bcc@crm.example\r\n"
    b"Received: from a\r\n\tby b; Thu, 01 Jan 2026 10:00:00 +0100\r\nDKIM-Signature: v=1; a=x\r\n"
    b"Authentication-Results: x; spf=pass\r\nX-Spam-Status: No\r\nStatus: RO\r\n"
)


def print_of(raw):
    return read(raw).fingerprint


@pytest.mark.parametrize(
    "copy",
    [
        MAIL.replace(b"\n", b"\r\n"),
        MAIL.replace(b"\n", b"\r"),
        TRACE + MAIL.replace(b"\n", b"\r\n"),
        TRACE.replace(b"\r\n", b"\n") + MAIL,
        b"From hans@hoefle.example Thu Jan  1 10:00:00 2026\n" + MAIL,
        MAIL + b"\n\n\r\n",
        MAIL.rstrip(b"\n"),
        MAIL.replace(b"<a@x> <b@x>", b"<a@x>\n\t<b@x>"),
        b"X-New: 1\n" + MAIL,
    ],
)
def test_one_mail_by_many_ways(copy):
    assert copy != MAIL
    assert print_of(copy) == print_of(MAIL)


@pytest.mark.parametrize(
    "other",
    [
        mail("Guten Abend"),
        mail("Guten  Tag"),
        mail(Subject="Angebot 2"),
        mail(To="andere@crm.example"),
        mail(Cc="andere@crm.example"),
        mail(Message_ID="<zwei@hoefle.example>"),
        mail(Date="Thu, 01 Jan 2026 10:00:01 +0100"),
        mail(In_Reply_To="<x@y>"),
        mail(Content_Type="text/html"),
    ],
)
def test_another_mail(other):
    assert print_of(other) != print_of(mail())


def test_line_ends_are_seen_across_the_chunks(monkeypatch):
    whole = print_of(MAIL)
    for size in range(1, 9):
        monkeypatch.setattr(fingerprint, "CHUNK", size)
        assert print_of(MAIL.replace(b"\n", b"\r\n")) == whole
