"""HTML of others, made harmless: what may stay is listed, everything else goes. And HTML as text.

The page shows the result in a sandboxed frame under a policy of its own; this is the first of two walls. lxml reads
(it holds its depth, where nh3 alone takes minutes for 100,000 open tags), pictures are blocked and quotes folded in
its tree, and nh3 has the last word about what is written.
"""

import re
from collections.abc import Callable
from html import escape, unescape

import nh3
from lxml import etree

from crm.mail.reading.allowed import APART, ATTRIBUTES, BLOCKS, DROPPED, STYLES, TAGS
from crm.mail.reading.charsets import clean

# Functions other than colours can load something, and a backslash can write them in disguise.
_GOOD_STYLE = re.compile(r"(?:\b(?:rgb|hsl)a?\([\d\s.,%/]+\)|[^()\\@])*+", re.IGNORECASE)
_CLEANER = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags=DROPPED,
    attributes=ATTRIBUTES,
    url_schemes={"http", "https", "mailto", "tel"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
    allowed_classes={"details": {"history"}},
    filter_style_properties=STYLES,
    strip_comments=True,
)
_ATTRIBUTE = r"""[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*"|'[^']*'|[^\s>"'][^\s>]*+)?)?"""
_CROWDED = re.compile(rf"<[A-Za-z][^\s/>]*+(?:{_ATTRIBUTE}){{1000}}+")
_REMOTE = re.compile(r"https?://[^\s\"'<>]{1,4000}", re.IGNORECASE)
_DRAWN = re.compile(r"data:image/(png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=]+", re.IGNORECASE)
_BLOCKED = re.compile(r'<img data-src="([^"]*)"')
_TAG = re.compile(r"<[^<>]*>")
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n]+")
# What mail programs put around the mail that is answered; of those with an id, all that follows belongs to it.
_QUOTES = (
    './/blockquote[@type="cite"] | .//*[contains(concat(" ", @class, " "), " gmail_quote ")] | '
    './/*[@class="yahoo_quoted"] | .//*[@id="OLK_SRC_BODY_SECTION"] | .//*[@class="moz-cite-prefix"] | '
    './/*[@id="divRplyFwdMsg"] | .//*[@id="appendonsend"] | .//*[@id="x_divRplyFwdMsg"] | '
    './/div[@class="OutlookMessageHeader"] | .//*[@id="reply-intro"]'
)
_TO_THE_END = {"divRplyFwdMsg", "appendonsend", "x_divRplyFwdMsg", "reply-intro"}
_TO_THE_END_CLASSES = {"moz-cite-prefix", "OutlookMessageHeader"}
_FOLDED_AT_MOST = 50


def parse(html: str):
    """The tree of a document, or None where it has none: empty, or nested deeper than any mail program does.

    The same for a tag with a thousand attributes, on which lxml and nh3 would spend quadratic time.
    """
    if _CROWDED.search(html):
        return None
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(clean(html).encode("utf-8", errors="replace"), parser)
    except (etree.LxmlError, ValueError):
        return None
    # Beyond its depth lxml drops the rest without a word but this.
    return None if any("depth" in entry.message.lower() for entry in parser.error_log) else root


def without_tags(html: str) -> str:
    """The text of HTML that has no tree: nothing is lost but its form."""
    return clean(unescape(_TAG.sub(" ", html))).strip()


def cleaned(root) -> str:
    """Safe HTML of a tree (which is changed): no scripts, forms, frames, styles that load or move; pictures blocked.

    Where a picture was, `<img data-src="…">` is left: see with_pictures and inline_pictures.
    """
    for image in root.iter("img", "image"):
        _block(image)
    for element in root.iter(etree.Element):
        style = element.get("style")
        if style is not None and not _GOOD_STYLE.fullmatch(style):
            element.set("style", ";".join(filter(_GOOD_STYLE.fullmatch, style.split(";"))))
        if element.tag == "details":
            element.attrib.pop("class", None)
    _fold(root)
    return clean(_CLEANER.clean(etree.tostring(root, method="html", encoding="unicode"))).strip()


def _block(image) -> None:
    source = "".join((image.get("src") or "").split())
    others = [(key, value) for key, value in image.attrib.items() if key not in ("src", "srcset", "data-src")]
    image.attrib.clear()
    if source.startswith("//"):
        source = f"https:{source}"
    if source[:4].lower() == "cid:" or _REMOTE.fullmatch(source) or _DRAWN.fullmatch(source):
        # First of all, so that it can be found again.
        image.set("data-src", source)
    for key, value in others:
        image.set(key, value)


def _fold(root) -> None:
    """Put the quoted history into <details>, so that one sees what is new."""
    for quote in root.xpath(_QUOTES)[:_FOLDED_AT_MOST]:
        parent = quote.getparent()
        if parent is None or any(a.tag == "details" and a.get("class") == "history" for a in quote.iterancestors()):
            continue
        rest = [quote]
        if quote.get("id") in _TO_THE_END or quote.get("class") in _TO_THE_END_CLASSES:
            rest += quote.itersiblings()
        fold = etree.Element("details", {"class": "history"})
        etree.SubElement(fold, "summary").text = "…"
        parent.insert(parent.index(quote), fold)
        if rest[-1].tail and len(rest) == 1:
            fold.tail, quote.tail = quote.tail, None
        fold.extend(rest)


def with_pictures(html: str) -> str:
    """Cleaned HTML with its remote pictures, for a reader who asked for them."""
    return _restore(html, lambda source: source if _REMOTE.fullmatch(source) else None)


def inline_pictures(html: str, urls: dict[str, str]) -> str:
    """Cleaned HTML with the pictures that came in the mail: `urls` has an address of ours for each content id.

    Pictures that are written into the HTML itself (data:) are shown, too.
    """

    def address(source: str) -> str | None:
        if source[:4].lower() == "cid:":
            return urls.get(source[4:].strip("<>"))
        return source if _DRAWN.fullmatch(source) else None

    return _restore(html, address)


def has_remote_pictures(html: str) -> bool:
    """Is there a picture that with_pictures would bring?"""
    return any(_REMOTE.fullmatch(unescape(match[1])) for match in _BLOCKED.finditer(html))


def _restore(html: str, address: Callable[[str], str | None]) -> str:
    def image(match: re.Match) -> str:
        url = address(unescape(match[1]))
        return match[0] if url is None else f'<img src="{escape(url)}"'

    return _BLOCKED.sub(image, html)


def from_text(text: str) -> str:
    """Plain text as a piece of HTML, for mails that have both in a row."""
    return f'<div style="white-space:pre-wrap">{escape(text, quote=False)}</div>'


class _Lines:
    """Collects lines; a quoted line begins with "> "."""

    def __init__(self):
        self.done, self.now, self.quoted, self.kept = [], [], 0, 0

    def add(self, text: str) -> None:
        if not self.kept:
            text = _SPACES.sub(" ", text)
            if not self.now or self.now[-1].endswith((" ", "\n")):
                text = text.lstrip(" ")
        elif "\n" in text:
            *whole, text = text.split("\n")
            for one in whole:
                self.now.append(one)
                self.end(force=True)
        if text:
            self.now.append(text)

    def end(self, force: bool = False) -> None:
        row = "".join(self.now).replace("\xa0", " ")
        row = row.rstrip() if self.kept else row.strip()
        self.now = []
        if row or force:
            self.done.append("> " * self.quoted + row)

    def gap(self) -> None:
        self.end()
        if self.done and self.done[-1].strip("> "):
            self.done.append(">" * bool(self.quoted))


def text(root) -> str:
    """The text of a tree: blocks on lines of their own, lists with hyphens, quoted mails behind ">"."""
    lines, skipped = _Lines(), None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag
        if event == "start" and skipped is None:
            if tag in DROPPED or _HIDDEN.search(element.get("style", "")):
                skipped = element
            else:
                _open(lines, tag, element)
        elif event == "end":
            if skipped is None:
                _close(lines, tag, element)
            elif skipped is element:
                skipped = None
            if skipped is None and element.tail:
                lines.add(element.tail)
    lines.end()
    return clean("\n".join(lines.done)).strip("\n")


def _open(lines: _Lines, tag: str, element) -> None:
    if tag == "br":
        lines.end(force=True)
    elif tag in APART:
        lines.gap()
    elif tag in BLOCKS:
        lines.end()
    elif tag in ("td", "th") and lines.now:
        lines.now.append(" ")
    if tag == "li":
        lines.now.append("- ")
    elif tag == "pre":
        lines.kept += 1
    elif tag == "blockquote" and element.get("type") == "cite":
        lines.quoted += 1
    if element.text:
        lines.add(element.text)


def _close(lines: _Lines, tag: str, element) -> None:
    if tag in APART:
        lines.gap()
    elif tag in BLOCKS:
        lines.end()
    if tag == "pre":
        lines.kept -= 1
    elif tag == "blockquote" and element.get("type") == "cite":
        lines.end()
        lines.quoted -= 1
