"""CAMT.053: the account statement of ISO 20022, as banks give it (versions 02 to 13 differ little where we read).

Read as a stream, entry by entry, by a parser that knows no entities and no document types (defusedxml). The ready-made
readers build the whole tree with lxml from a string first, which is what a hostile file waits for.
"""

import datetime
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from django.utils.translation import gettext as _

from crm.accounting.statements.entries import (
    LARGEST,
    MOST_ENTRIES,
    Entry,
    Statement,
    Unreadable,
    iban,
    refuse_large,
    text,
)
from crm.core import show

DEEPEST = 40
OTHERS = {"BkToCstmrAcctRpt": "CAMT.052", "BkToCstmrDbtCdtNtfctn": "CAMT.054", "CstmrCdtTrfInitn": "pain.001"}


def looks_like_xml(head: bytes) -> bool:
    """Does a file that begins so want to be XML?"""
    return head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<") or head[:4] in {b"<\0?\0", b"\0<\0?"}


def read(file) -> Statement:
    """What a CAMT.053 file says, of all accounts in it. Raises Unreadable."""
    refuse_large(file)
    try:
        return _Reader().read(file)
    except DefusedXmlException as error:
        raise Unreadable(
            _("This file defines entities or a document type, which no bank statement does. It was not read.")
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        # ValueError: also encodings that the parser does not take, such as UTF-7.
        raise Unreadable(
            _("This XML file is damaged or cut off, and was not read. Download it from the bank once more.")
        ) from error


def _name(tag: str) -> str:
    """The tag without its namespace, which has the version in it."""
    return tag.rpartition("}")[2]


def _at(element: Element | None, path: str) -> Element | None:
    """The first descendant at `path`, whatever the namespace."""
    for step in path.split("/"):
        element = next((child for child in element if _name(child.tag) == step), None) if element is not None else None
    return element


def _all(element: Element | None, name: str) -> list[Element]:
    return [child for child in element if _name(child.tag) == name] if element is not None else []


def _text(element: Element | None, *paths: str, limit: int = 140) -> str:
    """The text at the first of `paths` that has one."""
    for path in paths:
        found = _at(element, path)
        if found is not None and (words := text(found.text, limit)):
            return words
    return ""


def _amount(element: Element | None) -> Decimal | None:
    if element is None:
        return None
    try:
        amount = Decimal((element.text or "").strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0 or amount > LARGEST or amount != round(amount, 2):
        raise Unreadable(_("“%(text)s” is no amount.") % {"text": text(element.text, 40)})
    return amount


def _day(element: Element | None) -> datetime.date | None:
    words = _text(element, "Dt", "DtTm")
    if not words:
        return None
    try:
        day = datetime.date.fromisoformat(words[:10])
    except ValueError:
        day = datetime.date.min
    if not 1990 <= day.year <= 2200:
        raise Unreadable(_("“%(text)s” is no date.") % {"text": words})
    return day


class _Reader:
    """Goes through the file once and keeps its entries."""

    def __init__(self):
        self.account, self.entries, self.pending, self.count = "", [], 0, 0
        self.is_statement = False

    def read(self, file) -> Statement:
        depth, inside = 0, 0
        for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
            name = _name(element.tag)
            if event == "start":
                depth += 1
                inside += name == "Ntry"
                self._begin(name, depth)
                continue
            depth -= 1
            if name == "Ntry":
                inside -= 1
            if inside:
                continue
            self._end(name, element)
            if name in {"Ntry", "Bal", "TxsSummry"}:
                # What has been read is let go, so that a long statement needs no more memory than a short one.
                element.clear()
        if not self.is_statement:
            raise Unreadable(_("This XML file is no bank statement in the form CAMT.053."))
        return Statement(entries=tuple(self.entries), pending=self.pending)

    def _begin(self, name: str, depth: int) -> None:
        if depth > DEEPEST:
            raise Unreadable(_("This XML file is no bank statement in the form CAMT.053."))
        if name == "BkToCstmrStmt":
            self.is_statement = True
        elif name in OTHERS and depth <= 2:
            raise Unreadable(
                _("This file is %(kind)s; the CRM reads account statements in the form CAMT.053.")
                % {"kind": OTHERS[name]}
            )

    def _end(self, name: str, element: Element) -> None:
        if not self.is_statement:
            return
        if name == "Acct":
            self.account = iban(_text(element, "Id/IBAN", "Id/Othr/Id"))
        elif name == "Ntry":
            self._entry(element)
        elif name == "Stmt":
            self.account = ""

    def _entry(self, ntry: Element) -> None:
        self.count += 1
        if self.count > MOST_ENTRIES:
            raise Unreadable(
                _("The file has more than %(limit)s entries; split it.") % {"limit": show.number(MOST_ENTRIES)}
            )
        if (_text(ntry, "Sts/Cd", "Sts") or "BOOK") != "BOOK":
            self.pending += 1
            return
        amount = _at(ntry, "Amt")
        value, booked_on = _amount(amount), _day(_at(ntry, "BookgDt")) or _day(_at(ntry, "ValDt"))
        sign = {"CRDT": 1, "DBIT": -1}.get(_text(ntry, "CdtDbtInd"))
        if value is None or booked_on is None or sign is None:
            raise Unreadable(
                _("Entry %(number)s has no amount, direction or date; the file was not read.") % {"number": self.count}
            )
        common = {
            "account": self.account,
            "booked_on": booked_on,
            "valued_on": _day(_at(ntry, "ValDt")),
            "currency": text(amount.get("Ccy"), 3) or "EUR",
            "kind": _text(ntry, "AddtlNtryInf", limit=80),
        }
        reference = _text(ntry, "AcctSvcrRef", "NtryRef", limit=60)
        parts = [part for details in _all(ntry, "NtryDtls") for part in _all(details, "TxDtls")]
        amounts = self._parts_of(parts, value, common["currency"])
        if amounts:
            # A collective entry: each transfer in it is one for us.
            for part, its in zip(parts, amounts, strict=True):
                own = _text(part, "Refs/AcctSvcrRef", "Refs/TxId", limit=60) or reference
                self.entries.append(Entry(amount=its * sign, reference=own, **_details(part, sign), **common))
        else:
            details = _details(parts[0] if len(parts) == 1 else None, sign)
            details["purpose"] = details["purpose"] or _text(ntry, "AddtlNtryInf", limit=500)
            own = reference or (_text(parts[0], "Refs/AcctSvcrRef", limit=60) if len(parts) == 1 else "")
            self.entries.append(Entry(amount=value * sign, reference=own, **details, **common))

    @staticmethod
    def _parts_of(parts: list[Element], total: Decimal, currency: str) -> list[Decimal] | None:
        """The amounts of the transfers in a collective entry, if they add up to it; else None."""
        if len(parts) < 2:
            return None
        found = []
        for part in parts:
            amount = _at(part, "Amt")
            if amount is None:
                amount = _at(part, "AmtDtls/TxAmt/Amt")
            if amount is None or (amount.get("Ccy") or currency) != currency:
                return None
            found.append(_amount(amount))
        return found if sum(found) == total else None


def _details(part: Element | None, sign: int) -> dict:
    """Who is on the other side, and what it is for. Money that came in has a debtor, money that left a creditor."""
    side = "Dbtr" if sign > 0 else "Cdtr"
    parties = _at(part, "RltdPties")
    remittance = _at(part, "RmtInf")
    words = [text(piece.text, 500) for piece in _all(remittance, "Ustrd")]
    structured = [_text(piece, "CdtrRefInf/Ref") for piece in _all(remittance, "Strd")]
    documents = [_text(document, "Nb") for piece in _all(remittance, "Strd") for document in _all(piece, "RfrdDocInf")]
    end_to_end = _text(part, "Refs/EndToEndId", limit=60)
    return {
        "name": _text(parties, f"{side}/Nm", f"{side}/Pty/Nm", f"Ultmt{side}/Nm", f"Ultmt{side}/Pty/Nm", limit=140),
        "iban": iban(_text(parties, f"{side}Acct/Id/IBAN", f"{side}Acct/Id/Othr/Id")),
        "purpose": text(" ".join([*words, *structured, *documents]), 500) or _text(part, "AddtlTxInf", limit=500),
        "end_to_end": "" if end_to_end == "NOTPROVIDED" else end_to_end,
    }
