"""Documents by mail: the kinds of mail with their standard texts, and the verb that sends one."""

from urllib.parse import urljoin

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from contacts.models import Company, Person
from contacts.salutation import salutation
from crm.core import frame, show
from crm.core.refusals import Refused
from crm.mail import actions as mail
from crm.mail import kinds
from crm.sales import actions, keeping, pdf
from crm.sales.actions.documents import address, locked
from crm.sales.models import Invoice, Quote

COMMON = (
    kinds.Placeholder("salutation", _("Salutation"), _("Dear Ms Kurz,")),
    kinds.Placeholder("number", _("Number of the document"), "AN-2026-000001"),
    kinds.Placeholder("subject", _("Subject of the document"), _("Servo axes")),
    kinds.Placeholder("gross", _("Gross amount"), "1.339,76 €"),
    kinds.Placeholder("sender", _("Name of the sender"), "Anna Berger"),
    kinds.Placeholder("company", _("Own company"), "Nordlicht Antriebe"),
)
KINDS = (
    kinds.Kind(
        "quote",
        _("Quote"),
        _("When a quote is sent."),
        _("Quote {number}: {subject}"),
        _(
            "{salutation}\n\nplease find our quote {number} attached. It is valid until {valid_until}.\n\n"
            "You can read it, accept it or decline it here:\n{link}\n\nKind regards\n{sender}\n{company}"
        ),
        (
            *COMMON,
            kinds.Placeholder("valid_until", _("Valid until"), "24.12.2026"),
            kinds.Placeholder("link", _("Private link of the customer"), "https://crm.example/q/…"),
        ),
    ),
    kinds.Kind(
        "order",
        _("Order confirmation"),
        _("When an order confirmation is sent."),
        _("Order confirmation {number}: {subject}"),
        _(
            "{salutation}\n\nthank you for your order. Please find our confirmation {number} attached.\n\n"
            "Kind regards\n{sender}\n{company}"
        ),
        COMMON,
    ),
    kinds.Kind(
        "invoice",
        _("Invoice"),
        _("When an invoice is sent."),
        _("Invoice {number}: {subject}"),
        _(
            "{salutation}\n\nplease find our invoice {number} over {gross} attached. It is due on {due_date}.\n\n"
            "Kind regards\n{sender}\n{company}"
        ),
        (*COMMON, kinds.Placeholder("due_date", _("Due date"), "24.12.2026")),
    ),
    kinds.Kind(
        "credit_note",
        _("Credit note"),
        _("When a credit note is sent."),
        _("Credit note {number}: {subject}"),
        _(
            "{salutation}\n\nplease find our credit note {number} over {gross} attached.\n\n"
            "Kind regards\n{sender}\n{company}"
        ),
        COMMON,
    ),
)
LINK = "{link}"


def kind_of(document) -> str:
    """The key of the kind of mail for this document."""
    if isinstance(document, Invoice) and document.is_credit_note:
        return "credit_note"
    return document._meta.model_name


def written(document, by) -> tuple[str, str, str]:
    """(recipient, subject, text) of the mail as `by` would write it, in the document's language.

    The place of the private link stays as {link}: there is none yet.
    """
    trial = type(document).objects.get(pk=document.pk)
    try:
        address(trial, by)
    except Refused:
        # Nobody to fill in: the sender types the address.
        trial.recipient_email = ""
    # Whom the user may not see is not named in the salutation.
    trial.company = Company.objects.visible_to(by).filter(pk=trial.company_id).first()
    trial.person = Person.objects.visible_to(by).filter(pk=trial.person_id).first()
    with override(document.language):
        values = {
            "salutation": salutation(trial.person),
            "number": str(document),
            "subject": document.subject,
            "gross": pdf.amount(document.gross_total, document.currency),
            "sender": str(by),
            "company": frame.company_name(),
            "valid_until": show.day(getattr(document, "valid_until", None)),
            "due_date": show.day(getattr(document, "due_date", None)),
            "link": LINK,
        }
    subject, text = kinds.compose(kind_of(document), document.language, values)
    return trial.recipient_email, subject.removesuffix(": "), text


def link_path(token: str) -> str:
    """Where the customer reads a quote."""
    return reverse("quote-link", args=[token])


@transaction.atomic
def send_document(*, document, by, to: str, subject: str, text: str, site: str):
    """Send it with its PDF; gives the outgoing mail. A quote that is a draft is sent, and final, by this.

    {link} in the text of a quote becomes its private link below `site`; earlier links end.
    """
    document = locked(document, by)
    if isinstance(document, Quote):
        if document.is_draft:
            document = actions.send_quote(quote=document, by=by)
        if LINK in text:
            _link, token = actions.create_link(quote=document, by=by)
            text = text.replace(LINK, urljoin(site, link_path(token)))
    elif document.is_draft:
        raise Refused(_("A draft is not sent by mail."))
    return mail.send(
        by=by, to=to, subject=subject, text=text, maker=keeping.MAKERS[type(document)], made_of=document.pk
    )
