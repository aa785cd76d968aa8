"""What can be done with an inbox item. See opportunities/actions.py for how verbs answer."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts import actions as contacts
from contacts.models import Company, Person
from crm.accounts.scope import Action, Area, allows
from crm.core.refusals import Overtaken, Refused
from crm.files.models import StoredFile
from crm.mail import sorting as mails
from inbox.models import InboxItem, ProcessingStatus
from opportunities import actions as opportunities
from opportunities.models import Opportunity

# What people may set on an item. When it came, when it was qualified and what became of it are not among them.
EDITABLE = (
    "title",
    "source",
    "priority",
    "kind",
    "owner",
    "company_name",
    "street",
    "postal_code",
    "city",
    "country",
    "first_name",
    "last_name",
    "email",
    "phone",
    "message",
    "expected_budget",
)


def _changeable(item, by) -> InboxItem:
    """The item, locked for this transaction, if `by` may change it."""
    return InboxItem.objects.visible_to(by, Action.CHANGE).select_for_update(of=("self",)).get(pk=item.pk)


def _waiting(item, by) -> InboxItem:
    """The same, if it is neither converted nor archived."""
    item = _changeable(item, by)
    if item.opportunity_id:
        raise Refused(_("This inbox item has already been converted."))
    if item.archived_at:
        raise Refused(_("This inbox item is archived."))
    return item


def first_status() -> ProcessingStatus:
    """Where a new item begins. A lead that arrives is never turned away, so an archived status is better than none."""
    status = ProcessingStatus.objects.order_by("-is_active", "position", "pk").first()
    if status is None:
        raise Refused(_("There is no processing status yet. Make one in the settings."))
    return status


@transaction.atomic
def receive(*, by=None, files=(), **fields) -> InboxItem:
    """A new item, from whichever way in. `by` is the user who entered it; None for form, mail and the like.

    `files` are StoredFile objects.
    """
    if by is not None and not by.may(Area.INBOX, Action.CREATE):
        raise InboxItem.DoesNotExist
    if "status" not in fields:
        fields["status"] = first_status()
    item = InboxItem.objects.create(**fields)
    item.files.set(files)
    return item


@transaction.atomic
def edit(*, item, by, seen=None, **fields) -> InboxItem:
    """Change what people may set (EDITABLE); anything else is a mistake of the caller (TypeError).

    `seen` is the item's updated_at when it was read: if it was saved since, nothing is written (Overtaken).
    """
    if unknown := set(fields) - set(EDITABLE):
        raise TypeError(f"not to be edited: {', '.join(sorted(unknown))}")
    item = _waiting(item, by)
    if seen is not None and seen != item.updated_at:
        raise Overtaken(item)
    for name, value in fields.items():
        setattr(item, name, value)
    item.save(update_fields=[*fields, "updated_at"])
    return item


@transaction.atomic
def set_status(*, item, status: ProcessingStatus, by) -> InboxItem:
    item = _waiting(item, by)
    if not status.is_active and status.pk != item.status_id:
        raise Refused(_("This processing status is no longer in use."))
    item.status = status
    item.save(update_fields=["status", "updated_at"])
    return item


def assign(*, item, owner, by) -> InboxItem:
    """Make `owner` (a user, or None) responsible."""
    if owner is not None and not owner.is_active:
        raise Refused(_("%(user)s can no longer sign in and cannot be responsible.") % {"user": owner})
    return edit(item=item, by=by, owner=owner)


@transaction.atomic
def attach(*, item, uploads, by) -> InboxItem:
    """Keep uploaded files with the item."""
    item = _waiting(item, by)
    item.files.add(*[StoredFile.keep(upload, by=by) for upload in uploads])
    return item


@transaction.atomic
def detach(*, item, file: StoredFile, by) -> InboxItem:
    """Take a file off the item."""
    item = _waiting(item, by)
    file = item.files.get(pk=file.pk)
    item.files.remove(file)
    file.discard()
    return item


@transaction.atomic
def link(*, item, by, company=None, person=None) -> InboxItem:
    """Take an existing company or person instead of a new one. A person brings the company along.

    Both must be visible to `by`; else they do not exist.
    """
    item = _waiting(item, by)
    if company is not None:
        item.company = Company.objects.visible_to(by).get(pk=company.pk)
    if person is not None:
        item.person = Person.objects.visible_to(by).select_related("company").get(pk=person.pk)
        theirs = item.person.company
        if item.company_id is None and theirs is not None and allows(by, Action.VIEW, theirs):
            item.company = theirs
    item.save(update_fields=["company", "person", "updated_at"])
    _join(item, by)
    return item


@transaction.atomic
def unlink(*, item, by, what: str) -> InboxItem:
    """Take back the link to the "company" or the "person"; the record itself stays."""
    item = _waiting(item, by)
    if what not in ("company", "person"):
        raise InboxItem.DoesNotExist
    setattr(item, what, None)
    item.save(update_fields=[what, "updated_at"])
    return item


@transaction.atomic
def create_company(*, item, by) -> InboxItem:
    """ "Firma anlegen": the company from name and address; a person that is there already is linked with it."""
    item = _waiting(item, by)
    if item.company_id:
        raise Refused(_("This inbox item already has a company."))
    if not item.company_name:
        raise Refused(_("Enter the company name first."))
    item.company = contacts.create_company(
        by=by,
        name=item.company_name,
        street=item.street,
        postal_code=item.postal_code,
        city=item.city,
        country=item.country,
        owner=item.owner or by,
    )
    item.save(update_fields=["company", "updated_at"])
    _join(item, by)
    return item


@transaction.atomic
def create_person(*, item, by) -> InboxItem:
    """ "Person anlegen": the person from names, e-mail and phone; linked with the company, whichever came first."""
    item = _waiting(item, by)
    if item.person_id:
        raise Refused(_("This inbox item already has a person."))
    if not (item.contact_name or item.email):
        raise Refused(_("Enter a name or an e-mail address first."))
    item.person = contacts.create_person(
        by=by,
        first_name=item.first_name,
        last_name=item.last_name,
        email=item.email,
        phone=item.phone,
        company=item.company,
        owner=item.owner or by,
    )
    item.save(update_fields=["person", "updated_at"])
    return item


def _join(item, by) -> None:
    """Link the item's person with its company, unless the person already has one."""
    if not (item.person_id and item.company_id) or item.person.company_id:
        return
    if contacts.may_change(by, item.person):
        item.person.company = item.company
        item.person.save(update_fields=["company", "updated_at"])


@transaction.atomic
def convert(*, item, by, kind: str) -> Opportunity:
    """Make the lead or deal. Happens once: whoever comes second is told so.

    Whoever converts an item for which nobody is responsible takes it over. The item is done with that.
    """
    item = _waiting(item, by)
    owner = item.owner or by
    item.opportunity = opportunities.create_opportunity(
        by=by,
        kind=kind,
        title=item.title,
        company=item.company,
        person=item.person,
        owner=owner,
        source=item.source,
        priority=item.priority,
        expected_budget=item.expected_budget,
        description=item.message,
    )
    item.opportunity.files.set(item.files.all())
    item.owner = owner
    item.status = ProcessingStatus.objects.filter(is_done=True, is_active=True).first() or item.status
    item.qualified_at = timezone.now()
    item.save(update_fields=["opportunity", "owner", "status", "qualified_at", "updated_at"])
    mails.follow(("item", item.pk))
    return item.opportunity


@transaction.atomic
def archive(*, item, by, reason: str) -> InboxItem:
    item = _waiting(item, by)
    reason = reason.strip()
    if not reason:
        raise Refused(_("Say why the item is archived."))
    longest = InboxItem._meta.get_field("archive_reason").max_length
    if len(reason) > longest:
        raise Refused(_("The reason may have at most %(n)s characters.") % {"n": longest})
    item.archived_at = timezone.now()
    item.archive_reason = reason
    item.save(update_fields=["archived_at", "archive_reason", "updated_at"])
    return item


@transaction.atomic
def unarchive(*, item, by) -> InboxItem:
    """Back into the inbox."""
    item = _changeable(item, by)
    if not item.archived_at:
        raise Refused(_("This inbox item is not archived."))
    item.archived_at = None
    item.archive_reason = ""
    item.save(update_fields=["archived_at", "archive_reason", "updated_at"])
    return item
