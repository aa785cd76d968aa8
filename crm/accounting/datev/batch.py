"""The DATEV format: a booking batch ("Buchungsstapel", EXTF 700, category 21, version 13) as DATEV describes it for
developers (developer.datev.de, "DATEV-Format").

Two lines of head, then a line for each booking: 125 columns, `;`, texts in quotation marks, Windows-1252, CRLF. An
invoice is one booking for each rate of VAT, gross: customer to revenue, whose account takes the VAT out. A payment is
bank to customer. What is turned round (credit note, returned payment) has the other side, never a minus.
"""

import datetime
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.accounting.datev.charts import Accounts
from crm.accounting.models import DatevSettings
from crm.core.normalise import line
from crm.core.refusals import Refused
from crm.sales.models import Invoice, Payment, TaxTreatment

ENCODING = "cp1252"
COLUMNS = [
    *("Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Kurs", "Basis-Umsatz"),
    *("WKZ Basis-Umsatz", "Konto", "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel", "Belegdatum", "Belegfeld 1"),
    *("Belegfeld 2", "Skonto", "Buchungstext", "Postensperre", "Diverse Adressnummer", "Geschäftspartnerbank"),
    *("Sachverhalt", "Zinssperre", "Beleglink"),
    *(f"Beleginfo - {what} {number}" for number in range(1, 9) for what in ("Art", "Inhalt")),
    *("KOST1 - Kostenstelle", "KOST2 - Kostenstelle", "Kost-Menge", "EU-Land u. UStID (Bestimmung)"),
    *("EU-Steuersatz (Bestimmung)", "Abw. Versteuerungsart", "Sachverhalt L+L", "Funktionsergänzung L+L"),
    *("BU 49 Hauptfunktionstyp", "BU 49 Hauptfunktionsnummer", "BU 49 Funktionsergänzung"),
    *(f"Zusatzinformation - {what} {number}" for number in range(1, 21) for what in ("Art", "Inhalt")),
    *("Stück", "Gewicht", "Zahlweise", "Forderungsart", "Veranlagungsjahr", "Zugeordnete Fälligkeit", "Skontotyp"),
    *("Auftragsnummer", "Buchungstyp", "USt-Schlüssel (Anzahlungen)", "EU-Land (Anzahlungen)"),
    *("Sachverhalt L+L (Anzahlungen)", "EU-Steuersatz (Anzahlungen)", "Erlöskonto (Anzahlungen)", "Herkunft-Kz"),
    *("Buchungs GUID", "KOST-Datum", "SEPA-Mandatsreferenz", "Skontosperre", "Gesellschaftername"),
    *("Beteiligtennummer", "Identifikationsnummer", "Zeichnernummer", "Postensperre bis"),
    *("Bezeichnung SoBil-Sachverhalt", "Kennzeichen SoBil-Buchung", "Festschreibung", "Leistungsdatum"),
    *("Datum Zuord. Steuerperiode", "Fälligkeit", "Generalumkehr (GU)", "Steuersatz", "Land", "Abrechnungsreferenz"),
    *("BVV-Position", "EU-Land u. UStID (Ursprung)", "EU-Steuersatz (Ursprung)", "Abw. Skontokonto"),
]
PLACE = {name: index for index, name in enumerate(COLUMNS)}
# Fields that are texts stand in quotation marks, also where they are empty.
TEXTS = {
    *("Soll/Haben-Kennzeichen", "WKZ Umsatz", "WKZ Basis-Umsatz", "BU-Schlüssel", "Belegfeld 1", "Belegfeld 2"),
    *("Buchungstext", "Diverse Adressnummer", "Beleglink", "KOST1 - Kostenstelle", "KOST2 - Kostenstelle"),
    *("EU-Land u. UStID (Bestimmung)", "Abw. Versteuerungsart", "Forderungsart", "Auftragsnummer", "Buchungstyp"),
    *("EU-Land (Anzahlungen)", "Herkunft-Kz", "Buchungs GUID", "SEPA-Mandatsreferenz", "Gesellschaftername"),
    *("Identifikationsnummer", "Zeichnernummer", "Bezeichnung SoBil-Sachverhalt", "Generalumkehr (GU)", "Land"),
    *("Abrechnungsreferenz", "EU-Land u. UStID (Ursprung)"),
    *(name for name in COLUMNS if name.startswith(("Beleginfo", "Zusatzinformation"))),
}
DEBIT, CREDIT = "S", "H"
LARGEST = Decimal("9999999999.99")


@dataclass(frozen=True, kw_only=True)
class Booking:
    """One line: `amount` above zero, on `side` (S debit, H credit) of `account`, against `contra`."""

    amount: Decimal
    side: str
    account: int
    contra: int
    tax_key: str = ""
    day: datetime.date
    document: str
    text: str
    currency: str = "EUR"
    vat_id: str = ""
    service_date: datetime.date | None = None
    due_date: datetime.date | None = None


def fiscal_year(day: datetime.date, first_month: int) -> datetime.date:
    """The first day of the fiscal year in which `day` lies."""
    return datetime.date(day.year - (day.month < first_month), first_month, 1)


def export(*, by, start: datetime.date, end: datetime.date) -> bytes:
    """The batch of all that was issued and paid from `start` to `end` (both included), of invoices `by` may export.

    Raises Refused if the period is not within one fiscal year (the format has days without a year), or if revenue has
    no account.
    """
    settings = DatevSettings.objects.first() or DatevSettings()
    year = check(start, end, settings)
    found = list(bookings(by=by, start=start, end=end, settings=settings))
    lines = [_head(settings, year, start, end), ";".join(COLUMNS), *(_line(booking, settings) for booking in found)]
    return "".join(f"{text}\r\n" for text in lines).encode(ENCODING, errors="replace")


def check(start: datetime.date, end: datetime.date, settings: DatevSettings) -> datetime.date:
    """The first day of the fiscal year that the period lies in. Raises Refused if it is not within one."""
    if start > end:
        raise Refused(_("The period ends before it begins."))
    year = fiscal_year(start, settings.fiscal_year_month)
    if fiscal_year(end, settings.fiscal_year_month) != year:
        raise Refused(_("A booking batch lies within one fiscal year; export each year by itself."))
    return year


def bookings(*, by, start, end, settings: DatevSettings) -> Iterator[Booking]:
    """The bookings of a period in the order of their days: issued papers, then payments."""
    accounts = Accounts(settings)
    invoices = Invoice.objects.visible_to(by, "export").issued().filter(invoice_date__range=(start, end))
    for invoice in (
        invoices.select_related("company", "cancels").prefetch_related("lines").order_by("invoice_date", "pk")
    ):
        yield from _of_invoice(invoice, accounts)
    payments = Payment.objects.filter(
        invoice__in=Invoice.objects.visible_to(by, "export"), paid_on__range=(start, end)
    ).select_related("invoice__company", "invoice__cancels")
    for payment in payments.order_by("paid_on", "pk"):
        yield _of_payment(payment, accounts)


def _of_invoice(invoice: Invoice, accounts: Accounts) -> Iterator[Booking]:
    for rate, gross in gross_by_rate(invoice).items():
        if not gross:
            continue
        revenue = accounts.revenue(invoice.tax_treatment, rate)
        if revenue is None:
            raise Refused(
                _("There is no revenue account for %(tax)s with %(rate)s %%; add it in the DATEV settings.")
                % {"tax": invoice.get_tax_treatment_display(), "rate": rate.normalize()}
            )
        yield Booking(
            amount=gross,
            side=CREDIT if invoice.is_credit_note else DEBIT,
            account=accounts.debtor(invoice.company),
            contra=revenue.number,
            tax_key=revenue.tax_key,
            day=invoice.invoice_date,
            document=_open_item(invoice),
            text=f"{invoice.number} {invoice.recipient_name}",
            currency=invoice.currency,
            vat_id=invoice.recipient_vat_id if invoice.tax_treatment == TaxTreatment.INTRA_COMMUNITY else "",
            service_date=invoice.service_date,
            due_date=invoice.due_date,
        )


def _of_payment(payment: Payment, accounts: Accounts) -> Booking:
    # Money in for an invoice is a debit of the bank; paid out for a credit note, or taken back, a credit.
    comes_in = (payment.amount > 0) != payment.invoice.is_credit_note
    return Booking(
        amount=abs(payment.amount),
        side=DEBIT if comes_in else CREDIT,
        account=accounts.money(payment.method),
        contra=accounts.debtor(payment.invoice.company),
        day=payment.paid_on,
        document=_open_item(payment.invoice),
        text=f"{payment.invoice.number} {payment.invoice.recipient_name}",
        currency=payment.currency,
    )


def _open_item(invoice: Invoice) -> str:
    """What settles an open item in DATEV: a credit note and its payment carry the number of the invoice they cancel."""
    return invoice.cancels.number if invoice.cancels else invoice.number


def gross_by_rate(invoice: Invoice) -> dict[Decimal, Decimal]:
    """{VAT rate: gross}, by the calculation of the document (EN 16931); the sum is its gross total."""
    nets = defaultdict(Decimal)
    for item in invoice.lines.all():
        if item.kind == "item":
            nets[item.vat_rate] += item.net_amount
    return {rate: net + (net * rate / 100).quantize(Decimal("0.01"), ROUND_HALF_UP) for rate, net in nets.items()}


def totals(found: Iterable[Booking]) -> dict[int, Decimal]:
    """{account: balance}, debits positive: what the tax adviser will see after importing the batch."""
    balance = defaultdict(Decimal)
    for booking in found:
        sign = 1 if booking.side == DEBIT else -1
        balance[booking.account] += sign * booking.amount
        balance[booking.contra] -= sign * booking.amount
    return dict(sorted(balance.items()))


# ── the file ────────────────────────────────────────────────────────────────────────────────────────
def _head(settings: DatevSettings, year: datetime.date, start: datetime.date, end: datetime.date) -> str:
    """The first line: format, who for, which period. 31 fields."""
    created = timezone.localtime().strftime("%Y%m%d%H%M%S%f")[:17]
    fields = [
        *('"EXTF"', "700", "21", '"Buchungsstapel"', "13", created, "", '"CR"', '""', '""'),
        *(str(settings.consultant_number), str(settings.client_number), f"{year:%Y%m%d}"),
        *(str(settings.account_length), f"{start:%Y%m%d}", f"{end:%Y%m%d}"),
        *(_quoted(f"CRM {start:%d.%m.%Y}-{end:%d.%m.%Y}", 30), '""', "1", "0", "0", '"EUR"'),
        *("", '""', "", "", _quoted(settings.chart.removeprefix("SKR"), 4), "", "", '""', '""'),
    ]
    return ";".join(fields)


def _quoted(text: str, limit: int) -> str:
    """A text field: one line in quotation marks, which are doubled inside; what Windows-1252 lacks becomes "?"."""
    plain = line(text).encode(ENCODING, errors="replace").decode(ENCODING)[:limit]
    return '"{}"'.format(plain.replace('"', '""'))


def _line(booking: Booking, settings: DatevSettings) -> str:
    if booking.amount > LARGEST:
        raise Refused(_("%(number)s is too large for the format of DATEV.") % {"number": booking.document})
    cells = ['""' if name in TEXTS else "" for name in COLUMNS]

    def put(name: str, value: str) -> None:
        cells[PLACE[name]] = value

    put("Umsatz (ohne Soll/Haben-Kz)", f"{booking.amount:.2f}".replace(".", ","))
    put("Soll/Haben-Kennzeichen", _quoted(booking.side, 1))
    put("WKZ Umsatz", _quoted(booking.currency, 3))
    put("Konto", str(booking.account))
    put("Gegenkonto (ohne BU-Schlüssel)", str(booking.contra))
    put("BU-Schlüssel", _quoted(booking.tax_key, 4))
    put("Belegdatum", f"{booking.day:%d%m}")
    put("Belegfeld 1", _quoted(re.sub(r"[^A-Za-z0-9$&%*+\-/]", "", booking.document), 36))
    put("Buchungstext", _quoted(booking.text, 60))
    put("EU-Land u. UStID (Bestimmung)", _quoted(booking.vat_id, 15))
    if booking.due_date:
        put("Belegfeld 2", _quoted(f"{booking.due_date:%d%m%y}", 12))
        put("Fälligkeit", f"{booking.due_date:%d%m%Y}")
    if booking.service_date:
        put("Leistungsdatum", f"{booking.service_date:%d%m%Y}")
    put("Festschreibung", "0")
    return ";".join(cells)
