"""E-invoices: valid against the schema and the rules, whatever the invoice; and what is missing is said beforehand."""

import io
import json
import random
import re
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import facturx
import pytest
from django.utils import timezone
from lxml import etree
from pypdf import PdfReader

from crm.core.refusals import Refused
from crm.sales import actions, einvoice, keeping
from crm.sales.einvoice import units
from crm.sales.models import Invoice, TaxTreatment
from crm.setup.models import Organisation
from tests.sales.factories import make_customer, make_invoice, make_seller

NS = {
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
FOREIGN = [
    ("FR", "FR40303265045", "75002", "Paris"),
    ("AT", "ATU13585627", "1010", "Wien"),
    ("PL", "PL8567346215", "00-001", "Łódź"),
]
WORDS = [
    "Servoachse KL-7",
    "Montage & Inbetriebnahme",
    "Schulung „Bedienung“\nzwei Tage, vor Ort",
    "<b>Öl</b>",
    "Ersatzteil\x0b 7",
]
UNITS = ["Stk", "Std.", "Tag", "m²", "kg", "", "Gebinde", "pauschal"]


def words_of(xml: bytes, path: str) -> list[str]:
    return [node.text for node in etree.fromstring(xml).findall(f".//{path}", NS)]


def check(folder) -> dict[str, list[str]]:
    """What is wrong with each e-invoice in `folder`, in a process of its own."""
    command = [sys.executable, "-m", "tests.sales.schematron", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def wrong(found) -> str:
    return "\n".join(f"{name}: {text}" for name, texts in found.items() for text in texts)


def lines_of(chance: random.Random, treatment: str) -> list[dict]:
    lines = []
    for _ in range(chance.randint(1, 9)):
        if chance.random() < 0.15:
            lines.append({"kind": "text", "text": chance.choice(WORDS), "quantity": 0, "unit": "", "vat_rate": 0})
        rate = chance.choice([19, 19, 7, 0, Decimal("5.5")]) if treatment == TaxTreatment.DOMESTIC else 0
        lines.append(
            {
                "text": chance.choice(WORDS),
                "quantity": Decimal(chance.randint(1, 99999)) / chance.choice([1, 10, 1000]),
                "unit_price": Decimal(chance.randint(0, 500000)) / 100,
                "discount_percent": chance.choice([0, 0, 3, Decimal("12.5"), Decimal("33.33"), 100]),
                "vat_rate": Decimal(rate),
                "unit": chance.choice(UNITS),
            }
        )
    if chance.random() < 0.3:
        lines.append({"kind": "text", "text": "Es gelten unsere AGB.", "quantity": 0, "unit": "", "vat_rate": 0})
    return lines


def varied(by, number: int) -> Invoice:
    """The issued invoice no. `number` of a series: rates, discounts, treatments, buyers, languages, periods."""
    chance = random.Random(number)
    treatment = list(TaxTreatment.values)[number % 9] if number % 9 < len(TaxTreatment) else TaxTreatment.DOMESTIC
    fields = {"tax_treatment": treatment, "language": chance.choice(["de", "en"]), "lines": lines_of(chance, treatment)}
    if treatment in (TaxTreatment.INTRA_COMMUNITY, TaxTreatment.REVERSE_CHARGE):
        country, vat_id, postal_code, city = chance.choice(FOREIGN)
        buyer = {"country": country, "vat_id": vat_id, "postal_code": postal_code, "city": city}
    elif treatment == TaxTreatment.EXPORT:
        buyer = {"country": chance.choice(["CH", "US", "GB"]), "vat_id": chance.choice(["", "CHE123456788"])}
    else:
        buyer = chance.choice([{}, {"vat_id": ""}, {"leitweg_id": "04011000-12345-03", "email": ""}])
    fields["company"] = make_customer(by, name=chance.choice(["Höfle & Co. KG", "A" * 200, "Müller <GmbH>"]), **buyer)
    day = timezone.localdate() - timedelta(days=chance.randint(0, 60))
    period = {"service_date": day - timedelta(days=30), "service_end": day} if chance.random() < 0.3 else {}
    invoice = make_invoice(by, **fields, **period, invoice_date=day, subject=chance.choice(["", "Projekt Ulm"]))
    return actions.issue_invoice(invoice=invoice, by=by)


def write(folder, invoice: Invoice, number: int) -> None:
    (folder / f"zugferd-{number:03}.xml").write_bytes(einvoice.zugferd(invoice))
    (folder / f"xrechnung-{number:03}.xml").write_bytes(einvoice.xrechnung(invoice))


def test_a_hundred_varied_invoices_and_credit_notes_are_valid(people, tmp_path):
    """Rates, discounts, treatments, foreign and public buyers, periods, texts: against XSD, EN 16931, XRechnung."""
    by, kinds = people["admin"], Counter()
    make_seller()
    for number in range(80):
        invoice = varied(by, number)
        write(tmp_path, invoice, number)
        kinds[invoice.kind, invoice.tax_treatment] += 1
        if number % 4 == 0:
            note = actions.cancel_invoice(invoice=invoice, by=by)
            write(tmp_path, note, number + 100)
            kinds[note.kind, note.tax_treatment] += 1
    found = check(tmp_path)
    assert len(found) == 200
    assert len(kinds) == 2 * len(TaxTreatment)
    assert wrong(found) == ""


def test_the_check_sees_what_is_wrong(people, tmp_path):
    """Else the test above shows nothing."""
    make_seller()
    invoice = varied(people["admin"], 0)
    good = einvoice.zugferd(invoice).decode()
    (tmp_path / "zugferd-1.xml").write_text(re.sub(r"(<ram:GrandTotalAmount>)\d", r"\g<1>9", good))
    (tmp_path / "zugferd-2.xml").write_text(good.replace("<ram:TypeCode>380<", "<ram:TypeCode>999<"))
    (tmp_path / "zugferd-3.xml").write_text(good.replace("ram:BuyerTradeParty", "ram:Buyer"))
    (tmp_path / "xrechnung-4.xml").write_text(re.sub(r"<ram:BuyerReference>.*?</ram:BuyerReference>", "", good))
    found = check(tmp_path)
    assert len(found) == 4
    assert all(found.values())
    assert "BR-CO-15" in wrong(found)
    assert "BR-DE-15" in wrong(found)


# ── what it says ────────────────────────────────────────────────────────────────────────────────────
def issued(by, **fields) -> Invoice:
    make_seller()
    return actions.issue_invoice(invoice=make_invoice(by, **fields), by=by)


def test_parties_sums_and_payment(people):
    invoice = issued(
        people["rep"],
        company=make_customer(people["rep"], leitweg_id="04011000-12345-03", email="eingang@ulm.example"),
        service_date=date(2026, 10, 1),
        service_end=date(2026, 10, 31),
        lines=[
            {
                "text": "Servoachse\nmit Geber",
                "quantity": Decimal("2.5"),
                "unit": "Std.",
                "unit_price": Decimal("99.99"),
            },
            {
                "text": "Handbuch",
                "unit": "Gebinde",
                "unit_price": 20,
                "vat_rate": 7,
                "discount_percent": Decimal("12.5"),
            },
        ],
    )
    xml = einvoice.xrechnung(invoice)
    expected = {
        "rsm:ExchangedDocument/ram:ID": [invoice.number],
        "rsm:ExchangedDocument/ram:TypeCode": ["380"],
        "ram:BuyerReference": ["04011000-12345-03"],
        "ram:SellerTradeParty/ram:Name": ["Nordlicht Antriebstechnik GmbH"],
        "ram:SellerTradeParty/ram:SpecifiedTaxRegistration/ram:ID": ["DE811569869", "20/291/12345"],
        "ram:BuyerTradeParty/ram:PostalTradeAddress/ram:CityName": ["Ulm"],
        "ram:BuyerTradeParty/ram:URIUniversalCommunication/ram:URIID": ["eingang@ulm.example"],
        "ram:PayeePartyCreditorFinancialAccount/ram:IBANID": ["DE89370400440532013000"],
        "ram:SpecifiedTradeProduct/ram:Name": ["Servoachse", "Handbuch"],
        "ram:SpecifiedTradeProduct/ram:Description": ["mit Geber"],
        "ram:BilledQuantity": ["2.5", "1"],
        "ram:LineTotalAmount": ["249.98", "17.50", "267.48"],
        "ram:AppliedTradeAllowanceCharge/ram:ActualAmount": [],
        "ram:SpecifiedTradeAllowanceCharge/ram:ActualAmount": ["2.50"],
        "ram:SpecifiedTradeAllowanceCharge/ram:CalculationPercent": ["12.5"],
        "ram:BasisAmount": ["20.00", "249.98", "17.50"],
        "ram:CalculatedAmount": ["47.50", "1.23"],
        "ram:ApplicableTradeTax/ram:CategoryCode": ["S", "S", "S", "S"],
        "ram:TaxTotalAmount": ["48.73"],
        "ram:DuePayableAmount": ["316.21"],
        "ram:BillingSpecifiedPeriod/ram:EndDateTime/udt:DateTimeString": ["20261031"],
        "ram:DueDateDateTime/udt:DateTimeString": [f"{invoice.due_date:%Y%m%d}"],
        "ram:ApplicableProductCharacteristic/ram:Value": ["Gebinde"],
    }
    assert {path: words_of(xml, path) for path in expected} == expected
    units = [node.get("unitCode") for node in etree.fromstring(xml).iterfind(".//ram:BilledQuantity", NS)]
    assert units == ["HUR", "C62"]


@pytest.mark.parametrize(
    ("treatment", "code", "vatex"),
    [
        (TaxTreatment.INTRA_COMMUNITY, "K", ["VATEX-EU-IC"]),
        (TaxTreatment.REVERSE_CHARGE, "AE", ["VATEX-EU-AE"]),
        (TaxTreatment.EXPORT, "G", ["VATEX-EU-G"]),
        (TaxTreatment.SMALL_BUSINESS, "E", []),
        (TaxTreatment.EXEMPT, "E", []),
    ],
)
def test_without_vat_category_and_reason_are_given(people, treatment, code, vatex):
    lines = [{"text": "Ware", "unit_price": 5, "vat_rate": 0}]
    xml = einvoice.zugferd(issued(people["rep"], tax_treatment=treatment, lines=lines, language="en"))
    assert words_of(xml, "ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax/ram:CategoryCode") == [code]
    assert words_of(xml, "ram:ExemptionReasonCode") == vatex
    assert "UStG" in words_of(xml, "ram:ExemptionReason")[0]
    assert "VAT" in words_of(xml, "ram:ExemptionReason")[0], "in the language of the invoice"


def test_a_rate_of_zero_is_a_category_of_its_own(people):
    lines = [{"text": "Photovoltaik", "unit_price": 5, "vat_rate": 0}, {"text": "Kabel", "unit_price": 5}]
    xml = einvoice.zugferd(issued(people["rep"], lines=lines))
    assert words_of(xml, "ram:ApplicableTradeTax/ram:CategoryCode") == ["Z", "S", "S", "Z"]


def test_a_credit_note_names_its_invoice(people):
    invoice = issued(people["rep"])
    note = actions.cancel_invoice(invoice=invoice, by=people["rep"])
    xml = einvoice.zugferd(note)
    assert words_of(xml, "rsm:ExchangedDocument/ram:TypeCode") == ["381"]
    assert words_of(xml, "ram:InvoiceReferencedDocument/ram:IssuerAssignedID") == [invoice.number]
    assert words_of(xml, "ram:FormattedIssueDateTime/qdt:DateTimeString") == [f"{invoice.invoice_date:%Y%m%d}"]
    assert words_of(xml, "ram:GrandTotalAmount") == ["1339.76"]
    assert words_of(xml, "ram:SpecifiedTradeSettlementPaymentMeans/ram:TypeCode") == ["97"]


def test_texts_between_lines_are_notes_of_the_next_one(people):
    text = {"kind": "text", "quantity": 0, "unit": "", "vat_rate": 0}
    lines = [{"text": "Los 1"} | text, ("Achse", 1, "5"), ("Kabel", 1, "5"), {"text": "Ende\x0b\x00\ufffe"} | text]
    lines[-1]["text"] = lines[-1]["text"].replace("\x00", "")
    xml = einvoice.zugferd(issued(people["rep"], lines=lines))
    assert words_of(xml, "ram:AssociatedDocumentLineDocument/ram:IncludedNote/ram:Content") == ["Los 1"]
    assert words_of(xml, "ram:LineID") == ["1", "2"]
    assert "Ende" in words_of(xml, "rsm:ExchangedDocument/ram:IncludedNote/ram:Content")


# ── inside the PDF ──────────────────────────────────────────────────────────────────────────────────
def test_the_pdf_claims_pdf_a_3_and_carries_the_xml(people, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    invoice = issued(people["rep"])
    content = keeping.keep(invoice).content.read()
    name, found = facturx.get_xml_from_pdf(content, check_xsd=True)
    assert (name, found) == ("factur-x.xml", einvoice.zugferd(invoice))
    root = PdfReader(io.BytesIO(content)).trailer["/Root"]
    assert [file.get_object()["/AFRelationship"] for file in root["/AF"]] == ["/Alternative"]
    assert root["/Lang"] == "de"
    xmp = etree.fromstring(root["/Metadata"].get_data())
    said = {etree.QName(node).localname: node.text for node in xmp.iter(etree.Element) if node.text}
    assert (said["part"], said["conformance"]) == ("3", "B")
    assert (said["DocumentType"], said["ConformanceLevel"]) == ("INVOICE", "EN 16931")
    assert said["DocumentFileName"] == "factur-x.xml"
    kept = keeping.xrechnung(invoice).content.read()
    assert kept == einvoice.xrechnung(invoice)


def test_xml_that_breaks_the_schema_does_not_leave(people, settings, tmp_path, monkeypatch, in_english):
    settings.MEDIA_ROOT = tmp_path
    invoice = issued(people["rep"])
    broken = einvoice.zugferd(invoice).replace(b"ram:BuyerTradeParty", b"ram:Buyer")
    monkeypatch.setattr(einvoice, "zugferd", lambda invoice: broken)
    with pytest.raises(einvoice.Invalid, match="schema"):
        keeping.keep(invoice)
    invoice.refresh_from_db()
    assert (invoice.pdf, invoice.xrechnung) == (None, None)


# ── what is missing ─────────────────────────────────────────────────────────────────────────────────
def test_a_whole_invoice_lacks_nothing(people):
    assert einvoice.missing_data(issued(people["rep"])) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"legal_name": "", "name": ""}, "company's name"),
        ({"city": ""}, "company's address"),
        ({"vat_id": "", "tax_number": ""}, "VAT ID or tax number"),
        ({"iban": "DE00370400440532013000"}, "IBAN is missing or wrong"),
        ({"phone": ""}, "phone number and e-mail"),
    ],
)
def test_what_we_lack_is_named(people, in_english, changes, sentence):
    make_seller()
    Organisation.objects.update(**changes)
    with pytest.raises(Refused, match=sentence):
        actions.issue_invoice(invoice=make_invoice(people["rep"]), by=people["rep"])


@pytest.mark.parametrize(
    ("customer", "invoice", "sentence"),
    [
        ({"postal_code": ""}, {}, "recipient's address"),
        ({"email": "", "vat_id": ""}, {}, "e-mail address is missing"),
        ({"vat_id": ""}, {"tax_treatment": "intra_community"}, "recipient's VAT ID"),
        ({"vat_id": "12345"}, {"tax_treatment": "reverse_charge"}, "recipient's VAT ID"),
        ({"industry_code": "84.11"}, {}, "Leitweg-ID is missing"),
        ({"leitweg_id": "04011000-12345-99"}, {}, "check digits"),
    ],
)
def test_what_of_the_buyer_is_missing_is_named(people, in_english, customer, invoice, sentence):
    make_seller()
    lines = [{"text": "Ware", "unit_price": 5, "vat_rate": 0}]
    draft = make_invoice(people["rep"], company=make_customer(people["rep"], **customer), lines=lines, **invoice)
    with pytest.raises(Refused, match=sentence):
        actions.issue_invoice(invoice=draft, by=people["rep"])
    draft.refresh_from_db()
    assert (draft.number, draft.status) == (None, "draft")


def test_our_vat_id_is_asked_for_where_none_is_charged(people, in_english):
    make_seller()
    Organisation.objects.update(vat_id="")
    lines = [{"text": "Ware", "unit_price": 5, "vat_rate": 0}]
    draft = make_invoice(people["rep"], lines=lines, tax_treatment="export")
    with pytest.raises(Refused, match="your company's VAT ID"):
        actions.issue_invoice(invoice=draft, by=people["rep"])


@pytest.mark.parametrize(
    ("word", "code"),
    [("Stk", "C62"), ("STD.", "HUR"), ("", "C62"), (" m² ", "MTK"), ("Pauschale", "LS"), ("Gebinde", None)],
)
def test_units(word, code):
    assert units.code_of(word) == code
