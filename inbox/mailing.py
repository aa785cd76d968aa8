"""The inbox as the post office sees it: a mail to the lead address becomes an item."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts import mailing as contacts
from contacts.salutation import salutation
from crm.accounts.scope import Area
from crm.core.forms import tidy
from crm.core.normalise import line
from crm.lists.models import Source
from crm.mail import desks, filing
from crm.mail.filing import Place
from crm.mail.models import Message, Purpose
from crm.mail.reading.references import bare_subject
from inbox import actions
from inbox.models import InboxItem, InboxItemMessage

# The origin of what comes by mail; made when the first mail comes, as users may have called theirs the same.
SOURCE = "E-Mail"


class InboxDrawer(filing.Drawer):
    key, label, icon = "item", gettext_lazy("Inbox item"), "inbox"
    link, field = InboxItemMessage, "item"

    def recipients(self, record, user):
        return [(record.contact_name, record.email)] if record.email else []

    def words(self, record, user):
        """Of the person it became; else only the name that the sender gave."""
        if record.person_id:
            return contacts.words(record.company, record.person, user) | {"title": record.title}
        return {
            "salutation": _("Hello %(name)s,") % {"name": record.contact_name}
            if record.last_name
            else salutation(None),
            "first_name": record.first_name,
            "last_name": record.last_name,
            "customer": record.company_name or record.contact_name,
            "title": record.title,
        }

    def beside(self, record_ids) -> list[Place]:
        """Once it is qualified: the contacts and the opportunity it became."""
        names = ("opportunity", "person", "company")
        items = InboxItem.objects.filter(pk__in=record_ids).order_by("pk").values_list(*names)
        return [(key, pk) for item in items for key, pk in zip(names, item, strict=True) if pk is not None]


def make_item(message: Message, contact: desks.Contact) -> list[Place]:
    """A new lead out of a mail: title = subject, its text and files, and of the sender what the mail says plainly."""
    source, _new = Source.objects.get_or_create(name=SOURCE)
    title = line(bare_subject(message.subject)) or _("Mail from %(sender)s") % {"sender": contact.email or "?"}
    item = actions.receive(
        title=title[:200],
        source=source,
        owner=message.owner,
        message=tidy(message.reply or message.text, 20_000),
        email=contact.email[:254],
        first_name=contact.first_name[:100],
        last_name=contact.last_name[:100],
        company_name=contact.company_name[:200],
        phone=contact.phone[:40],
        files=[one.file for one in message.attachments.filter(inline=False).select_related("file")],
    )
    return [("item", item.pk)]


def register() -> None:
    """Called when the applications are ready."""
    filing.register(InboxDrawer())
    desks.register(Purpose.LEADS, desks.Desk(make_item, gettext_lazy("Make an inbox item"), "inbox", Area.INBOX))
