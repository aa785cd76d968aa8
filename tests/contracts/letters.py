"""The world's mails: one of each owner that nobody has filed yet, and one that is filed with his business."""

from datetime import timedelta
from hashlib import sha256

from django.core.files.base import ContentFile
from django.utils import timezone

from contacts.models import CompanyMessage, PersonMessage
from crm.files.models import StoredFile
from crm.mail.models import Attachment, ExcludedAddress, IncomingMail, Message, TextTemplate
from inbox.models import InboxItemMessage
from opportunities.models import OpportunityMessage
from tests.contracts.world import World

# The smallest picture, so that the attachment can be drawn as well.
DOT = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")


def shared(world: World) -> dict:
    """A mail of the journal that failed, a text template."""
    failed = IncomingMail.objects.create(
        pk=next(world.pks), raw=b"", content_hash="world", size=0, route="pipe", state="failed", reason="Nein"
    )
    text = TextTemplate.objects.create(pk=next(world.pks), name="Erstkontakt", body="{salutation}")
    return {"mail.IncomingMail": failed, "mail.TextTemplate": text}


def _message(world: World, word: str, **fields) -> Message:
    message = Message.objects.create(
        pk=next(world.pks),
        direction="in",
        subject=f"Frage {word}",
        sender_name=f"Frau {word}",
        sender_email=f"brief@{word.lower()}.example",
        recipients=[{"kind": "to", "name": word, "email": "crm@example.com"}],
        sent_at=timezone.now() - timedelta(days=1),
        text=f"Guten Tag, {word}",
        reply=f"Guten Tag, {word}",
        html=f"<p>Guten Tag, {word}</p>",
        **fields,
    )
    file = StoredFile.keep(ContentFile(DOT, name=f"{word}.gif"), by=None)
    attachment = Attachment.objects.create(
        pk=next(world.pks), message=message, file=file, content_type="image/gif", content_id=f"{word}@example.com"
    )
    world.children[message.pk] = {"attachment_id": attachment}
    return message


def _waiting(world: World, owner, opportunity) -> Message:
    word = world.word("mailbox", owner)
    message = _message(
        world,
        word,
        owner=world.people.get(owner),
        review=True,
        reason="The ID in the subject is right, but the sender is not known there.",
        proposal=[["opportunity", opportunity.pk]],
    )
    raw = f"From: Frau {word} <brief@{word.lower()}.example>\nSubject: Frage {word}\n\nGuten Tag, {word}\n".encode()
    IncomingMail.objects.create(
        pk=next(world.pks),
        raw=raw,
        content_hash=sha256(raw).hexdigest(),
        size=len(raw),
        route="pipe",
        state="review",
        reason=message.reason,
        message=message,
    )
    return message


def own(world: World, owner, opportunity, item, company, person) -> None:
    """What everybody has; the mail of the business belongs to nobody but to the business."""
    world.records["mail.Message", "plain", owner] = _waiting(world, owner, opportunity)
    filed = _message(world, world.word("opportunities", owner), filed_at=timezone.now())
    OpportunityMessage.objects.create(pk=next(world.pks), message=filed, opportunity=opportunity)
    CompanyMessage.objects.create(pk=next(world.pks), message=filed, company=company)
    PersonMessage.objects.create(pk=next(world.pks), message=filed, person=person)
    asked = _message(world, world.word("inbox", owner), filed_at=timezone.now())
    InboxItemMessage.objects.create(pk=next(world.pks), message=asked, item=item)
    if owner is not None:
        word = world.word("personal", owner)
        world.records["mail.ExcludedAddress", "plain", owner] = ExcludedAddress.objects.create(
            pk=next(world.pks), user=world.people[owner], email=f"privat@{word.lower()}.example"
        )


def crossed(world: World, owner) -> None:
    """A mail of mine whose subject names a stranger's deal."""
    world.records["mail.Message", "crossed", owner] = _waiting(
        world, owner, world.records["opportunities.Opportunity", "plain", "stranger"]
    )
