"""Mails of machines are known, and mails of people are not taken for them."""

import pytest

from crm.mail.reading import REASONS, Bounce, read
from tests.mail.reading.mails import mail, multipart


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"Auto_Submitted": "auto-replied"}, "reply"),
        ({"Auto_Submitted": "auto-generated; owner-email=x"}, "generated"),
        ({"X_Autoreply": "yes"}, "reply"),
        ({"X_Autorespond": "x"}, "reply"),
        ({"X_Auto_Response_Suppress": "All"}, "generated"),
        ({"X_Auto_Response_Suppress": "DR, OOF, AutoReply"}, "generated"),
        ({"Precedence": "bulk"}, "bulk"),
        ({"Precedence": "junk"}, "bulk"),
        ({"Precedence": "auto_reply"}, "reply"),
        ({"Precedence": "list"}, "list"),
        ({"List_Id": "<x.example>"}, "list"),
        ({"List_Unsubscribe": "<mailto:x@y>"}, "list"),
        ({"Return_Path": "<>"}, "bounce"),
        ({"Return_Path": "<>", "Subject": "Abwesenheitsnotiz: Angebot"}, "reply"),
        ({"From": "Mail Delivery <MAILER-DAEMON@x.example>"}, "bounce"),
        ({"From": "MAILER-DAEMON"}, "bounce"),
        ({"From": "postmaster@x.example", "Return_Path": "<>"}, "bounce"),
        ({"From": "postmaster@x.example", "X_Failed_Recipients": "eva@x.example"}, "bounce"),
        ({"Subject": "Abwesenheitsnotiz: Angebot"}, "reply"),
        ({"Subject": "Automatische Antwort: Angebot"}, "reply"),
        ({"Subject": "Out of Office"}, "reply"),
        ({"Subject": "Out of Office AutoReply: Angebot"}, "reply"),
        ({"Subject": "Automatic reply: Angebot"}, "reply"),
        ({"Content_Type": "multipart/report; boundary=x; report-type=delivery-status"}, ""),
        ({"Subject": "Automatische Antwort: Angebot", "X_MS_Exchange_Inbox_Rules_Loop": "x"}, "reply"),
    ],
)
def test_machines(fields, reason):
    assert read(mail(**fields)).automatic == reason
    assert not reason or reason in REASONS


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Auto_Submitted": "no"},
        {"Subject": "Ich bin im Urlaub, danach das Angebot"},
        {"Subject": "Out of office furniture"},
        {"Subject": "AW: Abwesenheitsnotiz: Angebot"},
        {"Subject": "Automatische Türen"},
        {"From": "postmaster@x.example"},
        {"X_Auto_Response_Suppress": "DR, RN, NRN"},
        {"Precedence": "normal"},
        {"Return_Path": "<hans@hoefle.example>"},
        {"From": "post@x.example", "Reply_To": "postmaster@x.example"},
    ],
)
def test_people(fields):
    assert read(mail(**fields)).automatic == ""


STATUS = """Content-Type: message/delivery-status

Reporting-MTA: dns; mx.x.example

Final-Recipient: rfc822; gut@x.example
Action: relayed
Status: 2.0.0

Original-Recipient: rfc822;Eva@X.example
Final-Recipient: rfc822; eva@intern.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <eva@x.example>:
 User unknown
"""
RETURNED = "Content-Type: message/rfc822\n\nMessage-ID: <unsere@crm.example>\nSubject: Angebot\n\nText"


def report(*parts, kind="delivery-status"):
    return read(
        multipart("\nLeider nicht.", *parts, kind=f"report; report-type={kind}", From="mailer-daemon@x.example")
    )


def test_a_report_of_a_failed_delivery():
    found = report(STATUS, RETURNED)
    assert found.bounce == Bounce(
        "<unsere@crm.example>", "eva@x.example", "5.1.1", "550 5.1.1 <eva@x.example>: User unknown", True
    )
    assert (found.automatic, found.text, found.forwarded) == ("bounce", "Leider nicht.", ())


def test_a_delay_is_not_permanent():
    found = report(STATUS.replace("failed", "delayed").replace("5.1.1", "4.4.1"), RETURNED)
    assert (found.bounce.status, found.bounce.permanent) == ("4.4.1", False)


def test_headers_alone_may_come_back():
    returned = RETURNED.replace("message/rfc822", "text/rfc822-headers")
    assert report(STATUS, returned).bounce.original_message_id == "<unsere@crm.example>"


def test_a_success_is_no_bounce():
    assert report(STATUS.replace("failed", "delivered"), RETURNED).bounce is None


def test_a_bounce_in_words():
    text = """Hi. This is the qmail-send program.

The following address failed: <eva@x.example>
550 5.1.1 User unknown

--- Below this line is a copy of the message.

Message-ID: <unsere@crm.example>
Subject: Angebot"""
    found = read(mail(text, From="MAILER-DAEMON@x.example")).bounce
    assert found == Bounce("<unsere@crm.example>", "eva@x.example", "5.1.1", "550 5.1.1 User unknown", True)
    named = read(mail("Not delivered.", From="postmaster@x.example", X_Failed_Recipients="eva@x.example"))
    assert (named.bounce.recipient, named.bounce.permanent) == ("eva@x.example", False)


def test_the_server_was_told_of_a_null_sender():
    assert read(mail(), null_sender=True).automatic == "bounce"
    assert read(mail(Subject="Abwesenheitsnotiz: Angebot"), null_sender=True).automatic == "reply"


def test_words_that_say_nothing_are_no_bounce():
    found = read(mail("Guten Tag", From="mailer-daemon@x.example"))
    assert (found.automatic, found.bounce) == ("bounce", None)
