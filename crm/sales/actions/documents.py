"""What quotes, orders and invoices have in common: beginning, changing and deleting a draft; the recipient."""

import datetime

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils.translation import gettext as _

from contacts.models import Company, Person
from crm.accounts.scope import Action, allows
from crm.core import show
from crm.core.refusals import Overtaken, Refused
from crm.sales import tax
from crm.sales.actions import lines as line_actions
from crm.sales.models import Document, Invoice, LineKind, Order, OrderLine, Quote, StandardText
from crm.setup.models import Organisation
from opportunities.models import Opportunity

GERMAN_SPEAKING = {"", "DE", "AT", "CH", "LI"}


def locked(document, by, action=Action.CHANGE):
    """The row, locked for this transaction, if `by` may do `action` with it."""
    found = type(document).objects.visible_to(by, action)
    return found.select_for_update(of=("self",), no_key=True).get(pk=document.pk)


def draft(document, by, action=Action.CHANGE):
    """The same, if it is still a draft."""
    document = locked(document, by, action)
    if not document.is_draft:
        raise Refused(
            _("“%(name)s” is no longer a draft; it can no longer be changed.") % {"name": document},
        )
    return document


def version(document) -> str:
    """Which state of the document a form shows; given back to a verb, nothing is overwritten unseen."""
    return document.updated_at.isoformat()


def check_version(document, seen: str | None) -> None:
    if seen is not None and seen != version(document):
        raise Overtaken(document)


def may_create(model, by) -> None:
    """Raises DoesNotExist if `by` may not make such a document."""
    if not by.may(model.area, Action.CREATE):
        raise model.DoesNotExist


# ── beginning ───────────────────────────────────────────────────────────────────────────────────────
def begin(model, *, by, kind: str, lines: list[dict], of: Opportunity | None = None, **fields) -> Document:
    """A new draft with what is known: parties and responsible `of` an opportunity, tax, language, standard texts.

    Whatever is given in `fields` is not guessed. `kind` is one of PaperKind.
    """
    may_create(model, by)
    if of is not None:
        fields = {
            "opportunity": of,
            "company": of.company,
            "person": of.person,
            "subject": of.title,
            "owner": of.owner,
        } | fields
    fields.setdefault("owner", by)
    document = model(**fields)
    if not allows(by, Action.CHANGE, document):
        # A colleague's opportunity: whoever writes the paper has to be able to finish it.
        document.owner = by
    customer = document.company or document.person
    country = str(customer.country) if customer else ""
    if "language" not in fields:
        document.language = "de" if country in GERMAN_SPEAKING else "en"
    if "tax_treatment" not in fields:
        vat_id = document.company.vat_id if document.company else ""
        document.tax_treatment = tax.default_treatment(
            country=country, vat_id=vat_id, seller=Organisation.objects.first()
        )
    text = StandardText.objects.filter(kind=kind, language=document.language).first()
    if text is not None:
        document.intro = fields.get("intro", text.intro)
        document.closing = fields.get("closing", text.closing)
    check_dates(document)
    document.save()
    line_actions.write(document, line_actions.built(document, lines))
    document.refresh_from_db()
    return document


def one_line(opportunity) -> list[dict]:
    """What is known of an opportunity as a line: its title at its estimated value; nothing without a value."""
    if not opportunity.estimated_value:
        return []
    return [{"text": opportunity.title, "unit_price": opportunity.estimated_value}]


def opportunity_of(opportunity, by) -> Opportunity:
    """The opportunity with its parties, if `by` may see it."""
    return Opportunity.objects.visible_to(by).select_related("company", "person", "owner").get(pk=opportunity.pk)


# ── changing ────────────────────────────────────────────────────────────────────────────────────────
def check_dates(document) -> None:
    """Refused for dates in an order that cannot be; the database refuses them as well."""
    if isinstance(document, Order) and _before(document.delivery_date, document.order_date):
        raise Refused(_("The delivery date lies before the order date."))
    if isinstance(document, Invoice):
        if _before(document.due_date, document.invoice_date):
            raise Refused(_("The due date lies before the invoice date."))
        if document.service_end and (not document.service_date or document.service_end < document.service_date):
            raise Refused(_("The service period ends before it begins."))
        if document.order and _before(document.invoice_date, document.order.order_date):
            raise Refused(_("The invoice date lies before the order date."))


def _before(day: datetime.date | None, other: datetime.date | None) -> bool:
    return day is not None and other is not None and day < other


@transaction.atomic
def update_document(*, document, by, seen: str | None = None, **fields):
    """Change the head of a draft. `seen`: the version the user saw; raises Overtaken if it is old.

    Another tax treatment sets the VAT rates of the lines: to zero, or back to those of the products.
    """
    document = draft(document, by)
    check_version(document, seen)
    charged = document.charges_vat
    for name, value in fields.items():
        setattr(document, name, value)
    check_dates(document)
    if charged and not document.charges_vat:
        document.lines.exclude(vat_rate=0).update(vat_rate=0)
    document.save(update_fields=[*fields, "updated_at"])
    if document.charges_vat and not charged:
        _charge(document)
    document.refresh_from_db()
    return document


def _charge(document) -> None:
    """Every item gets the rate of its product, else the usual one."""
    product = document.lines.model._meta.get_field("product").related_model
    rates = dict(product.objects.filter(pk__in=document.lines.values("product")).values_list("pk", "vat_rate"))
    whens = [When(product=pk, then=Value(rate)) for pk, rate in rates.items()]
    usual = Value(tax.default_rate())
    document.lines.filter(kind=LineKind.ITEM).update(vat_rate=Case(*whens, default=usual) if whens else usual)


@transaction.atomic
def save_lines(*, document, lines: list[dict], by, seen: str | None = None):
    """Make the lines of a draft these, in this order; see actions/lines.py for what a line may say."""
    if isinstance(document, Invoice) and document.order_id:
        # Before the invoice: two invoices of one order are written one after the other.
        Order.objects.select_for_update(of=("self",), no_key=True).get(pk=document.order_id)
    document = draft(document, by)
    check_version(document, seen)
    there = {line.pk: line for line in document.lines.all()}
    line_actions.write(document, line_actions.built(document, lines, there))
    if isinstance(document, Invoice):
        check_invoiced(document)
    document.refresh_from_db()
    return document


def check_invoiced(invoice) -> None:
    """Refused if more of the order is on invoices than was ordered. The order is locked."""
    if not invoice.order_id:
        return
    ordered = OrderLine.objects.filter(order=invoice.order_id).with_invoiced()
    line = ordered.filter(invoiced_quantity__gt=F("quantity")).first()
    if line is not None:
        raise Refused(
            _("Line %(n)s of the order: more is invoiced (%(invoiced)s) than was ordered (%(ordered)s).")
            % {
                "n": line.position,
                "invoiced": show.number(line.invoiced_quantity, 3),
                "ordered": show.number(line.quantity, 3),
            }
        )


@transaction.atomic
def delete_draft(*, document, by) -> None:
    """Throw a draft away, with its lines; it was never a paper, so whoever may change it may.

    Of a quote's revision: the one before is the latest again.
    """
    document = draft(document, by)
    files = list(document.files.all())
    document.delete()
    if isinstance(document, Quote) and document.revision_of_id:
        Quote.objects.filter(pk=document.revision_of_id).update(is_latest=True)
    for file in files:
        file.discard()


# ── leaving the house ───────────────────────────────────────────────────────────────────────────────
def address(document, by) -> None:
    """Fill the recipient from company and person, as far as `by` may see them, where nothing was typed."""
    if document.recipient_name:
        return
    company = Company.objects.visible_to(by).filter(pk=document.company_id).first()
    person = Person.objects.visible_to(by).filter(pk=document.person_id).first()
    customer = company or person
    if customer is None:
        raise Refused(_("To whom? Choose a company or a person, or type the recipient."))
    document.recipient_name = str(customer)
    document.recipient_contact = str(person) if company and person else ""
    document.recipient_street = customer.street
    document.recipient_postal_code = customer.postal_code
    document.recipient_city = customer.city
    document.recipient_country = customer.country
    if company:
        document.recipient_vat_id = company.vat_id
        document.customer_reference = document.customer_reference or company.leitweg_id
    if not document.recipient_email:
        person_email = person.email if person else ""
        invoice_email = company.invoice_email if company and isinstance(document, Invoice) else ""
        document.recipient_email = invoice_email or person_email or customer.email


def check_not_empty(document) -> None:
    if not document.lines.items().exists():
        raise Refused(_("“%(name)s” has no lines with an amount yet.") % {"name": document})
