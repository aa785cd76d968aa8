"""Every page: a swap equals a reload, one heading, a title, a language, nothing inline, never kept by a cache."""

import re
from html.parser import HTMLParser

import pytest

from tests.contracts.access import VISITOR, Matrix
from tests.contracts.pageforms import read

# Somebody else's HTML in a frame (tests/mail/test_handling.py): no page of ours.
FOREIGN = {"mail:body"}
# Outside the frame, or Django's own: nothing on a page asks htmx for them.
NEVER_SWAPPED = {"password_change", "login", "public-form", "public-form-thanks", "quote-link"}


class Outline(HTMLParser):
    """What a page is made of: headings, title, language, and what the content policy would stop."""

    def __init__(self, html: str):
        super().__init__()
        self.headings, self.title, self.language, self.inline = 0, "", "", []
        self.in_title = False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.headings += tag == "h1"
        self.in_title = tag == "title" or self.in_title
        if tag == "html":
            self.language = attrs.get("lang")
        if tag == "style" or (tag == "script" and "src" not in attrs and attrs.get("type") != "application/json"):
            self.inline.append(f"<{tag}>")
        self.inline += [f"{tag} {name}" for name in attrs if name == "style" or re.fullmatch(r"on[a-z]+", name)]

    def handle_data(self, data):
        if self.in_title:
            self.title += data.strip()

    def handle_endtag(self, tag):
        if tag == "title":
            self.in_title = False


def pages(world, role):
    """(matrix, cell, the visitor's answer) of every address that answers a whole page."""
    matrix = Matrix(world)
    for cell in matrix.allowed(role, "get"):
        answer = matrix.send(cell)
        if answer.status < 300 and answer.is_html and cell.route.name not in FOREIGN:
            yield matrix, cell, answer


@pytest.mark.parametrize("role", ["admin", "rep", VISITOR])
def test_every_page_is_whole(world, role):
    wrong, looked_at = [], 0
    for _matrix, cell, answer in pages(world, role):
        looked_at += 1
        outline = Outline(answer.text)
        policy = answer.headers.get("Content-Security-Policy", "")
        checks = {
            f"{outline.headings} h1": outline.headings == 1,
            "no title": outline.title.strip(" ·"),
            "no language": outline.language in ("de", "en"),
            f"inline: {outline.inline[:3]}": not outline.inline,
            f"policy: {policy}": "default-src 'none'" in policy and "unsafe" not in policy,
            "kept by caches": "no-store" in answer.headers.get("Cache-Control", ""),
            "type guessed": answer.headers.get("X-Content-Type-Options") == "nosniff",
        }
        wrong += [f"{cell}: {what}" for what, right in checks.items() if not right]
    assert not wrong, "\n".join(wrong)
    assert looked_at >= (3 if role == VISITOR else 20)


@pytest.mark.parametrize("role", ["admin", "rep"])
def test_a_swap_equals_a_reload(world, role):
    """What htmx gets for an address is what the visitor's page of that address contains."""
    wrong, looked_at = [], 0
    for matrix, cell, answer in pages(world, role):
        if cell.route.name in NEVER_SWAPPED:
            continue
        part = matrix.send(cell, part=True)
        if part.status == 200 and "HX-Redirect" in part.headers:
            continue
        looked_at += 1
        if "HX-Retarget" in part.headers or part.text.lstrip().startswith('<div class="fact"'):
            # A dialog, or a form in a fact's place: its frame differs, what it asks does not.
            asked = [(f.method, f.action, sorted(f.fields)) for f in read(part.text, cell.url).forms if f.fields]
            whole = [(f.method, f.action, sorted(f.fields)) for f in read(answer.text, cell.url).forms if f.fields]
            if any(form not in whole for form in asked):
                wrong.append(f"{cell}: the dialog asks {asked}, its page {whole}")
        elif part.text.strip() not in answer.text:
            wrong.append(f"{cell}: the part is not in the page; {difference(part.text, answer.text)}")
        elif "<html" in part.text:
            wrong.append(f"{cell}: htmx gets the whole page")
        elif "HX-Request" not in part.headers.get("Vary", ""):
            wrong.append(f"{cell}: a cache would mix part and page (Vary)")
    assert not wrong, "\n".join(wrong)
    assert looked_at >= 20


def difference(part: str, page: str) -> str:
    """The first line of `part` that `page` lacks."""
    return next((f"lacks {line.strip()[:160]!r}" for line in part.splitlines() if line.strip() not in page), "order")
