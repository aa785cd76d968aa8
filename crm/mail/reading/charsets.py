"""Bytes to text, whatever the charset is said to be; and text that can be stored.

UTF-8 is believed to its bytes: text of another charset practically never is valid UTF-8 by chance (a few letters of an
East Asian one may be). Then what was
declared is tried, read as browsers do (iso-8859-1 means windows-1252), then a guess.
"""

import codecs
import re
import unicodedata
from functools import cache

from crm.core.forms import tidy

# As the Encoding Standard of the browsers has it: names that in mails mean the larger sibling.
_ALIASES = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso8859-1": "cp1252",
    "latin-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
}
_UNKNOWN_TO_PYTHON = {
    "x-unknown": "", "unknown-8bit": "", "8bit": "", "default": "", "default_charset": "", "ansi": "cp1252",
    "ks_c_5601-1987": "cp949", "x-sjis": "cp932", "x-gbk": "gb18030", "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8", "x-mac-roman": "mac_roman", "macintosh": "mac_roman", "x-user-defined": "",
    "unicode-1-1-utf-7": "utf-7", "cp-850": "cp850", "windows-874": "cp874", "iso-2022-jp": "iso2022_jp_ext",
    "utf8mb4": "utf-8", "x-windows-949": "cp949", "iso88591": "cp1252", "iso885915": "iso8859-15",
}  # fmt: skip
_ASIAN = {"gb18030", "cp949", "cp932", "big5hkscs", "euc_jp", "euc_jis_2004", "johab"}
# Charsets whose text is all ASCII bytes; for every other, ASCII bytes are ASCII text.
_SHIFTING = {"utf-7", "hz", "iso2022_jp", "iso2022_jp_ext", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_3",
             "iso2022_jp_2004", "iso2022_kr"}  # fmt: skip
_WIDE = {"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"}
_BOMS = [
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]
_UTF8_LETTER = re.compile(rb"[\xc3-\xf4][\x80-\xbf]+")
# A letter with an accent within a word of plain letters. Chinese, Japanese and Korean ones stand in rows.
_LATIN_WORD = re.compile("[A-Za-z][\u00c0-\u024f]|[\u00c0-\u024f][A-Za-z]")
_HIGH = re.compile(rb"[\x80-\xff]")
_HIGH_WORD = re.compile(rb"[A-Za-z]{0,40}[\x80-\xff][A-Za-z\x80-\xff]{0,40}")
_LONG_RUN = re.compile(r"[^\x00-\x7f]{40,}")
_GUESSES = ["cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp932", "euc_jp", "gb18030", "big5", "cp949"]
GUESSED_BYTES = 4_000  # what a guess is made from: more makes it slower, hardly better


@cache
def python_name(declared: str) -> str:
    """Python's name of a declared charset; "" for one that nobody knows, or that is no charset of texts."""
    name = declared.strip(" \t'\";").lower()[:40]
    name = _UNKNOWN_TO_PYTHON.get(name, name)
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    # Codecs like base64, zlib and rot13 are no charsets, and one of them unpacks bombs.
    if not info._is_text_encoding or info.name in {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "mbcs"}:
        return ""
    return _ALIASES.get(info.name, info.name)


def decode(data: bytes, declared: str = "") -> str:
    """`data` as text. Never fails; what no charset explains becomes U+FFFD."""
    name = python_name(declared) if len(declared) < 100 else ""
    if name in _SHIFTING or name in _WIDE:
        text = _try(data, name)
        if text is not None and (name not in _WIDE or _likely(text)):
            return text
    if data.isascii():
        return data.decode("ascii")
    for bom, bom_name in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(bom_name, errors="replace")
    text = _try(data, "utf-8")
    if text is not None and (name not in _ASIAN or _surely_utf8(text)):
        return text
    if name and name != "utf-8" and (text := _try(data, name)) is not None:
        return text
    letters = len(_UTF8_LETTER.findall(data))
    if letters and letters * 4 > len(_HIGH.findall(data)):
        # UTF-8 with a few broken places, or cut in the middle of a letter.
        return data.decode("utf-8", errors="replace")
    if name in _ASIAN:
        return data.decode(name, errors="replace")
    return data.decode("cp1252" if name else _guess(data), errors="replace")


def _surely_utf8(text: str) -> bool:
    """Is it UTF-8, though it could be two bytes for each letter of an East Asian charset?

    One such letter in seven is valid UTF-8 of two bytes: four in a row are not there by chance.
    """
    high = [char for char in text[:GUESSED_BYTES] if char > "\x7f"]
    return len(high) >= 4 or any(char > "\u07ff" for char in high) or bool(_LATIN_WORD.search(text))


def _try(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except (UnicodeError, ValueError, LookupError):
        return None


def _likely(text: str) -> bool:
    """ASCII bytes read as UTF-16 become rows of rare Chinese characters; real texts have spaces or Latin letters."""
    return any(c in text for c in " \n") or len(text) < 4


def _guess(data: bytes) -> str:
    """The charset of text that declares none: windows-1252, unless its letters look like another alphabet's."""
    first = _HIGH.search(data)
    start = max(first.start() - 200, 0) if first else 0
    sample = data[start : start + GUESSED_BYTES]
    if len(_HIGH.findall(sample)) * 2 < sum(map(len, _HIGH_WORD.findall(sample))):
        # Umlauts and accents are few in their words; in other alphabets all letters are beyond ASCII.
        return "cp1252"
    # Slow to import, and only one mail in hundreds needs it.
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=["cp1252", *_GUESSES], chunk_size=1024).best()
    return best.encoding if best else "cp1252"


def _thin(match: re.Match) -> str:
    """A run of non-ASCII characters with at most 20 marks on one letter.

    Putting thousands of marks on one letter into order takes Python quadratic time: minutes for a megabyte.
    """
    run = match[0]
    if sum(map(bool, map(unicodedata.combining, run))) <= 20:
        return run
    kept, marks = [], 0
    for char in run:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= 20:
            kept.append(char)
    return "".join(kept)


def clean(text: str) -> str:
    """Text of several lines that can be stored and shown: \\n between lines, no control characters, composed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    if not text.isascii():
        text = _LONG_RUN.sub(_thin, text)
    return tidy(text)


def line(text: str, limit: int) -> str:
    """The same on one line, of at most `limit` characters."""
    return " ".join(clean(text[: limit * 4]).split())[:limit].rstrip()
