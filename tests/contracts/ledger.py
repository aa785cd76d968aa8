"""The world's bank statements, outgoing mails, and the quote that is read at a private link."""

from datetime import timedelta
from decimal import Decimal

from django.core.files.base import ContentFile
from django.utils import timezone

from crm.accounting.models import BankEntry, BankStatement
from crm.accounting.statements import bankcsv
from crm.core.seal import seal
from crm.files.models import StoredFile
from crm.mail.models import Address, MailAccount, OutgoingMail
from crm.sales.actions.links import digest
from crm.sales.models import Quote, QuoteLine, QuoteLink
from tests.contracts.world import World

CSV = b"Buchungstag;Betrag;Verwendungszweck;Auftragskonto\n20.11.2026;12,50;Zwergpinscher;DE89370400440532013000\n"
TOKEN = "world-token"


def shared(world: World) -> dict:
    """What no owner has: a file of the bank that waits for its columns, an open entry, a link."""
    file = ContentFile(CSV, name="umsaetze.csv")
    mapping = bankcsv.inspect(file)
    file.seek(0)
    kept = StoredFile.keep(file, by=world.people["manager"])
    statement = BankStatement.objects.create(
        pk=next(world.pks), file=kept, content_hash=kept.sha256, mapping=mapping, created_by=world.people["manager"]
    )
    word = world.word("ledger", None)
    entry = BankEntry.objects.create(
        pk=next(world.pks),
        statement=statement,
        account="DE89370400440532013000",
        key="world-1",
        booked_on=timezone.localdate(),
        amount=Decimal("11.50"),
        name=f"{word} KG",
        purpose=f"Zahlung {word}",
    )
    # Without a word of its own: it is there for whoever knows the token.
    quote = Quote.objects.create(
        pk=next(world.pks),
        subject="Angebot",
        recipient_name="Kunde",
        valid_until=timezone.localdate() + timedelta(days=30),
    )
    QuoteLine.objects.create(pk=next(world.pks), quote=quote, position=1, text="Ware", unit_price=Decimal(1))
    paper = StoredFile.keep(ContentFile(b"%PDF", name="angebot.pdf"), by=None)
    Quote.objects.filter(pk=quote.pk).update(status="sent", sent_at=timezone.now(), pdf=paper)
    link = QuoteLink.objects.create(
        pk=next(world.pks), quote=quote, token_hash=digest(TOKEN), expires_at=timezone.now() + timedelta(days=60)
    )
    return {
        "accounting.BankStatement": BankStatement.objects.create(
            pk=next(world.pks), file=kept, content_hash="waiting", mapping=mapping, created_by=world.people["manager"]
        ),
        "accounting.BankEntry": entry,
        "sales.QuoteLink": link,
        "mail.Address": Address.objects.create(pk=next(world.pks), email="crm@example.com"),
        # Not fetched by anybody: no test of pages talks to a mail server.
        "mail.MailAccount": MailAccount.objects.create(
            pk=next(world.pks), host="mail.invalid", user="crm", password=seal("geheim"), password_set_at=timezone.now()
        ),
    }


def personal(world: World, owner) -> None:
    """A mail that could not be sent, with an attachment."""
    word = world.word("personal", owner)
    mail = OutgoingMail.objects.create(
        pk=next(world.pks),
        sender=world.people[owner],
        to=f"kunde@{word.lower()}.example",
        subject=f"Angebot {word}",
        text=f"Guten Tag, {word}",
        state="failed",
        reason="550 5.1.1 No such mailbox",
        message_id=f"<{word}@example.com>",
    )
    file = StoredFile.keep(ContentFile(word.encode(), name=f"{word}.pdf"), by=world.people[owner])
    mail.files.add(file)
    world.children[mail.pk] = {"file": file}
    world.records["mail.OutgoingMail", "plain", owner] = mail
