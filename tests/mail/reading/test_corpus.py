"""Real mails of 16 test suites, and what their own suites expect of them.

The collection lies beside the product, never in it. Where it is missing, these tests say so loudly.
"""

import csv
import datetime
import hashlib
import json
import warnings
from functools import cache
from pathlib import Path

import pytest

from crm.mail.reading import limits, read, reply
from crm.mail.reading.charsets import clean
from crm.mail.reading.references import numbers
from tests.mail.reading.test_properties import check

DATA = Path(__file__).resolve().parents[3] / "../shared/data"
MAILS, REPLIES = DATA / "mail", DATA / "mail-reply-text"
pytestmark = pytest.mark.usefixtures("collection")


@pytest.fixture
def collection():
    if not (MAILS.is_dir() and REPLIES.is_dir()):
        warnings.warn("SKIPPED, NOT CHECKED: ../shared/data/mail is not there.", stacklevel=1)
        pytest.skip("The collection of mails is not there; nothing was checked.")


@cache
def manifest() -> list[dict]:
    with (MAILS / "MANIFEST.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def mail(path: str):
    return read((MAILS / path).read_bytes())


def squeezed(text: str) -> str:
    return "".join(clean(text).split())


def test_every_mail_is_read():
    unreadable = [row["path"] for row in manifest() if check((MAILS / row["path"]).read_bytes()) is None]
    print(f"{len(manifest())} mails read, {len(unreadable)} of them are none")
    assert len(manifest()) == 629
    assert unreadable == []


def test_foreign_numbers_are_not_ours():
    assert [row["path"] for row in manifest() if numbers(mail(row["path"]).subject)] == []


def test_the_same_message_id_is_not_the_same_mail():
    """Of two mails with one Message-ID and different contents the fingerprints differ; copies share theirs."""
    by_id = {}
    for row in manifest():
        found = mail(row["path"])
        by_id.setdefault(found.message_id, {}).setdefault(found.fingerprint, set()).add(found.text)
    several = {key: prints for key, prints in by_id.items() if key and len(prints) > 1}
    print(f"{len(several)} Message-IDs stand for {sum(map(len, several.values()))} mails")
    assert len(several) > 20
    assert all(len(texts) == 1 for prints in by_id.values() for texts in prints.values())


# Where imap_tools says otherwise, and why that is right: (path without ending, what it differs in).
OTHERWISE = {
    # Names as addresses, or the group's name with them.
    ("error_emails/missing_body", "to"), ("mime_emails/raw_email11", "to"),
    ("plain_emails/mix_caps_content_type", "sender"), ("plain_emails/raw_email_with_at_display_name", "to"),
    ("rfc2822/example11", "to"), ("error_emails/encoding_madness", "reply_to"),
    # Each address once.
    ("attachment_emails/attachment_pdf", "to"), ("attachment_emails/attachment_pdf_lf", "to"),
    # A broken line in the header does not end it here.
    *(("plain_emails/raw_email_incorrect_header", what) for what in ("subject", "to", "text", "sender", "sent_at")),
    *(("rfc2822/example13", what) for what in ("subject", "to", "text")),
    # 3609 and 1969 are not believed.
    ("plain_emails/raw_email_bad_time", "sent_at"), ("rfc2822/example04", "sent_at"), ("rfc2822/example10", "sent_at"),
    # Eight-bit letters that imap_tools drops or takes for others.
    ("error_emails/invalid_subject_characters", "subject"), ("plain_emails/raw_email6", "text"),
    ("error_emails/content_transfer_encoding_plain", "text"), ("error_emails/content_transfer_encoding_7-bit", "text"),
    # A space between a plain and an encoded word.
    ("rfc2822/example14", "subject"),
    # A text that imap_tools does not decode, and texts of mails that came back with a report.
    *((name, "text") for name in (
        "attachment_2_base64", "mime_emails/raw_email_with_mimepart_without_content_type",
        "multipart_report_emails/multi_address_bounce1", "multipart_report_emails/multi_address_bounce2",
        "multipart_report_emails/multipart_report_multiple_status")),
}  # fmt: skip


def expectations():
    for path in sorted((MAILS / "imap_tools").glob("**/*.expected.json")):
        name = str(path.relative_to(MAILS / "imap_tools")).removesuffix(".expected.json")
        yield name, json.loads(path.read_text()), mail(f"imap_tools/{name}.eml")


def opened(outer) -> list:
    """A mail and all mails in it."""
    return [outer, *(one for inner in outer.forwarded for one in opened(inner))]


def moment(text: str) -> datetime.datetime | None:
    """repr of a datetime; 1900 stands for none."""
    value = eval(text, {"datetime": datetime})
    return None if value.year == 1900 else value if value.tzinfo else value.replace(tzinfo=datetime.UTC)


def test_what_imap_tools_expects():
    differ, compared, texts = set(), 0, 0
    for name, wanted, found in expectations():
        pairs = {
            "subject": (" ".join(clean(wanted["subject"]).split()), found.subject),
            "sender": (wanted["from_"].lower(), found.sender.email if found.sender else ""),
            "to": ([one.lower() for one in wanted["to"]], [one.email for one in found.to]),
            "cc": ([one.lower() for one in wanted["cc"]], [one.email for one in found.cc]),
            "reply_to": ([one.lower() for one in wanted["reply_to"]], [one.email for one in found.reply_to]),
            "sent_at": (moment(wanted["date"]), found.sent_at),
        }
        if wanted["text"].strip():
            # They count the texts of mails in a mail as its own.
            whole = squeezed("".join(one.text for one in opened(found)))
            text = squeezed(found.text)
            pairs["text"] = (squeezed(wanted["text"]), whole if squeezed(wanted["text"]) == whole else text)
            texts += 1
        compared += len(pairs)
        differ |= {(name, what) for what, (theirs, ours) in pairs.items() if theirs != ours}
    print(f"imap_tools: {compared} values and {texts} texts of 113 mails, {len(differ)} differ, each with a reason")
    assert differ == OTHERWISE
    assert (compared, texts) == (774, 96)


def test_the_files_that_imap_tools_expects():
    """All their files are ours, byte by byte, but mails, whose files belong to them, and texts that we show."""
    wanted_all, missing = 0, []
    for name, wanted, found in expectations():
        ours = {hashlib.sha256(file.content).hexdigest() for one in opened(found) for file in one.attachments}
        for file in wanted["attachments"]:
            if file["content_type"] != "message/rfc822":
                wanted_all += 1
                if file["payload"]["bytes_sha256"] not in ours:
                    missing.append((name, file["content_type"]))
    print(f"imap_tools: {wanted_all} files, {len(missing)} not found as files")
    # Of a mail that came back, and two texts that are shown as text.
    assert {name for name, _kind in missing} == {
        "multipart_report_emails/multipart_report_multiple_status",
        "text_with_content_id",
    }
    assert (wanted_all, len(missing)) == (37, 3)


def test_new_text_by_email_reply_trimmer():
    exact, spaced, names = 0, 0, sorted(p.name for p in (REPLIES / "email_reply_trimmer/trimmed").glob("*.txt"))
    for name in names:
        text = clean((REPLIES / "email_reply_trimmer/emails" / name).read_text())
        wanted = (REPLIES / "email_reply_trimmer/trimmed" / name).read_text()
        new, _signature = reply.split(text)
        exact += new.strip() == wanted.strip()
        spaced += squeezed(new) == squeezed(wanted)
    print(f"email_reply_trimmer: {len(names)} texts, {exact} exactly as expected, {spaced} but for spaces")
    assert len(names) == 64
    assert (exact, spaced) >= (60, 61)


def test_new_text_by_talon():
    found = {p.name: read(p.read_bytes()).reply for p in (REPLIES / "talon/standard_replies").glob("*.eml")}
    print(f"talon: {len(found)} answers of mail programs")
    assert len(found) == 12
    assert set(found.values()) == {"Hello"}


def test_every_text_is_split():
    paths = [p for p in REPLIES.rglob("*") if p.is_file() and p.suffix in {".txt", ".eml", ".html", ""}]
    for path in paths:
        text = clean(path.read_bytes().decode("utf-8", errors="replace"))[: limits.TEXT]
        new, signature = reply.split(text)
        assert len(new) + len(signature) <= 2 * len(text) + 10
    print(f"{len(paths)} texts")
    assert len(paths) >= 374
