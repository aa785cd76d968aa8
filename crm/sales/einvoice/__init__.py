"""Electronic invoices: ZUGFeRD 2 / Factur-X (profile EN 16931) inside the PDF, and XRechnung (CII) beside it."""

from django.utils.translation import gettext as _

from crm.core.refusals import Refused
from crm.sales.einvoice.checks import missing_data
from crm.sales.einvoice.cii import EN16931, XRECHNUNG, build
from crm.sales.models import Invoice

__all__ = ["Invalid", "embed", "missing_data", "xrechnung", "zugferd"]


class Invalid(Refused):
    """An invoice that came past `missing_data` (from another system) lacks what its XML needs."""


def zugferd(invoice: Invoice) -> bytes:
    """The XML that goes into the PDF of an issued invoice: profile EN 16931."""
    return build(invoice, profile=EN16931)


def xrechnung(invoice: Invoice) -> bytes:
    """The XML for public buyers, and whoever asks for it: XRechnung 3.0, syntax CII."""
    return build(invoice, profile=XRECHNUNG)


def embed(pdf: bytes, xml: bytes, *, title: str, author: str, language: str) -> bytes:
    """The PDF/A-3 with `xml` (profile EN 16931) inside, as factur-x.xml. Raises Invalid for XML that breaks the schema.

    "Alternative": the XML says the same as the page, as ZUGFeRD asks of its full profiles.
    """
    import facturx

    try:
        facturx.xml_check_xsd(xml, flavor="factur-x", level="en16931")
    # factur-x raises nothing more special.
    except Exception as error:
        raise Invalid(_("The e-invoice would not follow its schema: %(why)s") % {"why": error}) from error
    return facturx.generate_from_binary(
        pdf,
        xml,
        flavor="factur-x",
        level="en16931",
        check_xsd=False,
        pdf_metadata={"author": author, "title": title, "subject": title, "keywords": "Factur-X, ZUGFeRD"},
        lang=language,
        afrelationship="alternative",
    )
