"""The sales documents of the world: for each owner drafts, and papers that left the house with what hangs on them."""

from datetime import timedelta
from decimal import Decimal

from django.core.files.base import ContentFile
from django.utils import timezone

from crm.files.models import StoredFile
from crm.sales.models import (
    Delivery,
    DeliveryLine,
    DunningNotice,
    Invoice,
    InvoiceLine,
    Order,
    OrderLine,
    Payment,
    Product,
    Quote,
    QuoteLine,
)
from tests.contracts.world import FOREIGN_MONEY, World

AREA = {Quote: "sales", Order: "sales", Invoice: "invoices"}
LINES = {Quote: QuoteLine, Order: OrderLine, Invoice: InvoiceLine}


def shared(world: World) -> dict:
    """The price list."""
    return {
        "sales.Product": Product.objects.create(
            pk=next(world.pks), sku="KL-7", name="Servoachse", unit="Stk", net_price=Decimal("10")
        )
    }


def draft(world: World, model, owner, **more):
    """A draft with two lines and a file, and a word of its own in each text."""
    word = world.word(AREA[model], owner)
    record = model.objects.create(
        **{
            "pk": next(world.pks),
            "owner": world.people.get(owner),
            "subject": f"Beleg {word}",
            "intro": f"Guten Tag, {word}",
            "customer_reference": word,
            "recipient_name": f"{word} KG",
            "recipient_street": f"{word}weg 2",
            "recipient_postal_code": "89073",
            "recipient_city": word,
            "recipient_country": "DE",
            "recipient_email": f"einkauf@{word.lower()}.example",
            **more,
        }
    )
    line, name = LINES[model], model._meta.model_name
    price = FOREIGN_MONEY if owner == "stranger" else Decimal("12.50")
    line.objects.create(**{name: record, "pk": next(world.pks)}, position=1, text=f"Ware {word}", unit_price=price)
    line.objects.create(
        **{name: record, "pk": next(world.pks)}, position=2, kind="text", text=f"Hinweis {word}", quantity=0
    )
    record.files.add(_file(world, f"{word}.txt", owner))
    world.children[record.pk] = {"file": record.files.get()}
    return record


def _file(world, name, owner) -> StoredFile:
    return StoredFile.keep(ContentFile(name.encode(), name=name), by=world.people.get(owner))


def left(world: World, model, owner, **more):
    """One that left the house: sent, confirmed or issued; its paper is made. An order has a delivery, an invoice a
    payment and a reminder."""
    today, now = timezone.localdate(), timezone.now()
    if model is Quote:
        more.setdefault("valid_until", today + timedelta(days=30))
    record = draft(world, model, owner, **more)
    steps = {
        Quote: {"status": "sent", "sent_at": now},
        Order: {"status": "confirmed", "confirmed_at": now},
        Invoice: {"status": "issued", "invoice_date": today, "due_date": today, "service_date": today},
    }
    model.objects.filter(pk=record.pk).update(**steps[model])
    word = record.customer_reference
    made = {"pdf": _file(world, f"{word}.pdf", owner)}
    if model is Invoice:
        made["xrechnung"] = _file(world, f"{word}.xml", owner)
    model.objects.filter(pk=record.pk).update(**made)
    if model is Order:
        delivery = Delivery.objects.create(pk=next(world.pks), order=record, note=f"Lieferschein {word}")
        DeliveryLine.objects.create(
            pk=next(world.pks), delivery=delivery, order_line=record.lines.first(), quantity=Decimal("0.5")
        )
        world.children[record.pk]["delivery"] = delivery
    if model is Invoice:
        world.children[record.pk]["payment"] = Payment.objects.create(
            pk=next(world.pks), invoice=record, amount=Decimal("1"), reference=word
        )
        notice = DunningNotice.objects.create(
            pk=next(world.pks), invoice=record, level=1, open_amount=Decimal("9"), fee=Decimal("0"), due_date=today
        )
        DunningNotice.objects.filter(pk=notice.pk).update(pdf=_file(world, f"Mahnung {word}.pdf", owner))
        world.children[record.pk]["notice"] = notice
    record.refresh_from_db()
    return record


def own(world: World, owner, variant: str, **parties) -> dict:
    """Of each kind a draft and one that left the house; gives them by their label in the world."""
    found = {}
    for model in AREA:
        label = model._meta.label
        found[label] = draft(world, model, owner, **parties)
        found[f"{label}/left"] = left(world, model, owner, **parties)
    for label, record in found.items():
        world.records[label, variant, owner] = record
    return found


def crossed(world: World, owner, firm, human, lead) -> None:
    """My papers about a stranger's contacts; and hers about mine, one of them an order of my quote."""
    theirs = ("contacts.Company", "contacts.Person", "opportunities.Opportunity")
    company, person, opportunity = (world.records[label, "plain", "stranger"] for label in theirs)
    mine = own(world, owner, "crossed", company=company, person=person, opportunity=opportunity)
    about = {"company": firm, "person": human, "opportunity": lead}
    left(world, Quote, "stranger", **about)
    left(world, Order, "stranger", quote=mine["sales.Quote/left"], **about)
    left(world, Invoice, "stranger", order=mine["sales.Order/left"], **about)
