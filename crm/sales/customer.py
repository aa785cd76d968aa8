"""The customer's answer at the private link: decided once, and the owner is told by mail in the same transaction."""

from urllib.parse import urljoin

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from crm.core import frame, show
from crm.mail import actions as mail
from crm.mail import kinds
from crm.sales import actions, pdf
from crm.sales.models import Quote, QuoteLink
from crm.setup.models import Organisation

ABOUT = (
    kinds.Placeholder("number", _("Number of the document"), "ANG-2026-000001"),
    kinds.Placeholder("subject", _("Subject of the document"), _("Servo axes")),
    kinds.Placeholder("recipient", _("Recipient of the quote"), "Höfle Verpackungstechnik GmbH"),
    kinds.Placeholder("gross", _("Gross amount"), "1.339,76 €"),
    kinds.Placeholder("name", _("Name that the customer entered"), "Eva Kurz"),
    kinds.Placeholder("when", _("Day and time of the answer"), "24.11.2026, 14:05"),
    kinds.Placeholder("link", _("Address of the quote in the CRM"), "https://crm.example/quotes/1/"),
    kinds.Placeholder("company", _("Own company"), "Nordlicht Antriebe"),
)
ACCEPTED = kinds.Kind(
    "quote-accepted",
    _("Quote accepted (to the person responsible)"),
    _("When a customer accepts a quote at the private link."),
    _("{recipient} accepts quote {number}"),
    _("{name} has accepted quote {number} ({subject}) over {gross} on {when}.\n\nMake the order from it here:\n{link}"),
    ABOUT,
)
DECLINED = kinds.Kind(
    "quote-declined",
    _("Quote declined (to the person responsible)"),
    _("When a customer declines a quote at the private link."),
    _("{recipient} declines quote {number}"),
    _("{name} has declined quote {number} ({subject}) over {gross} on {when}.\n\nReason: {reason}\n\n{link}"),
    (
        *ABOUT,
        kinds.Placeholder("reason", _("Reason that the customer gave"), _("We have decided on another supplier.")),
    ),
)


def opened(link: QuoteLink) -> None:
    """Keep when the customer first looked."""
    if link.opened_at is None:
        QuoteLink.objects.filter(pk=link.pk, opened_at=None).update(opened_at=timezone.now())


@transaction.atomic
def accept(*, token: str, name: str) -> Quote:
    """Whoever has the link accepts with a name. Raises what actions.accept_by_customer raises."""
    quote = actions.accept_by_customer(token=token, name=name)
    _tell(quote, ACCEPTED)
    return quote


@transaction.atomic
def decline(*, token: str, reason: str, name: str = "") -> Quote:
    """Whoever has the link declines with a reason."""
    quote = actions.decline_by_customer(token=token, reason=reason, name=name)
    _tell(quote, DECLINED)
    return quote


def _tell(quote: Quote, kind: kinds.Kind) -> None:
    """A mail to whom the quote belongs; to the company's own address if it is nobody's or he has left."""
    owner = quote.owner if quote.owner and quote.owner.is_active else None
    to = owner.email if owner else Organisation.objects.values_list("email", flat=True).first()
    if not to:
        return
    language = owner.language if owner else settings.LANGUAGE_CODE
    with override(language):
        values = {
            "number": str(quote),
            "subject": quote.subject,
            "recipient": quote.recipient_name,
            "gross": pdf.amount(quote.gross_total, quote.currency),
            "name": quote.decided_by_name or quote.recipient_name,
            "when": show.exact(quote.decided_at),
            "reason": quote.decline_reason,
            "link": urljoin(f"{settings.BASE_URL}/", quote.get_absolute_url()),
            "company": frame.company_name(),
        }
    subject, text = kinds.compose(kind.key, language, values)
    mail.send(by=None, to=to, subject=subject, text=text)
