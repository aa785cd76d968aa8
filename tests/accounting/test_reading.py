"""Bank files as banks give them, and as nobody should."""

import contextlib
import datetime
import io
import time
import tracemalloc
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.accounting.statements import bankcsv, camt
from crm.accounting.statements.entries import Unreadable, keys
from tests.accounting import files
from tests.accounting.files import ACCOUNT, BANKS, entry


def test_a_camt_file():
    read = camt.read(files.camt(entry(), entry("99.90", sign="DBIT", name="Stadtwerke", purpose=["Strom", "Nov"])))
    paid, spent = read.entries
    assert (paid.account, paid.amount, paid.currency) == (ACCOUNT, Decimal("1190.00"), "EUR")
    assert (paid.name, paid.iban) == ("Höfle Verpackungstechnik GmbH", "DE02120300000000202051")
    assert (paid.purpose, paid.reference, paid.end_to_end) == ("RE-2026-00001", "2026112400001", "")
    assert (paid.booked_on, paid.kind) == (datetime.date(2026, 11, 20), "SEPA-UEBERWEISUNG")
    assert (spent.amount, spent.name, spent.purpose) == (Decimal("-99.90"), "Stadtwerke", "Strom Nov")


def test_newer_versions_say_the_same():
    new = camt.read(files.camt(entry(version=8), version="08")).entries
    assert new == camt.read(files.camt(entry())).entries


def test_what_is_not_booked_yet_is_left_out():
    read = camt.read(files.camt(entry(status="PDNG"), entry()))
    assert (len(read.entries), read.pending) == (1, 1)


def test_a_collective_entry_is_taken_apart():
    parts = "".join(
        f"<TxDtls><Refs><EndToEndId>E{i}</EndToEndId></Refs><Amt Ccy='EUR'>{amount}</Amt><RltdPties><Dbtr><Nm>Kunde "
        f"{i}</Nm></Dbtr></RltdPties><RmtInf><Ustrd>RE-{i}</Ustrd></RmtInf></TxDtls>"
        for i, amount in enumerate(("100.00", "50.00"))
    )
    both = camt.read(files.camt(entry("150.00", details=parts))).entries
    assert [(e.amount, e.name, e.purpose, e.end_to_end) for e in both] == [
        (Decimal("100.00"), "Kunde 0", "RE-0", "E0"),
        (Decimal("50.00"), "Kunde 1", "RE-1", "E1"),
    ]
    [whole] = camt.read(files.camt(entry("151.00", details=parts))).entries
    assert whole.amount == Decimal("151.00"), "parts that do not add up are not believed"


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghi"))
    + "]>"
)
HOSTILE = {
    "entities": files.camt(entry(purpose="&i;"), head=LAUGHS),
    "external entity": files.camt(entry(purpose="&x;"), head='<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
    "external dtd": files.camt(entry(), head='<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd">'),
    "cut off": io.BytesIO(files.camt(entry()).getvalue()[:-200]),
    "not xml": io.BytesIO(b"<<<"),
    "empty": io.BytesIO(b""),
    "another message": files.camt(entry(), root="BkToCstmrAcctRpt"),
    "html": io.BytesIO(b"<html><body>Login</body></html>"),
    "deep": io.BytesIO(b"<a>" * 100_000 + b"</a>" * 100_000),
    "no amount": files.camt(entry("viel")),
    "infinite": files.camt(entry("1e999999")),
    "NaN": files.camt(entry("NaN")),
    "too large": files.camt(entry("99999999999999")),
    "tenths of cents": files.camt(entry("1.005")),
    "no date": files.camt(entry(day="gestern")),
    "other centuries": files.camt(entry(day="0001-01-01")),
    "no direction": files.camt(entry(sign="UP")),
    "wrong encoding": io.BytesIO(b'<?xml version="1.0" encoding="nonsense"?><a/>'),
    "encoding that the parser does not take": io.BytesIO(b'<?xml version="1.0" encoding="utf-7"?><a/>'),
    "bytes": io.BytesIO(b'<?xml version="1.0" encoding="UTF-8"?><a>\xff\xfe</a>'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_or_broken_file_is_refused_with_a_sentence(name):
    file = HOSTILE[name]
    begun = time.monotonic()
    with pytest.raises(Unreadable) as refused:
        camt.read(file)
    assert str(refused.value).endswith(".")
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("read", "begin"),
    [(camt.read, files.camt().getvalue()), (bankcsv.inspect, b"Buchungstag;Betrag;Verwendungszweck\n")],
)
def test_fifty_megabytes_are_refused_before_they_are_read(read, begin):
    file = io.BytesIO(begin + b" " * (50 * 1024 * 1024 - len(begin)))
    tracemalloc.start()
    with pytest.raises(Unreadable, match="MB"):
        read(file)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_many_entries_need_little_memory():
    file = files.camt(*(entry(ref=str(i)) for i in range(5000)))
    tracemalloc.start()
    assert len(camt.read(file).entries) == 5000
    assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_mutated_file_is_read_or_refused(data):
    content = bytearray(files.camt(entry(), entry("99.90", sign="DBIT")).getvalue())
    for _change in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=20))
    with contextlib.suppress(Unreadable):
        camt.read(io.BytesIO(bytes(content)))


# ── CSV ─────────────────────────────────────────────────────────────────────────────────────────────
def csv(text: str, encoding="utf-8") -> io.BytesIO:
    return io.BytesIO(text.encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-8-sig"])
@pytest.mark.parametrize("bank", BANKS)
def test_a_banks_csv_is_read_without_a_word(bank, encoding):
    file = csv(BANKS[bank].replace("€", "EUR"), encoding)
    mapping = bankcsv.inspect(file)
    assert bankcsv.problems(mapping) == []
    read = bankcsv.read(file, mapping)
    first = read.entries[0]
    assert (first.account, first.amount, first.currency) == (ACCOUNT, Decimal("1190.00"), "EUR")
    assert first.booked_on == datetime.date(2026, 11, 20)
    assert first.name.startswith("Höfle")
    assert "RE-2026-00001" in first.purpose
    assert first.iban == ("" if bank == "ING" else "DE02120300000000202051")
    if len(read.entries) > 1:
        assert (read.entries[1].amount, read.entries[1].name) == (Decimal("-99.90"), "Stadtwerke")
    assert read.pending == (1 if bank == "Sparkasse" else 0)


def test_an_unknown_table_needs_a_hand():
    file = csv("Tag;Wieviel;Wer\n20.11.2026;12,50;Höfle\n")
    mapping = bankcsv.inspect(file)
    assert len(bankcsv.problems(mapping)) == 4
    mapping["fields"] = {"booked_on": 0, "amount": 1, "name": 2}
    mapping["account"] = ACCOUNT
    assert bankcsv.problems(mapping) == []
    assert bankcsv.read(file, mapping).entries[0].amount == Decimal("12.50")


@pytest.mark.parametrize(
    ("row", "said"),
    [("32.13.2026;1,00;x", "Row 2"), ("20.11.2026;viel;x", "Row 2"), ("20.11.2026;1,005;x", "Row 2")],
)
def test_what_cannot_be_read_is_said_with_its_row(row, said):
    file = csv(f"Buchungstag;Betrag;Verwendungszweck\n{row}\n")
    mapping = bankcsv.inspect(file) | {"account": ACCOUNT, "mark": ","}
    with pytest.raises(Unreadable) as refused:
        bankcsv.read(file, mapping)
    assert "2" in str(refused.value)


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n\0\0", b"%PDF-1.7", b"PK\x03\x04kaputt", b"\0\1\2\3" * 999]
)
def test_no_table_is_refused(content):
    with pytest.raises(Unreadable):
        bankcsv.read(io.BytesIO(content), bankcsv.inspect(io.BytesIO(content)))


# ── the same entry ──────────────────────────────────────────────────────────────────────────────────
def test_the_same_entry_has_the_same_key_and_twins_have_two():
    once = camt.read(files.camt(entry(), entry())).entries
    again = camt.read(files.camt(entry(purpose="re-2026 00001"), version="08")).entries
    assert len(set(keys(once))) == 2
    assert keys(again) == keys(once)[:1]
    assert keys(camt.read(files.camt(entry(ref="other"))).entries) != keys(again)
