"""The papers that went out are made once, kept with their SHA-256, and delivered as they were ever after.

Made in the worker (tasks.make_paper). Whoever needs a paper earlier, or after a wake-up got lost, calls `keep`, which
makes it there and then; two at once keep one.
"""

import hashlib

from celery import current_app
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from crm.core.refusals import Refused
from crm.files.models import StoredFile
from crm.mail import makers
from crm.sales import einvoice, pdf
from crm.sales.models import DunningNotice, Invoice, Order, Quote
from crm.sales.seller import Seller

# The keys under which a mail names what is to be attached (crm/mail/makers.py).
MAKERS = {Quote: "sales.quote", Order: "sales.order", Invoice: "sales.invoice", DunningNotice: "sales.reminder"}


class Damaged(Exception):
    """The content of a kept file is not what it was; it is not handed out."""


def keep_later(document) -> None:
    """Have the worker make the paper once the transaction is committed. A broker that does not answer stops nobody."""
    make = current_app.signature("crm.sales.tasks.make_paper", (document._meta.model_name, document.pk))
    transaction.on_commit(make.delay, robust=True)


def keep(document) -> StoredFile:
    """The PDF of a document that left the house; of an invoice with its e-invoice inside. Made if it is not there yet.

    Refused for what never left the house, and for what cannot be made (CannotDraw, einvoice.Invalid): then nothing
    is kept.
    """
    document = type(document).objects.select_related("pdf").get(pk=document.pk)
    if getattr(document, "is_draft", False) or (isinstance(document, Order) and not document.confirmed_at):
        raise Refused(_("A draft has no final paper yet."))
    if document.pdf_id:
        return document.pdf
    # The drawing takes a while and locks nothing: the document is final, so nothing of it changes meanwhile.
    return _store(document, make(document)).pdf


def make(document) -> dict[str, tuple[str, bytes]]:
    """Name and content of the PDF, and of an invoice's XRechnung, by the field that keeps them. Writes nothing."""
    name, drawn = f"{pdf.title(document)}.pdf", pdf.draw(document)
    return _with_einvoice(document, name, drawn) if isinstance(document, Invoice) else {"pdf": (name, drawn)}


def _with_einvoice(invoice: Invoice, name: str, drawn: bytes) -> dict[str, tuple[str, bytes]]:
    whole = einvoice.embed(
        drawn,
        einvoice.zugferd(invoice),
        title=pdf.title(invoice),
        author=Seller.of(invoice).full_name,
        language=invoice.language,
    )
    return {"pdf": (name, whole), "xrechnung": (f"{invoice.number}-xrechnung.xml", einvoice.xrechnung(invoice))}


@transaction.atomic
def _store(document: Model, made: dict[str, tuple[str, bytes]]):
    """Write the files to the row, unless somebody else was faster; gives the row."""
    row = type(document).objects.select_for_update(of=("self",), no_key=True).select_related("pdf").get(pk=document.pk)
    if row.pdf_id is None:
        for field, (name, content) in made.items():
            setattr(row, field, StoredFile.keep(ContentFile(content, name=name.replace("/", "-")), by=None))
        row.save(update_fields=list(made))
    return row


def xrechnung(invoice: Invoice) -> StoredFile:
    """The XRechnung of an issued invoice, made together with its PDF."""
    keep(invoice)
    return StoredFile.objects.get(pk=Invoice.objects.values_list("xrechnung", flat=True).get(pk=invoice.pk))


def checked(file: StoredFile) -> StoredFile:
    """The same file, after its content was held against the hash that was kept with it. Raises Damaged."""
    with file.content.open("rb") as content:
        if hashlib.file_digest(content, "sha256").hexdigest() != file.sha256:
            raise Damaged(_("“%(name)s” is not what it was when it was kept.") % {"name": file.name})
    return file


def attachments(document) -> list[StoredFile]:
    """What goes along with a mail: the PDF, and for public buyers the XRechnung."""
    files = [checked(keep(document))]
    if isinstance(document, Invoice) and document.company_id and document.company.leitweg_id:
        files.append(checked(xrechnung(document)))
    return files


def register() -> None:
    """Tell the post office how the papers are made (AppConfig.ready)."""
    for model, key in MAKERS.items():
        makers.register(key, lambda pk, model=model: attachments(model.objects.get(pk=pk)))
