"""The same mail has one fingerprint however it came; another mail has another, whatever its Message-ID."""

import base64

import pytest

from crm.mail.reading import fingerprint, limits, read
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


def test_a_relay_may_encode_the_parts_anew():
    text, quoted = "Grüße\nund = mehr", "Gr=C3=BC=C3=9F=\ne\nund =3D mehr"
    coded = base64.encodebytes(text.replace("\n", "\r\n").encode()).decode()
    kind = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: "
    copies = [f"{kind}8bit\n\n{text}", f"{kind}quoted-printable\n\n{quoted}", f"{kind}base64\n\n{coded}"]
    assert len({print_of(multipart(copy)) for copy in copies}) == 1
    alone = [mail(text), mail(quoted, Content_Transfer_Encoding="quoted-printable")]
    assert len({print_of(copy) for copy in alone}) == 1


def test_files_count_with_their_names_and_bytes():
    def with_file(name, content):
        return multipart("\nHallo", f'Content-Type: application/pdf; name="{name}"\n\n{content}')

    assert len({print_of(with_file(*one)) for one in [("a", "1"), ("a", "2"), ("b", "1")]}) == 3


def test_what_was_not_taken_apart_counts(monkeypatch):
    monkeypatch.setattr(limits, "PARTS", 2)
    first, second = (multipart(*["\nHallo"] * 3, f"\n{end}") for end in ("eins", "zwei"))
    assert print_of(first) != print_of(second)


def test_line_ends_are_seen_across_the_chunks(monkeypatch):
    whole = print_of(MAIL)
    for size in range(1, 9):
        monkeypatch.setattr(fingerprint, "CHUNK", size)
        assert print_of(MAIL.replace(b"\n", b"\r\n")) == whole
