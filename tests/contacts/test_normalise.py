"""What people type in many notations is kept in one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts import normalise


@pytest.mark.parametrize(
    ("typed", "country", "kept"),
    [
        ("030/1234", "DE", "+49301234"),
        ("030/1234", "", "+49301234"),
        ("+49 (0)7191 555-0117", "DE", "+4971915550117"),
        ("0049 171 1234567", "", "+491711234567"),
        ("0664 1234567", "AT", "+436641234567"),
        ("044 668 18 00", "CH", "+41446681800"),
        ("030 1234", "XX", "+49301234"),
        ("  112 ", "", "112"),
        ("12", "DE", "12"),
        ("0711 123 ext 5", "DE", "0711 123 ext 5"),
        ("0711 1234 / 0171 5678", "DE", "0711 1234 / 0171 5678"),
        ("Zentrale, dann  Frau Kurz", "", "Zentrale, dann Frau Kurz"),
        ("", "", ""),
    ],
)
def test_phone(typed, country, kept):
    assert normalise.phone(typed, country) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" MAILTO:A.B@Höfle.example ", "a.b@höfle.example"),
        ("mailto:A@B.example", "a@b.example"),
        ("<a@b.example>", "a@b.example"),
        ("", ""),
    ],
)
def test_email(typed, kept):
    assert normalise.email(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("www.Hoefle.example", "https://www.hoefle.example"),
        ("HTTP://a.example/", "http://a.example"),
        ("a.example/Path?x=1", "https://a.example/Path?x=1"),
        ("https://a.example:8080/x", "https://a.example:8080/x"),
        ("münchen.example", "https://münchen.example"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("javascript://a.example/%0aalert(1)", "javascript://a.example/%0aalert(1)"),
        ("http://user:word@a.example", "http://user:word@a.example"),
        ("keine", "keine"),
        ("", ""),
    ],
)
def test_website(typed, kept):
    assert normalise.website(typed) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Deutschland", "DE"),
        ("germany", "DE"),
        ("de", "DE"),
        ("D", "DE"),
        ("DEU", "DE"),
        ("Österreich", "AT"),
        ("Oesterreich", "AT"),
        ("UK", "GB"),
        ("Vereinigte Staaten", "US"),
        ("", ""),
    ],
)
def test_country(typed, code):
    assert normalise.country(typed) == code


def test_an_unknown_country_is_said():
    with pytest.raises(ValueError, match="Atlantis"):
        normalise.country("Atlantis")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Höfle Verpackungstechnik GmbH & Co. KG", "GmbH & Co. KG"),
        ("Müller AG", "AG"),
        ("Foo UG (haftungsbeschränkt)", "UG (haftungsbeschränkt)"),
        ("Bar e.K.", "e.K."),
        ("Alpha S.à r.l.", "S.à r.l."),
        ("A SE & Co. KGaA", "SE & Co. KGaA"),
        ("Beta, Inc.", "Inc."),
        ("SE", ""),
        ("Gasag", ""),
        ("Kölnmesse", ""),
        ("", ""),
    ],
)
def test_legal_form(name, form):
    assert normalise.legal_form(name) == form


@pytest.mark.parametrize(
    ("typed", "country", "kept", "right"),
    [
        ("de 136 695 976", "", "DE136695976", True),
        ("136695976", "DE", "DE136695976", True),
        ("DE136695977", "DE", "DE136695977", False),
        ("DE12", "DE", "DE12", False),
        ("ATU13585627", "AT", "ATU13585627", True),
        ("EL 094259216", "GR", "EL094259216", True),
        ("CHE-123.456.788", "CH", "CHE123456788", True),
        ("ohne", "", "OHNE", True),
        ("", "", "", True),
    ],
)
def test_vat_id(typed, country, kept, right):
    assert normalise.vat_id(typed, country) == kept
    assert (normalise.vat_problem(kept) == "") is right


@given(st.text(max_size=60), st.text(max_size=3))
def test_nothing_typed_breaks_anything_and_twice_is_once(text, country):
    for once in (normalise.email, normalise.website, normalise.line):
        assert once(once(text)) == once(text)
    assert normalise.phone(normalise.phone(text, country), country) == normalise.phone(text, country)
    assert normalise.vat_id(normalise.vat_id(text)) == normalise.vat_id(text)
    assert isinstance(normalise.legal_form(text), str)
    assert isinstance(normalise.vat_problem(text), str)
