"""What is new in a mail: its text without the mails it answers and without the signature. And where those begin.

Line by line, in words of many mail programs. The ready-made mail-parser-reply finds a third of the known answers of
email_reply_trimmer's collection and takes five seconds for one line of 10,000 characters; this one looks at each line
once, and at no more of a line than can be a heading.
"""

import re
from dataclasses import dataclass

LINES = 5_000  # what lies beyond is not looked through; the longest threads people write have about 2,000
WIDTH = 400  # characters of a line that can be a heading

_VERB = re.compile(
    r"\b(wrote|writes|said|schrieb(en)?|schreibt|geschrieben|(a )?écrit|escribió|escribi[oó]|ha scritto|scritto"
    r"|scrive|skrev"
    r"|schreef|geschreven|napisał(\(a\)|a)?|napsal(\(a\)|a)?|escreveu|написала?|пишет|пользователь|написав|пише"
    r"|kirjoitti|írta|yazdı"
    r")\b|написал\(а\)|写道|寫道|のメール",
    re.IGNORECASE,
)
_START = re.compile(
    r"(on|am|vom|le|el|il|em|den|op|w dniu|dnia|dne|в|в ответ|pada|på|le[sn]|at|mon|tue|wed|thu|fri|sat|sun|"
    r"\d{1,4}[.\-/]|\d{1,2} \w{3})\b",
    re.IGNORECASE,
)
_TIME = re.compile(r"\d{1,2}[:.]\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{2}|\b(19|20)\d\d\b")
_MAIL = re.compile(r"[^\s<>@]@[^\s<>@]+\.")
# Without a verb: 2016-03-03 17:21 GMT+01:00 Hans, or a date and then an address at the end of the line.
_DATED = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2} (\d{1,2}:\d\d( GMT[+-]\d\d:\d\d|, )|.{1,80}<[^<> ]+@[^<> ]+>:?$)")
_ZOHO = re.compile(r"-{3,}+ .{5,200}\b(wrote|schrieb|a écrit|escribió) ?-{3,}")
_ORIGINAL = re.compile(
    # ++ gives nothing back: a rule of 400 hyphens would be tried from each of them.
    r"[-_=*]{2,}+ ?("
    r"(original|forwarded|reply|begin forwarded) (message|appointment|mail)|ursprüngliche (nachricht|e-?mail)"
    r"|original(-|e )?nachricht|weitergeleitete (nachricht|e-?mail)|(message|mensaje|mensagem) (d.origine"
    r"|original|transféré|"
    r"reenviado|reencaminhada|encaminhada)|messaggio (originale|inoltrato)|(oorspronkelijk|doorgestuurd) bericht"
    r"|oprindelig meddelelse|videresendt|opprinnelig melding|ursprungligt meddelande|wiadomość oryginalna"
    r"|původní zpráva"
    r"|исходное сообщение|пересылаемое сообщение)",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"(begin forwarded message|anfang der weitergeleiteten (nachricht|e-?mail)|début du message (réexpédié|transféré)"
    r"|inicio del mensaje reenviado|inizio messaggio inoltrato|start doorgestuurd bericht|forwarded message)\s*:?",
    re.IGNORECASE,
)
_ABOVE = re.compile(r"[-#=*]{2,}+.{0,60}\b(above|oberhalb|über)\b.{0,40}\b(line|zeile|linie)\b", re.IGNORECASE)
_FIELDS = {
    "from": "from von de da van fra från od от expéditeur 发件人 寄件者 差出人 lähettäjä",
    "date": "sent gesendet date datum envoyé enviado enviada fecha data inviato verzonden sendt skickat wysłano дата "
            "отправлено 发送时间 日期 日時 lähetetty",
    "to": "to an à para a per aan til till do кому 收件人 宛先 vastaanottaja",
    "subject": "subject betreff objet asunto assunto oggetto onderwerp emne ämne temat тема 主题 主旨 件名 aihe",
    "more": "cc kopie copie bcc reply-to antwort risposta organization importance wichtigkeit priorität anhang "
            "attachments rispondi-a 抄送",
}  # fmt: skip
_FIELD_NAMES = {name: kind for kind, names in _FIELDS.items() for name in names.split()}
_FIELD = re.compile(r"[*_ ]*([^\W\d_][\w-]{0,20})[*_ ]{0,3}[:：][*_]*\s*(.*)")
_RULE = re.compile(r"[-_=*]{5,}")
_EMPTY_RULE = re.compile(r"[-–—_=*#~+ᐧ\s]*")
_SIGNATURE = re.compile(r"(--|__|—|–|-- --|\*{2,3}|-{3}) ?")
_MOBILE = re.compile(
    r"[<(\[]{0,2}(sent (from|via|with|by) (?!you)|gesendet (von|mit|aus) |von (meinem|meiner|unterwegs) .{0,40}gesendet"
    r"|diese (nachricht|mail|e-mail) wurde (von meinem|mit)|envoyé (de|depuis|à partir)|inviato da|enviado (desde|do) "
    r"|verzonden (met|vanaf|via)|verstuurd vanaf|sendt fra|skickat från|get \[?outlook for|outlook für |отправлено с"
    r"|wysłan[eo] z|lähetetty |from my (iphone|ipad|android)|從我的|从我的|iphone ?から)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"((mit )?(freundlichen?|herzlichen?|besten?|vielen?|lieben?|sonnigen?|schönen?) (grü(ß|ss)en?|dank)"
    r"|viele grü(ß|ss)e"
    r"|grü(ß|ss)e( aus .{1,30})?|mfg|lg|vg|hochachtungsvoll|(best|kind|warm) (regards|wishes)|regards"
    r"|sincerely( yours)?"
    r"|yours (sincerely|faithfully)|cheers|best|many thanks|thanks( and regards)?|i\. ?a\.)\b.{0,30}",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"(\b(tel|telefon|fon|phone|mobil|mobile|handy|fax)\b|www\.|https?://|@[\w-]+\.|\b(GmbH|AG|KG|mbH|UG|OHG"
    r"|e\.V\.|Inc|Ltd|LLC|SE)\b"
    r"|\b\d{5} [A-ZÄÖÜ]|\+\d[\d ()/-]{6,}|(straße|strasse|str\.) \d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Heading:
    """Lines that lead to another mail: from `start` up to `end` (not included). `fields`: From, Date, … written out."""

    start: int
    end: int
    forward: bool = False
    fields: bool = False


def _bare(row: str) -> str:
    """A line without the marks of quotes and bold around it, as far as it can be a heading."""
    return row[:WIDTH].lstrip(" >|\t").rstrip(" *_\t")


def headings(rows: list[str], most: int = 1) -> list[Heading]:
    """The first `most` places where another mail begins."""
    found, after = [], 0
    for index, row in enumerate(rows[:LINES]):
        if index < after or not row or len(row) > WIDTH:
            continue
        heading = _marker(rows, index) or _field_block(rows, index) or _wrote(rows, index, after)
        if heading:
            found.append(heading)
            after = heading.end
            if len(found) == most:
                break
    return found


def _marker(rows: list[str], index: int) -> Heading | None:
    """-----Ursprüngliche Nachricht-----, and the lines From:, To:, … below it."""
    row = _bare(rows[index])
    original = _ORIGINAL.match(row)
    if not (original or _FORWARD.fullmatch(row.rstrip("-_ ")) or _ABOVE.match(row)):
        return None
    forward = bool(re.search(r"forward|weiterg|transf|réexp|reen|inoltr|doorg|перес|videre", row, re.IGNORECASE))
    end = index + 1
    while end < len(rows) and end <= index + 3 and not _bare(rows[end]):
        end += 1
    block = _field_block(rows, end) if end < len(rows) else None
    return Heading(index, block.end if block else index + 1, forward, bool(block))


def field_at(row: str) -> tuple[str, str] | None:
    """("from", "Hans <h@x.example>") for a line like "Von: Hans <h@x.example>", in many languages."""
    match = _FIELD.fullmatch(_bare(row))
    kind = _FIELD_NAMES.get(match[1].lower()) if match else None
    return (kind, match[2]) if kind else None


def _field_block(rows: list[str], index: int) -> Heading | None:
    """Von: … Gesendet: … An: … Betreff: …, also in another order; with the rule above it."""
    if not field_at(rows[index]):
        return None
    kinds, end, gap = set(), index, 0
    for place in range(index, min(index + 14, len(rows))):
        field = field_at(rows[place])
        if field:
            kinds.add(field[0])
            end, gap = place + 1, 0
        else:
            gap += 1
            if gap > 2 or (not _bare(rows[place]) and len(kinds) >= 3):
                break
    if "from" not in kinds or len(kinds & {"date", "to", "subject"}) < 2:
        return None
    start = index
    above = index - 1
    while above >= 0 and index - above < 4 and not _bare(rows[above]):
        above -= 1
    if above >= 0 and _RULE.fullmatch(rows[above][:WIDTH].strip(" >")):
        start = above
    return Heading(start, end, False, True)


def _wrote(rows: list[str], index: int, floor: int) -> Heading | None:
    """On 1 May 2026 at 10:00, Hans <h@x.example> wrote: — on up to four lines, the last of which is `index`."""
    last = _bare(rows[index])
    if len(last) < 200 and (_DATED.match(last) or _ZOHO.fullmatch(last)):
        return Heading(index, index + 1)
    if not last.endswith((":", "：")):
        return None
    for start in range(index, max(index - 4, floor - 1), -1):
        if not _bare(rows[start]):
            break
        text = " ".join(_bare(row) for row in rows[start : index + 1])
        alone = start <= floor or not _bare(rows[start - 1])
        if _VERB.search(text) and _is_wrote(text, alone, rows[index + 1 : index + 3]):
            while start > max(index - 3, floor) and not _START.match(text) and _START.match(_bare(rows[start - 1])):
                start -= 1
                text = f"{_bare(rows[start])} {text}"
            return Heading(start, index + 1)
    return None


def _is_wrote(text: str, alone: bool, following: list[str]) -> bool:
    proofs = bool(_TIME.search(text)) + bool(_MAIL.search(text)) + bool(_START.match(text))
    if proofs >= 2 or (proofs and len(text) < 120 and _MAIL.search(text)):
        return True
    # "Hans Müller schrieb:" proves nothing, unless a quote follows.
    return alone and len(text) < 150 and next((row for row in following if row.strip()), "").startswith(">")


def split(text: str) -> tuple[str, str]:
    """(what is new in `text`, its signature)."""
    rows = text.split("\n")
    first = next(iter(headings(rows)), None)
    if first and not any(map(_says_something, rows[: first.start])):
        # Nothing above: answered below the quote, or only forwarded.
        rows = rows[first.end :]
        if first.fields:
            return "\n".join(_trimmed(rows)).strip("\n"), ""
        start = next((i for i, row in enumerate(rows) if _says_something(row)), 0)
        rows = rows[start:]
        first = next(iter(headings(rows)), None)
    if first:
        rows = [*rows[: first.start], *_answers_between(rows, first)]
    new, signature = _without_signature(rows)
    return "\n".join(_trimmed(new)).strip("\n").rstrip(), signature


def _says_something(row: str) -> bool:
    return not row.startswith(">") and not _EMPTY_RULE.fullmatch(row[:WIDTH])


def _answers_between(rows: list[str], first: Heading) -> list[str]:
    """All from the quote on, where answers stand between or below its lines; else nothing."""
    quoted = [i for i in range(first.end, min(len(rows), LINES)) if rows[i].startswith(">")]
    if not quoted or quoted[0] > first.end + 1:
        return []
    rest = rows[quoted[0] : LINES]
    own, _signature = _without_signature(rest)
    last = max((i for i, row in enumerate(own) if row.startswith(">")), default=0)
    return own if any(map(_says_something, own)) and not headings(own[: last + 1]) else []


def _without_signature(rows: list[str]) -> tuple[list[str], str]:
    """The rows above the signature, and the signature."""
    begun = False
    for index, row in enumerate(rows[:LINES]):
        if begun and len(row) < 160:
            if _SIGNATURE.fullmatch(row.strip()) and _leads_to_signature(rows, index):
                return rows[:index], "\n".join(rows[index + 1 :]).strip("\n")
            if _MOBILE.match(row.strip()) and (not rows[index - 1].strip() or index == len(rows) - 1):
                return rows[:index], "\n".join(rows[index:]).strip("\n")
        begun = begun or _says_something(row)
    return _after_closing(rows)


def _leads_to_signature(rows: list[str], index: int) -> bool:
    """Is the line at `index` more than a rule within a text?"""
    if any(row.startswith(">") for row in rows[index + 1 : index + 3]):
        return False
    return rows[index].rstrip() == "--" or len(rows) - index <= 16


def is_closing(row: str) -> bool:
    """Is this how a letter ends: "Mit freundlichen Grüßen", "Best regards"?"""
    row = row.strip()
    return len(row) <= 60 and bool(_CLOSING.fullmatch(row.rstrip(",.! ")))


def _after_closing(rows: list[str]) -> tuple[list[str], str]:
    """A signature that nothing announces: name, firm and telephone after "Mit freundlichen Grüßen"."""
    floor = max(len(rows) - 30, 0)
    for index in range(min(len(rows), LINES) - 1, floor - 1, -1):
        if not is_closing(rows[index]):
            continue
        rest = [r for r in rows[index + 1 :] if r.strip()]
        if rest and not any(r.startswith(">") for r in rest) and any(_CONTACT.search(r[:WIDTH]) for r in rest[1:]):
            name = next(i for i in range(index + 1, len(rows)) if rows[i].strip())
            # The name ends the letter; it belongs to the signature, too.
            return rows[: name + 1], "\n".join(rows[name:]).strip("\n")
    return rows, ""


def _trimmed(rows: list[str]) -> list[str]:
    """Without quotes, rules and empty lines at the end, unless there is nothing else."""
    end = len(rows)
    while end and (rows[end - 1].startswith(">") or _EMPTY_RULE.fullmatch(rows[end - 1][:WIDTH])):
        end -= 1
    return rows[:end] if end else rows
