"""What a page costs does not depend on how much there is: the same number of queries for ten records and for many."""

from decimal import Decimal

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts.models import Company, CompanyMessage, Person, PersonMessage
from crm.accounts.models import ApiToken
from crm.files.models import StoredFile
from crm.imports.models import ImportEffect, RejectedRow
from crm.lists.models import Priority, Source, Tag
from crm.mail.models import Attachment, ExcludedAddress, IncomingMail, Message, OutgoingMail
from crm.notices.models import Notice
from crm.sales.models import (
    Delivery,
    Invoice,
    InvoiceLine,
    Order,
    OrderLine,
    Payment,
    Product,
    Quote,
    QuoteLine,
)
from crm.sales.models.document import MOST_LINES
from inbox.models import InboxItem, InboxItemMessage, ProcessingStatus
from opportunities.models import LossReason, Opportunity, OpportunityMessage, Pipeline, Subscription
from tests.contracts.access import Matrix
from tests.contracts.test_history import our_models

# Lists that share their room with others.
LISTS = ("sales:quotes", "sales:orders", "sales:invoices", "mail:outbox", "mail:journal")
# What one list of the settings shows; each entry of them has its own row.
PICK_LISTS = (Source, Priority, Tag, LossReason, ProcessingStatus)


def tagged(records, tags) -> None:
    """Each of the latest records, those that the first page shows, gets two tags."""
    records = records[-300:]
    through = records[0].tags.through
    key = f"{records[0]._meta.model_name}_id"
    through.objects.bulk_create(through(**{key: record.pk, "tag_id": tag.pk}) for record in records for tag in tags[:2])


class Crowd:
    """Records by the hundred, all of one owner, and all hanging on the owner's own records."""

    def __init__(self, world, owner: str):
        self.world, self.own, self.user = world, owner, world.people[owner]
        labels = ("contacts.Company", "contacts.Person", "opportunities.Opportunity", "inbox.InboxItem")
        self.firm, self.human, self.lead, self.item = (world.records[label, "plain", owner] for label in labels)
        self.run = world.records["imports.ImportRun", "plain", owner]
        self.pipelines = [(p, list(p.stages.all())) for p in Pipeline.objects.filter(is_default=True)]
        self.tags = list(Tag.objects.all())
        self.made = 0

    def grow(self, total: int, *, settings: bool = False) -> None:
        """Make it `total` of each; with `settings` also entries of the pick-lists."""
        numbers = range(self.made, total)
        self.made = total
        self.contacts(numbers)
        leads = self.leads(numbers)
        self.items(numbers, leads)
        self.papers(numbers)
        self.letters(numbers)
        self.around(numbers, leads)
        if settings:
            for model in PICK_LISTS:
                model.objects.bulk_create(model(name=f"Eintrag {self.user.pk} {i}", position=200) for i in numbers)

    def contacts(self, numbers) -> None:
        more = {"owner": self.user, "city": "Ulm", "phone": "+4973112345", "country": "DE"}
        firms = Company.objects.bulk_create(
            Company(name=f"Werk {self.user.pk} {i}", email=f"w{i}@werk.example", parent=self.firm, **more)
            for i in numbers
        )
        humans = Person.objects.bulk_create(
            Person(last_name=f"Maier {i}", email=f"m{i}@werk.example", company=self.firm, **more) for i in numbers
        )
        tagged(firms, self.tags)
        tagged(humans, self.tags)

    def leads(self, numbers) -> list:
        """On all stages of both pipelines."""
        made = []
        for i in numbers:
            pipeline, stages = self.pipelines[i % len(self.pipelines)]
            made.append(
                Opportunity(
                    title=f"Auftrag {i}",
                    kind=pipeline.kind,
                    entered_as=pipeline.kind,
                    owner=self.user,
                    company=self.firm,
                    person=self.human,
                    pipeline=pipeline,
                    stage=stages[i // 2 % len(stages)],
                    estimated_value=1000 + i,
                    source=self.world.shared["lists.Source"],
                )
            )
        made = Opportunity.objects.bulk_create(made)
        tagged(made, self.tags)
        return made

    def items(self, numbers, leads) -> None:
        """Waiting ones, and converted ones."""
        common = {
            "status": self.item.status,
            "source": self.world.shared["lists.Source"],
            "owner": self.user,
            "company": self.firm,
            "person": self.human,
        }
        items = [InboxItem(title=f"Anfrage {i}", email=f"a{i}@werk.example", **common) for i in numbers]
        for i, lead in enumerate(leads):
            if i % 3 == 0:
                items[i].opportunity, items[i].qualified_at = lead, lead.created_at
        InboxItem.objects.bulk_create(items)

    def papers(self, numbers) -> None:
        """Documents of each kind with two lines, and more lines in the owner's own; deliveries, payments, products."""
        parties = {"company": self.firm, "person": self.human, "opportunity": self.lead, "owner": self.user}
        Product.objects.bulk_create(
            Product(sku=f"P-{self.user.pk}-{i}", name=f"Ware {i}", net_price=i) for i in numbers
        )
        products = list(Product.objects.order_by("-pk")[: len(numbers)])
        for model, line in ((Quote, QuoteLine), (Order, OrderLine), (Invoice, InvoiceLine)):
            name = model._meta.model_name
            made = model.objects.bulk_create(model(subject=f"Beleg {i}", **parties) for i in numbers)
            own = self.world.records[model._meta.label, "plain", self.own]
            line.objects.bulk_create(
                line(**{name: paper}, position=place, text="Ware", product=product, unit_price=1)
                for paper, product in zip(made, products, strict=True)
                for place in (1, 2)
            )
            line.objects.bulk_create(
                line(**{name: own}, position=i + 10, text="Ware", product=product, unit_price=1)
                for i, product in zip(numbers, products, strict=True)
                if i + 10 <= MOST_LINES
            )
        order = self.world.records["sales.Order/left", "plain", self.own]
        Delivery.objects.bulk_create(Delivery(order=order, created_by=self.user) for i in numbers)
        invoice = self.world.records["sales.Invoice/left", "plain", self.own]
        Payment.objects.bulk_create(
            Payment(invoice=invoice, amount=Decimal("0.01"), created_by=self.user) for i in numbers
        )

    def letters(self, numbers) -> None:
        """Mails in one thread, filed with the owner's own records, some sent and some to be reviewed; the journal."""
        own = self.world.records["mail.Message", "plain", self.own]
        common = {"sender_email": "m@werk.example", "sent_at": timezone.now(), "owner": self.user}
        common |= {"thread": own.thread, "recipients": [{"kind": "to", "name": "", "email": "crm@example.com"}]}
        sent = OutgoingMail.objects.bulk_create(
            OutgoingMail(sender=self.user, to="m@werk.example", subject=f"S {i}", message_id=f"<s{self.user.pk}-{i}@x>")
            for i in numbers
        )
        messages = Message.objects.bulk_create(
            Message(
                direction="out" if i % 2 else "in",
                outgoing=mail if i % 2 else None,
                subject=f"Frage {i}",
                review=i % 5 == 0,
                reason="Nein" if i % 5 == 0 else "",
                filed_at=timezone.now(),
                **common,
            )
            for i, mail in zip(numbers, sent, strict=True)
        )
        links = ((CompanyMessage, "company", self.firm), (PersonMessage, "person", self.human))
        links += ((OpportunityMessage, "opportunity", self.lead), (InboxItemMessage, "item", self.item))
        for link, name, record in links:
            link.objects.bulk_create(link(**{"message": message, name: record}) for message in messages)
        file = StoredFile.keep(ContentFile(b"x", name="x.txt"), by=self.user)
        Attachment.objects.bulk_create(Attachment(message=own, file=file, content_type="x/y") for _i in numbers)
        ExcludedAddress.objects.bulk_create(
            ExcludedAddress(user=self.user, email=f"p{i}@werk.example") for i in numbers
        )
        IncomingMail.objects.bulk_create(
            IncomingMail(raw=b"x", size=1, content_hash=f"{self.user.pk}-{i}", route="pipe", state="stored")
            for i in numbers
        )

    def around(self, numbers, leads) -> None:
        """Files, history, subscriptions, tokens, what an import did."""
        content = StoredFile.keep(ContentFile(b"x", name="x.txt"), by=self.user)
        files = StoredFile.objects.bulk_create(
            StoredFile(content=content.content.name, name=f"Datei {i}.txt", size=1, sha256="x", uploaded_by=self.user)
            for i in numbers
        )
        papers = [self.world.records[f"sales.{name}", "plain", self.own] for name in ("Quote", "Order", "Invoice")]
        for record in (self.firm, self.human, self.lead, self.item, *papers):
            record.files.add(*files)
            with connection.cursor() as cursor:
                table = record._meta.db_table
                loop = f"UPDATE {table} SET external_id = 'x' || i WHERE id = {record.pk};"
                cursor.execute(f"DO $$ BEGIN FOR i IN 1..{len(numbers)} LOOP {loop} END LOOP; END $$")
        Notice.objects.bulk_create(Notice(user=self.user, key=f"{i}", text=f"Anruf {i}", url="/") for i in numbers)
        Subscription.objects.bulk_create(Subscription(user=self.user, opportunity=lead) for lead in leads)
        ApiToken.objects.bulk_create(
            ApiToken(user=self.user, name=f"T {i}", hash=f"{self.user.pk}-{i}", hint="x") for i in numbers
        )
        kind = ContentType.objects.get_for_model(Opportunity)
        ImportEffect.objects.bulk_create(
            ImportEffect(run=self.run, row=i + 10, record_type=kind, record_id=lead.pk)
            for i, lead in zip(numbers, leads, strict=True)
        )
        RejectedRow.objects.bulk_create(
            RejectedRow(run=self.run, row=i + 10, cells=["a", "b"], reason=f"Nein {i}") for i in numbers
        )


def analyze() -> None:
    """What autovacuum does after a bulk load; of a test's transaction it sees nothing."""
    tables = ", ".join(model._meta.db_table for model in our_models())
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {tables}")


def costs(matrix, cells) -> dict[str, tuple[int, list]]:
    """{address: (number of queries, the queries)}; each address is asked twice, so that nothing is asked first."""
    analyze()
    found = {}
    for cell, url in cells:
        matrix.send(cell, url=url)
        with CaptureQueriesContext(connection) as asked:
            answer = matrix.send(cell, url=url)
        assert answer.status < 400, f"{cell}: {answer.status} {answer.error}"
        found[f"{cell.route.name} {url}"] = (len(asked), [query["sql"] for query in asked])
    return found


def addresses(matrix, role, only=lambda cell: True) -> list:
    """Every address the role may read, lists also as exports and with a search."""
    found = []
    for cell in matrix.allowed(role, "get"):
        if only(cell):
            found.append((cell, cell.url))
            if cell.route.name.endswith((":list", *LISTS)):
                found += [(cell, f"{cell.url}?{query}") for query in ("export=csv", "export=xlsx", "q=werk")]
    return found


def dearer(few, many) -> list[str]:
    """Where it costs more with many, and the statement that is new."""
    said = []
    for name, (number, _queries) in few.items():
        if many[name][0] > number:
            shapes = [query.split(" FROM ")[-1][:70] for query in many[name][1]]
            most = max(shapes, key=shapes.count)
            said.append(f"{name}: {number} queries became {many[name][0]}; {shapes.count(most)} × {most}")
    return said


@pytest.mark.parametrize("role", ["rep", "admin"])
def test_pages_cost_the_same_with_many_records(world, role):
    crowd, matrix = Crowd(world, role), Matrix(world)
    crowd.grow(10, settings=role == "admin")
    pages = addresses(matrix, role)
    few = costs(matrix, pages)
    crowd.grow(300, settings=role == "admin")
    many = costs(matrix, pages)
    assert len(few) > 60
    assert dearer(few, many) == []
    assert max(number for number, _queries in many.values()) < 60


def test_lists_and_board_cost_the_same_with_ten_thousand(world):
    names = ("opportunities:list", "opportunities:board", "inbox:list", "contacts:list", "mail:list", "search", *LISTS)
    crowd, matrix = Crowd(world, "rep"), Matrix(world)
    crowd.grow(10)
    pages = addresses(matrix, "rep", lambda cell: cell.route.name in names)
    pages = [(cell, url) for cell, url in pages if "export" not in url]
    few = costs(matrix, pages)
    # Companies and persons are one list: half of each makes as many contacts.
    crowd.contacts(range(10, 5_000))
    crowd.items(range(10, 10_000), crowd.leads(range(10, 10_000)))
    crowd.papers(range(10, 1_000))
    crowd.letters(range(10, 5_000))
    many = costs(matrix, pages)
    assert Opportunity.objects.count() > 10_000
    assert len(few) >= 8
    assert dearer(few, many) == []
