"""The CSV files of German banks: which column is what is recognised by its name, and can be corrected.

Encoding, delimiter and notation are found by the tools of the import (crm/imports/reading.py). Banks put some lines
about the account above the table: the header is the first row that has enough known names in it.
"""

import datetime
import hashlib
import re
from collections import Counter
from decimal import Decimal
from itertools import islice

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from stdnum import iban as iban_number

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
from crm.core.normalise import plain
from crm.imports import reading

PREAMBLE = 40  # rows
SAMPLE = 200  # rows that decide about notations
# What a column can be, with the names that banks give it (compared without case, spaces and signs).
FIELDS = {
    "booked_on": gettext_lazy("Booking date"),
    "valued_on": gettext_lazy("Value date"),
    "amount": gettext_lazy("Amount"),
    "debit": gettext_lazy("Amount, money out"),
    "credit": gettext_lazy("Amount, money in"),
    "sign": gettext_lazy("Debit or credit"),
    "currency": gettext_lazy("Currency"),
    "name": gettext_lazy("Payer or payee"),
    "debtor": gettext_lazy("Payer"),
    "creditor": gettext_lazy("Payee"),
    "iban": gettext_lazy("IBAN of the other side"),
    "purpose": gettext_lazy("Purpose"),
    "kind": gettext_lazy("Booking text"),
    "end_to_end": gettext_lazy("End-to-end reference"),
    "reference": gettext_lazy("The bank's reference"),
    "account": gettext_lazy("Own account"),
    "status": gettext_lazy("Booked or pending"),
}
NAMES = {
    "booked_on": "Buchungstag Buchungsdatum Buchung Datum Bookingdate Date Umsatztag",
    "valued_on": "Valuta Valutadatum Wertstellung Wertstellungstag Wertstellungsdatum Valuedate Wert",
    "amount": "Betrag BetragEUR Betragin€ Betrag€ Umsatz UmsatzinEUR Amount AmountEUR BetraginEUR Buchungsbetrag",
    "debit": "Soll Ausgang Lastschrift Debit Belastung",
    "credit": "Haben Eingang Gutschrift Credit",
    "sign": "SollHaben SH SollHabenKennzeichen",
    "currency": "Währung Waehrung Currency WKZ",
    "name": "BeguenstigterZahlungspflichtiger BegünstigterZahlungspflichtiger NameZahlungsbeteiligter "
    "AuftraggeberBegünstigter BegünstigterAuftraggeber AuftraggeberEmpfänger EmpfängerAuftraggeber Name Partnername "
    "AuftraggeberZahlungsempfänger EmpfängerZahlungspflichtiger Zahlungsbeteiligter Gegenpartei Paymentparty "
    "BeguenstigterAuftraggeber",
    "debtor": "Zahlungspflichtiger Zahlungspflichtige Auftraggeber Zahlungspflichtigerin",
    "creditor": "Zahlungsempfänger Zahlungsempfängerin Empfänger Begünstigter",
    "iban": "KontonummerIBAN IBANZahlungsbeteiligter IBAN IBANKontonummer Kontonummer PartnerIBAN IBANGegenkonto "
    "IBANdesAuftraggebers Gegenkonto",
    "purpose": "Verwendungszweck VorgangVerwendungszweck Paymentreference Purpose Zweck Buchungsdetails Text",
    "kind": "Buchungstext Umsatztyp Vorgang Buchungsart Umsatzart Transactiontype",
    "end_to_end": "KundenreferenzEndtoEnd Kundenreferenz EndtoEndReferenz EndtoEndID",
    "reference": "Bankreferenz Transaktionsnummer TransaktionsID Umsatzreferenz Referenznummer",
    "account": "Auftragskonto IBANAuftragskonto EigenesKonto",
    "status": "Info Status",
}
KNOWN = {plain(name): field for field, names in NAMES.items() for name in names.split()}
PENDING = re.compile(r"vorgemerkt|vormerk|pending|offen", re.IGNORECASE)
# What stands before the purpose proper in the fields of the German banking industry (SVWZ+…).
SEPA_MARKS = re.compile(r"\b(?:SVWZ|EREF|KREF|MREF|CRED|DEBT|ABWA|ABWE|IBAN|BIC)\+\s?")


def inspect(file) -> dict:
    """How to read a bank's CSV (or Excel) file, as a dictionary that can be kept as JSON. Raises Unreadable.

    reading: kind, encoding, delimiter; header: number of its row; columns: [{name, samples}]; fields: {field: number of
    the column}; order, mark: notation of dates and amounts; account: our IBAN, if the file says it; signature.
    """
    refuse_large(file)
    rows = _rows(file, how := _how(file))
    first = list(islice(rows, PREAMBLE + SAMPLE))
    if not first:
        raise Unreadable(_("The file is empty."))
    place = _header(first)
    names = reading.column_names(first[place][1])
    body = [cells for _number, cells in first[place + 1 :]]
    if not body:
        raise Unreadable(_("The file has a header, but no rows below it."))
    fields = _recognise(names, body)
    columns = [
        {"name": name, "samples": [cells[i] for cells in body if i < len(cells) and cells[i]][:3]}
        for i, name in enumerate(names)
    ]
    return {
        "reading": how,
        "header": first[place][0],
        "columns": columns,
        "fields": fields,
        **_notations(fields, body),
        "account": _own_account(first[:place], fields, body),
        "signature": hashlib.sha256("\x1f".join(names).encode()).hexdigest()[:32],
    }


def problems(mapping: dict) -> list[str]:
    """Sentences that say why a file cannot be read with this mapping; none if it can."""
    fields, found = mapping["fields"], []
    if "booked_on" not in fields:
        found.append(_("Say which column is the booking date."))
    if "amount" not in fields and not {"debit", "credit"} <= fields.keys():
        found.append(_("Say which column is the amount, or which two are money in and money out."))
    if not {"name", "debtor", "purpose"} & fields.keys():
        found.append(_("Say which column is the payer or the purpose; nothing could be matched without."))
    if "account" not in fields and not iban_number.is_valid(mapping["account"]):
        found.append(_("Enter the IBAN of your own account."))
    return found


def read(file, mapping: dict) -> Statement:
    """The entries of the file, read as `mapping` (of inspect(), perhaps corrected) says. Raises Unreadable."""
    entries, pending = [], 0
    for number, cells in _rows(file, mapping["reading"]):
        if number <= mapping["header"]:
            continue
        if len(entries) >= MOST_ENTRIES:
            raise Unreadable(
                _("The file has more than %(limit)s entries; split it.") % {"limit": show.number(MOST_ENTRIES)}
            )
        row = _Row(number, cells, mapping)
        if row.is_pending:
            pending += 1
        elif row.counts:
            entries.append(row.entry())
    if not entries:
        raise Unreadable(_("The file has no entries that could be read with these columns."))
    return Statement(entries=tuple(entries), pending=pending)


class _Row:
    """One row of the table, by the names of its fields."""

    def __init__(self, number: int, cells: list[str], mapping: dict):
        self.number, self.mapping = number, mapping
        self.of = {f: cells[i] for f, i in mapping["fields"].items() if i < len(cells)}

    @property
    def is_pending(self) -> bool:
        return bool(PENDING.search(self.of.get("status", "")))

    @property
    def counts(self) -> bool:
        """Below the table some banks put the balance: rows without date or amount."""
        return bool(self.of.get("booked_on")) and any(self.of.get(f) for f in ("amount", "debit", "credit"))

    def entry(self) -> Entry:
        amount = self._amount()
        other = "debtor" if amount > 0 else "creditor"
        return Entry(
            account=iban(self.of.get("account")) or self.mapping["account"],
            booked_on=self._day("booked_on"),
            valued_on=self._day("valued_on") if self.of.get("valued_on") else None,
            amount=amount,
            currency=text(self.of.get("currency"), 3).upper() or "EUR",
            name=text(self.of.get("name") or self.of.get(other), 140),
            iban=iban(self.of.get("iban")),
            purpose=text(SEPA_MARKS.sub(" ", self.of.get("purpose", "")), 500),
            kind=text(self.of.get("kind"), 80),
            end_to_end=text(self.of.get("end_to_end"), 60).replace("NOTPROVIDED", ""),
            reference=text(self.of.get("reference"), 60),
        )

    def _day(self, field: str) -> datetime.date:
        try:
            return reading.parse_moment(self.of[field], self.mapping["order"]).date()
        except ValueError:
            raise self._bad(_("Row %(row)s: “%(text)s” is no date."), self.of[field]) from None

    def _amount(self) -> Decimal:
        if self.of.get("amount"):
            amount = self._number("amount")
            if self.of.get("sign", "").strip().upper()[:1] in {"S", "D"}:
                amount = -abs(amount)
            return amount
        debit = self._number("debit") if self.of.get("debit") else Decimal(0)
        credit = self._number("credit") if self.of.get("credit") else Decimal(0)
        return abs(credit) - abs(debit)

    def _number(self, field: str) -> Decimal:
        try:
            amount = reading.parse_number(self.of[field], self.mapping["mark"])
        except ValueError:
            amount = Decimal("NaN")
        if not amount.is_finite() or abs(amount) > LARGEST or amount != round(amount, 2):
            raise self._bad(_("Row %(row)s: “%(text)s” is no amount."), self.of[field])
        return amount

    def _bad(self, sentence: str, words: str) -> Unreadable:
        return Unreadable(sentence % {"row": self.number, "text": text(words, 40)})


# ── how the file is read ────────────────────────────────────────────────────────────────────────────
def _how(file) -> dict:
    try:
        kind = reading.kind_of(file)
        if kind == "xlsx":
            return {"kind": kind, "sheet": ""}
        encoding = reading.detect_encoding(file)
    except reading.Unreadable as error:
        raise Unreadable(str(error)) from error
    file.seek(0)
    # Most lines decide; those above the table have no delimiters to speak of.
    sample = file.read(128 * 1024).decode(encoding, errors="replace")
    return {"kind": kind, "encoding": encoding, "delimiter": reading.detect_delimiter(sample), "quote": '"'}


def _rows(file, how: dict):
    """(number of the row, cells), with the import's limits."""
    try:
        yield from reading.raw_rows(file, how)
    except reading.Unreadable as error:
        raise Unreadable(str(error)) from error


def _field(name: str) -> str | None:
    words = plain(re.sub(r"\([^)]*\)|\*", "", name))
    return KNOWN.get(plain(name)) or KNOWN.get(words)


def _header(rows: list) -> int:
    """The place of the row with the most known names; at least three, else it is the first one."""
    scores = [len({_field(cell) for cell in cells} - {None}) for _number, cells in rows[:PREAMBLE]]
    best = max(scores)
    return scores.index(best) if best >= 3 else 0


def _recognise(names: list[str], body: list) -> dict[str, int]:
    """{field: number of its column}; the first column of a name counts."""
    fields: dict[str, int] = {}
    for index, name in enumerate(names):
        field = _field(re.sub(r" \(\d+\)$", "", name))
        if field and field not in fields:
            fields[field] = index
    if "amount" in fields and {"debit", "credit"} <= fields.keys():
        # Some banks have both, and fill one of them.
        filled = any(fields["amount"] < len(cells) and cells[fields["amount"]] for cells in body)
        for field in ("debit", "credit") if filled else ("amount",):
            del fields[field]
    return fields


def _notations(fields: dict, body: list) -> dict:
    """How dates and amounts are written: what most rows allow; German where all is open."""
    orders, marks = Counter(), Counter()
    for cells in body:
        for field, counter, of in (
            ("booked_on", orders, reading.date_orders),
            ("amount", marks, reading.number_marks),
            ("credit", marks, reading.number_marks),
        ):
            if field in fields and fields[field] < len(cells):
                possible = of(cells[fields[field]])
                counter.update(possible if len(possible) == 1 else ())
    return {
        "order": orders.most_common(1)[0][0] if orders else "dmy",
        "mark": marks.most_common(1)[0][0] if marks else ",",
    }


def _own_account(above: list, fields: dict, body: list) -> str:
    """Our IBAN: from its column, else from the lines above the table."""
    if "account" in fields:
        return next((iban(cells[fields["account"]]) for cells in body if fields["account"] < len(cells)), "")
    for _number, cells in above:
        for cell in cells:
            for found in re.findall(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}", cell):
                if iban_number.is_valid(found):
                    return iban(found)
    return ""
