"""A letter as PDF: a template and what is to stand in it become bytes. Knows no area and no database."""

import atexit
import threading
from dataclasses import dataclass
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from crm.core.refusals import Refused

LANGUAGES = ("de", "en")
# Letters in a row of the address window and rows in it, by the sizes of static/letter.css.
ADDRESS_SIZES = {"": (38, 6), "small": (43, 7), "smaller": (56, 11)}
# Fontconfig and Pango keep state for the process; one letter at a time costs nothing, as drawing holds the GIL anyway.
_DRAWING = threading.Lock()


class CannotDraw(Refused):
    """A letter could not be made: the libraries are missing, or what is to be drawn breaks the drawing."""


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who writes, as it stands on the paper.

    `return_line`: the small line above the address; `footer`: columns of lines at the foot of every page; `logo`: the
    bytes of a PNG, JPEG or SVG; without one the name is set in its place.
    """

    name: str
    return_line: str
    footer: tuple[tuple[str, ...], ...] = ()
    logo: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What every letter has, after DIN 5008.

    `recipient`: the lines of the address window (nine fit); `info`: label and value of the information block;
    `running_title`: what stands at the head of the following pages, else the title; `watermark`: a word across the
    first page ("Draft").
    """

    sender: Sender
    recipient: tuple[str, ...]
    title: str
    running_title: str = ""
    info: tuple[tuple[str, str], ...] = ()
    watermark: str = ""

    @property
    def address_size(self) -> str:
        """How small the address has to be to stand in its window as a whole: "", "small", "smaller"; else "cut"."""
        for size, (width, most) in ADDRESS_SIZES.items():
            if sum(-(-len(line) // width) for line in self.recipient) <= most:
                return size
        return "cut"


def render(template: str, context: dict, language: str) -> bytes:
    """The PDF (PDF/A-3b) of a template that extends papers/letter.html.

    `context["letter"]` is a Letter; the rest is the template's own. Texts are escaped by the template, and whatever
    they contain, nothing is fetched but our static files and the sender's logo. `language` is "de" or "en".
    Takes CPU for some tenths of a second: call it in a worker. Raises CannotDraw.
    """
    if language not in LANGUAGES:
        raise ValueError(f"Letters are written in {LANGUAGES}, not in {language!r}.")
    with translation.override(language):
        html = render_to_string(template, {**context, "language": language})
    return draw(html, logo=context["letter"].sender.logo)


def draw(html: str, *, logo: bytes = b"") -> bytes:
    """A page of HTML as PDF/A-3b, in the form of static/letter.css. Raises CannotDraw."""
    with _DRAWING:
        try:
            from weasyprint import HTML

            from crm.papers.fetcher import OwnFilesFetcher

            style, fonts = _form()
            document = HTML(string=html, base_url=None, url_fetcher=OwnFilesFetcher(logo))
            return document.write_pdf(stylesheets=[style], font_config=fonts, pdf_variant="pdf/a-3b")
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        # WeasyPrint has a fatal error that is no Exception; none of them may end a worker.
        except BaseException as error:
            raise CannotDraw(_("The PDF could not be made: %(why)s") % {"why": error}) from error


@lru_cache(maxsize=1)
def _form():
    """The style sheet and the fonts, read once: unpacking the fonts takes longer than a page."""
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    from crm.papers.fetcher import OwnFilesFetcher

    fonts = FontConfiguration()
    # Its folder of unpacked fonts is removed while Python still can.
    atexit.register(_form.cache_clear)
    return CSS(url="static:letter.css", font_config=fonts, url_fetcher=OwnFilesFetcher()), fonts
