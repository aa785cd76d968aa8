"""Letters as PDF: the form of DIN 5008, archivable, and deaf to what its texts say."""

import io
import re
import time
from contextlib import suppress
from xml.etree import ElementTree

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.template import engines
from PIL import Image
from pypdf import PdfReader

from crm.core.refusals import Refused
from crm.papers import letter
from crm.papers.letter import CannotDraw, Letter, Sender

MM = 72 / 25.4
BODY = (
    '{% extends "papers/letter.html" %}{% block content %}<p class="lines">{{ text }}</p>'
    '<table class="lines-table"><thead><tr><th>Was</th><th class="num amount">Betrag</th></tr></thead><tbody>'
    '{% for sum in sums %}<tr class="line" data-sum="{{ sum }}" data-so-far="Zwischensumme" data-brought="Übertrag">'
    '<td>Posten {{ forloop.counter }}</td><td class="num">10,00</td></tr>{% endfor %}</tbody></table>'
    '<table class="totals"><tr><th>Summe</th><td>viel</td></tr></table>{% endblock %}'
)


@pytest.fixture(autouse=True)
def template(monkeypatch):
    """A template of the tests, under the name test.html."""
    source = engines["django"].from_string(BODY)
    monkeypatch.setattr(letter, "render_to_string", lambda name, context: source.render(context))


def make(*, text="Guten Tag", sums=(), logo=b"", language="de", **changes):
    sender = Sender(
        name="Nordlicht GmbH",
        return_line="Nordlicht GmbH · Hafenstraße 12 · 24103 Kiel",
        footer=(("Nordlicht GmbH", "Hafenstraße 12"), ("USt-IdNr. DE123456789",)),
        logo=logo,
    )
    facts = {
        "recipient": ("Bergmann & Söhne GmbH", "Industriestraße 5", "70565 Stuttgart"),
        "title": "Rechnung RE-1",
        "info": (("Nummer", "RE-1"),),
    }
    paper = Letter(sender=sender, **(facts | changes))
    return letter.render("test.html", {"letter": paper, "text": text, "sums": sums}, language)


def pages(pdf) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def position(pdf, words) -> tuple[float, float]:
    """Where a text begins on the first page: millimetres from the left and from the top."""
    found = []

    def visit(text, matrix, text_matrix, font, size):
        if text.strip().startswith(words):
            x, y = text_matrix[4], text_matrix[5]
            found.append((matrix[0] * x + matrix[4], matrix[3] * y + matrix[5]))

    page = PdfReader(io.BytesIO(pdf)).pages[0]
    page.extract_text(visitor_text=visit)
    x, y = found[0]
    return x / MM, 297 - y / MM


def test_the_address_stands_in_the_window_and_the_information_beside_it():
    pdf = make()
    x, y = position(pdf, "Bergmann")
    assert 24.5 < x < 25.5  # DIN 5008 form B: the address 25 from the left …
    assert 62.7 < y < 72  # … in the zone that begins 62.7 from the top
    assert position(pdf, "70565")[1] < 90  # and ends at 90
    assert position(pdf, "Nordlicht GmbH · Hafen")[1] < 62.7
    x, y = position(pdf, "Nummer")
    assert 124.5 < x < 126
    assert 50 < y < 60
    assert position(pdf, "Rechnung RE-1")[1] > 98


@pytest.mark.parametrize(
    "recipient",
    [
        (*(f"Zeile {n} der Anschrift" for n in range(1, 7)), "70565 Ort"),
        ("Gesellschaft mit einem langen Namen GmbH & Co. KG " * 4, "Anna " * 30, "Straße " * 20, "70565 Ort", "LAND"),
        (*["Gesellschaft mit einem langen Namen GmbH & Co. KG " * 4] * 4, "70565 Ort"),
    ],
)
def test_of_a_long_address_the_place_is_in_the_window(recipient):
    assert position(make(recipient=recipient), "70565")[1] < 90


def test_a_long_name_stands_in_the_window_as_a_whole():
    name = "Gesellschaft für außerordentlich lange Firmennamen und deren Abkürzung in Anschriften mbH & Co. KG aA"
    pdf = make(recipient=(name, "Frau Dr. Anna Müller", "Straße des siebzehnten Juni 135 Hinterhaus", "70565 Ort"))
    assert name in " ".join(pages(pdf)[0].split())
    assert position(pdf, "70565")[1] < 90


def test_the_pdf_is_made_for_archives_with_its_fonts_inside():
    reader = PdfReader(io.BytesIO(make()))
    metadata = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    assert re.search(r'pdfaid:part[>="]+3', metadata)
    assert re.search(r'pdfaid:conformance[>="]+B', metadata)
    assert reader.trailer["/Root"]["/OutputIntents"]
    fonts = [f.get_object() for page in reader.pages for f in page["/Resources"]["/Font"].values()]
    assert {re.sub(r"^/[A-Z]{6}\+", "", f["/BaseFont"]) for f in fonts} == {"Inter", "Inter-Semi-Bold"}
    assert all("/FontFile2" in d.get_object()["/FontDescriptor"] for font in fonts for d in font["/DescendantFonts"])


def test_heads_repeat_and_sums_are_carried_over_the_pages():
    sums = [f"{n},00" for n in range(1001, 1081)]
    texts = pages(make(sums=sums))
    assert len(texts) == 4
    last_of_page = [max(map(int, re.findall(r"Posten (\d+)", text))) for text in texts]
    assert last_of_page[-1] == 80
    for number, text in enumerate(texts):
        assert text.count("Was") == 1, "the head of the table"
        carried = re.search(r"Übertrag\s+(\d+),00", text)
        so_far = re.search(r"Zwischensumme\s+(\d+),00", text)
        assert (int(carried[1]) if carried else None) == (1000 + last_of_page[number - 1] if number else None)
        assert (int(so_far[1]) if so_far else None) == (1000 + last_of_page[number] if number < 3 else None)


def test_every_page_has_its_number_and_the_company():
    texts = pages(make(sums=["1"] * 60, running_title="Rechnung RE-1 vom 24.11.2026"))
    for number, text in enumerate(texts, 1):
        assert f"Seite {number} von {len(texts)}" in text
        assert "USt-IdNr. DE123456789" in text
        assert ("Rechnung RE-1 vom 24.11.2026" in text) == (number > 1)


def test_english():
    assert "Page 1 of 1" in pages(make(language="en"))[0]
    with pytest.raises(ValueError, match="'fr'"):
        make(language="fr")


def picture(form):
    content = io.BytesIO()
    Image.new("RGB", (60, 20), "navy").save(content, form)
    return content.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_the_logo_stands_in_place_of_the_name(form):
    page = PdfReader(io.BytesIO(make(logo=picture(form)))).pages[0]
    assert len(page.images) == 1


def test_a_logo_may_be_drawn_by_lines():
    plain, drawn = (
        PdfReader(io.BytesIO(make(logo=logo))).pages[0].get_contents().get_data()
        for logo in (
            b"",
            b'<?xml version="1.0"?><!-- x --><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 3 1">'
            b'<rect width="3" height="1" fill="#123456"/></svg>',
        )
    )
    colour = b"0.070588 0.203922 0.337255 rg"
    assert colour not in plain
    assert colour in drawn


def test_a_hostile_logo_fetches_nothing(traps):
    """An SVG may name others, and a picture may be broken: the letter is drawn without."""
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    tried = 0
    for payload in traps.payloads():
        svg = f"<svg {names}>{payload}</svg>"
        with suppress(ElementTree.ParseError):  # what is no XML is no picture either
            ElementTree.fromstring(svg)
            make(logo=svg.encode())
            tried += 1
    assert tried > 30
    bomb = b'<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
    )
    for logo in (
        b"<?xml version='1.0'?>" + bomb + b"]><svg><text>&j;</text></svg>",
        b"\x89PNG\r\n\x1a\nbroken",
        b"GIF89a",
        b"<svg",
    ):
        assert len(PdfReader(io.BytesIO(make(logo=logo))).pages[0].images) == 0
    assert (traps.calls, traps.opened) == ([], [])


# ── texts that want something ───────────────────────────────────────────────────────────────────────
def test_hostile_texts_are_text(traps, asked):
    """In every field of the letter, many at once: nothing is even asked for, and the reader sees what was typed."""
    payloads = traps.payloads()
    assert len(payloads) >= 60
    bundles = [payloads[start : start + 8] for start in range(0, len(payloads), 8)]
    for bundle in bundles:
        text = "\n".join(bundle)
        info = tuple((payload, payload) for payload in bundle)
        make(text=text, title=text, running_title=text, recipient=tuple(bundle), info=info, sums=bundle)
    assert sum(map(len, bundles)) == len(payloads)
    assert "<img src=" in "".join(pages(make(text=payloads[0])))
    assert (asked, traps.calls, traps.opened) == ([], [], [])


def test_hostile_html_fetches_nothing_even_unescaped(traps, asked):
    """Should a template forget to escape: the second wall holds alone."""
    for payload in traps.payloads():
        letter.draw(f"<!DOCTYPE html><html><head></head><body><p>x</p>{payload}</body></html>")
    assert len(asked) > 40
    assert (traps.calls, traps.opened) == ([], [])


def test_the_traps_work(traps):
    """With WeasyPrint's own fetcher the same payloads call and read, else the two tests above show nothing."""
    from weasyprint import HTML

    for payload in traps.payloads()[:30]:
        HTML(string=f"<body>{payload}</body>").write_pdf()
    assert len(traps.calls) > 5
    assert len(traps.opened) > 3


def test_a_fatal_error_of_the_drawing_is_an_ordinary_one(monkeypatch):
    from weasyprint.urls import FatalURLFetchingError

    from crm.papers.fetcher import OwnFilesFetcher

    def fatal(self, url, headers=None):
        raise FatalURLFetchingError("stop")

    assert not issubclass(FatalURLFetchingError, Exception)
    monkeypatch.setattr(OwnFilesFetcher, "fetch", fatal)
    with pytest.raises(CannotDraw, match="stop"):
        letter.draw("<img src='logo:sender'>")


def test_without_the_libraries_it_is_a_sentence(monkeypatch):
    def no_library():
        raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(letter, "_form", no_library)
    assert issubclass(CannotDraw, Refused)  # which a page shows
    with pytest.raises(CannotDraw, match="libpango"):
        letter.draw("x")


@pytest.mark.parametrize("name", ["../crm/settings.py", "/etc/passwd", "no-such.css", "", "theme.js", "a\0b.css"])
def test_only_style_sheets_and_fonts_of_ours_are_served(name, traps, settings):
    from crm.papers.fetcher import OwnFilesFetcher

    for settings.WHITENOISE_USE_FINDERS in (True, False):
        with pytest.raises((ValueError, SuspiciousFileOperation)):
            OwnFilesFetcher().fetch(f"static:{name}")


def test_production_takes_the_collected_files(settings, tmp_path):
    from crm.papers.fetcher import static_path

    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.css").write_text("")
    (tmp_path / "b.css").write_text("")
    settings.WHITENOISE_USE_FINDERS, settings.STATIC_ROOT = False, tmp_path / "static"
    assert static_path("a.css") == tmp_path / "static" / "a.css"
    assert static_path("../b.css") is None


@pytest.mark.parametrize(
    "text",
    [
        "x" * 4000,
        "\u202eRTL\u202c שלום",
        "🙂 Łódź Ελλάδα Київ",
        "\n" * 500,
        "a\u200bb\ufeff",
        "\x07\x00 Glocke",
        "𝕬" * 300,
    ],
)
def test_odd_texts_are_drawn(text):
    assert pages(make(text=text))


def test_a_three_page_letter_costs_less_than_a_second():
    make()  # style sheet and fonts are read once in a process
    started = time.process_time()
    pdf = make(sums=[f"{n},00" for n in range(50)])
    spent = time.process_time() - started
    assert len(pages(pdf)) == 3
    assert spent < 1, f"{spent:.2f} s"
