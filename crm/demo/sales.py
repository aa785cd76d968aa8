"""The papers of the demo company: what was offered, ordered, invoiced and paid for the deals of the story.

Amounts are whole cents and moments seconds since the first day's midnight, as in the story. Everything of a deal comes
after its beginning, so one pass over the deals is enough: what is due waits in a heap until its moment, and numbers
are given in the order of time, those of invoices without gaps. The database's triggers are off meanwhile; a test lets
them derive everything anew and compares.
"""

import heapq
import json
from collections import defaultdict
from random import Random

from django.db import connection

from crm.demo import words
from crm.demo.load import Table
from crm.demo.story import DAY, DAYS, Story
from crm.sales.models import (
    Delivery,
    DeliveryLine,
    DunningLevel,
    DunningNotice,
    Invoice,
    InvoiceLine,
    NumberCounter,
    NumberRange,
    Order,
    OrderLine,
    PaperKind,
    Payment,
    Product,
    Quote,
    QuoteLine,
    StandardText,
)
from crm.sales.tax import default_treatment
from crm.setup.models import Organisation

DEALS = """
    SELECT o.id, o.title, o.status, o.owner_id, o.company_id, o.person_id, (o.estimated_value * 100)::bigint,
           {seconds}, s.probability, c.name, c.street, c.postal_code, c.city, c.country, c.vat_id, c.email,
           c.payment_terms_days, concat_ws(' ', nullif(p.title, ''), p.first_name, p.last_name)
    FROM opportunities_opportunity o
    JOIN opportunities_stage s ON s.id = o.stage_id
    JOIN contacts_company c ON c.id = o.company_id
    LEFT JOIN contacts_person p ON p.id = o.person_id
    WHERE o.kind = 'deal' AND o.estimated_value > 0 AND o.id >= %s
    ORDER BY o.id
"""
SECONDS = "extract(epoch FROM (o.{} AT TIME ZONE 'Europe/Berlin') - '{}'::timestamp)::bigint"
HEAD = (
    "id number status subject company_id person_id opportunity_id owner_id tax_treatment net_total vat_total "
    "gross_total intro closing recipient_name recipient_contact recipient_street recipient_postal_code recipient_city "
    "recipient_country recipient_vat_id recipient_email created_at updated_at "
)
LINE = "id position product_id text quantity unit unit_price discount_percent vat_rate "


class Deal:
    """A row of DEALS."""

    __slots__ = (
        *("id", "title", "status", "owner", "company", "person", "value", "created", "won", "lost", "chance"),
        *("name", "street", "postal_code", "city", "country", "vat_id", "email", "terms", "contact", "treatment"),
    )

    def __init__(self, row, seller: Organisation):
        for name, value in zip(self.__slots__, row, strict=False):
            setattr(self, name, value)
        self.treatment = default_treatment(country=self.country, vat_id=self.vat_id, seller=seller)


def euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def line_net(line: tuple) -> int:
    """Cents of (product, quantity, price in cents, discount in whole percent): half a cent up."""
    _product, quantity, price, discount = line
    return (quantity * price * (100 - discount) + 50) // 100


class Papers:
    """Writes quotes, orders, deliveries, invoices, payments and reminders for the deals of `story`."""

    def __init__(self, story: Story, *, seed: int):
        self.story, self.rng = story, Random(seed + 1)
        self.due: list[tuple] = []
        self.ids: dict = {}
        self.seller = Organisation.objects.get(pk=1)
        self.snapshot = json.dumps(self.seller.snapshot(), ensure_ascii=False)
        self.texts = {t.kind: (t.intro, t.closing) for t in StandardText.objects.filter(language="de")}
        self.levels = list(DunningLevel.objects.all())
        self.ranges = {r.kind: r for r in NumberRange.objects.all()}
        self._prepare()
        self._offer()

    def _prepare(self) -> None:
        self.quote = Table(
            Quote, HEAD + "revision is_latest valid_until sent_at decided_at decided_by_name decline_reason"
        )
        self.quote_line = Table(QuoteLine, LINE + "quote_id")
        self.order = Table(Order, HEAD + "quote_id order_date delivery_date confirmed_at delivered_at")
        self.order_line = Table(OrderLine, LINE + "order_id delivered_quantity")
        self.delivery = Table(Delivery, "id order_id delivered_on created_by_id created_at")
        self.delivered = Table(DeliveryLine, "id delivery_id order_line_id quantity")
        self.invoice = Table(
            Invoice,
            HEAD + "kind order_id cancels_id invoice_date due_date service_date seller issued_at paid_amount "
            "open_amount paid_at cancelled_at dunning_level",
        )
        self.invoice_line = Table(InvoiceLine, LINE + "invoice_id order_line_id")
        self.payment = Table(Payment, "id invoice_id amount paid_on reference created_by_id created_at")
        self.notice = Table(
            DunningNotice, "id invoice_id level open_amount fee text issued_on due_date created_by_id created_at"
        )
        self.tables = [
            *(self.quote, self.quote_line, self.order, self.order_line, self.delivery, self.delivered),
            *(self.invoice, self.invoice_line, self.payment, self.notice),
        ]
        self.first = {table.model: _next_id(table.model) for table in self.tables}
        self.ids = dict(self.first)
        self.numbers = _numbers_given()

    def _offer(self) -> None:
        """The price list."""
        for sku, name, unit, price, rate in words.PRODUCTS:
            Product.objects.get_or_create(
                sku=sku, defaults={"name": name, "unit": unit, "net_price": euros(price), "vat_rate": rate}
            )
        keys = dict(Product.objects.values_list("sku", "pk"))
        self.products = [(keys[sku], name, unit, price, rate) for sku, name, unit, price, rate in words.PRODUCTS]
        self.work, *self.goods = self.products

    # ── small things ────────────────────────────────────────────────────────────────────────────────
    def next(self, table: Table) -> int:
        self.ids[table.model] += 1
        return self.ids[table.model] - 1

    def number(self, prefix: str, second: int) -> str:
        """The next number of the year; a draft has none of an invoice."""
        year = int(self.story.dates[second // DAY][:4])
        self.numbers[prefix, year] += 1
        return f"{prefix}-{year}-{self.numbers[prefix, year]:06d}"

    def invoice_number(self, kind: str, day: int) -> str:
        year = int(self.story.dates[day][:4])
        numbers = self.ranges[kind]
        self.numbers[kind, year] += 1
        count = str(self.numbers[kind, year]).rjust(numbers.digits, "0")
        return numbers.pattern.replace("{year}", str(year)).replace("{number}", count)

    def day(self, number: int) -> str:
        return self.story.dates[max(0, min(number, DAYS + 399))]

    def workday(self, number: int) -> int:
        """This day, or the Monday after."""
        weekday = self.story.weekdays[max(0, min(number, DAYS + 390))]
        return number + (7 - weekday if weekday > 4 else 0)

    def later(self, second: int, write, *args) -> None:
        """Do it when its moment comes, in the order of time; what lies after today never happens."""
        if second < self.story.end:
            heapq.heappush(self.due, (second, len(self.due), self.rng.random(), write, args))

    # ── the story ───────────────────────────────────────────────────────────────────────────────────
    def tell(self) -> None:
        """Write everything."""
        first = self.story.first_day.isoformat()
        seconds = ", ".join(SECONDS.format(name, first) for name in ("created_at", "won_at", "lost_at"))
        begin = self.story.opportunity_begin
        with connection.chunked_cursor() as cursor:
            cursor.execute(DEALS.format(seconds=seconds), [begin])
            while rows := cursor.fetchmany(5000):
                for row in rows:
                    deal = Deal(row, self.seller)
                    self._happen(deal.created)
                    {"won": self._won, "lost": self._lost, "open": self._open}[deal.status](deal)
        self._happen(self.story.end)
        for table in self.tables:
            table.flush()
        self._count()

    def _happen(self, until: int) -> None:
        while self.due and self.due[0][0] < until:
            second, _n, _dice, write, args = heapq.heappop(self.due)
            write(second, *args)

    def _lines(self, value: int) -> list[tuple]:
        """Lines that sum to `value` cents: some goods, and work for the rest."""
        rng, rest, lines = self.rng, value, []
        for product in rng.sample(self.goods, rng.randrange(1, 4)):
            price, discount = product[3], rng.choice((0, 0, 0, 3, 5, 10))
            quantity = min(int(rest * rng.uniform(0.25, 0.6)) // price, 500)
            if quantity:
                lines.append((product, quantity, price, discount))
                rest -= line_net(lines[-1])
        return [*lines, (self.work, 1, rest, 0)] if rest else lines

    def _won(self, deal: Deal) -> None:
        lines, quote = self._lines(deal.value), None
        if self.rng.random() < 0.85:
            begun = deal.created + int((deal.won - deal.created) * self.rng.uniform(0.3, 0.7))
            quote = self._offered(deal, lines, begun, "accepted", deal.won - 300)
        self._ordered(deal, lines, quote)

    def _lost(self, deal: Deal) -> None:
        if self.rng.random() < 0.65:
            begun = deal.created + int((deal.lost - deal.created) * self.rng.uniform(0.3, 0.7))
            late = deal.lost - begun > 35 * DAY and self.rng.random() < 0.4
            self._offered(deal, self._lines(deal.value), begun, "expired" if late else "declined", deal.lost - 300)

    def _open(self, deal: Deal) -> None:
        if deal.chance < 25 or self.rng.random() < 0.15:
            return
        begun = max(deal.created + 7200, self.story.end - int(self.rng.expovariate(1 / 16) * DAY) - 36_000)
        status = "draft" if self.rng.random() < 0.2 else "sent"
        self._offered(deal, self._lines(deal.value), begun, status, None)

    # ── quotes ──────────────────────────────────────────────────────────────────────────────────────
    def _offered(self, deal: Deal, lines: list, begun: int, status: str, decided: int | None) -> int | None:
        """A quote, sometimes with an earlier revision; gives its id."""
        sent = begun + 1200 + int(self.rng.random() * 7200)
        if decided is not None and sent >= decided:
            sent = (begun + decided) // 2
        if sent >= self.story.end:
            status = "draft"
        valid = sent // DAY + self.seller.quote_valid_days
        if status == "sent" and valid < DAYS:
            status = "expired"
        if status == "accepted" and valid < decided // DAY:
            valid = decided // DAY + 7
        pk, before = self.next(self.quote), None
        if self.rng.random() < 0.1 and status != "draft" and sent - begun > 600:
            before = self.next(self.quote)
        self.later(begun, self._write_quote, deal, lines, pk, before, status, begun, sent, valid, decided)
        return pk if begun < self.story.end else None

    def _write_quote(self, second, deal, lines, pk, before, status, begun, sent, valid, decided) -> None:
        number = self.number("ANG", second)
        rows = [(pk, 2 if before else 1, True, status, begun, sent, decided)]
        if before:
            replaced = "sent" if valid >= DAYS else "expired"
            rows.insert(0, (before, 1, False, replaced, begun - 300, begun, None))
            rows[1] = (pk, 2, True, status, begun + 300, sent, decided)
        for key, revision, latest, state, created, out, when in rows:
            answered = state in ("accepted", "declined")
            head = self._head(deal, lines, key, number, state, created, when if answered else out, PaperKind.QUOTE)
            self.quote.add(
                *head, revision, "t" if latest else "f", self.day(valid),
                None if state == "draft" else self.story.at(out), self.story.at(when) if answered else None,
                deal.contact if answered else "", self.rng.choice(words.LOSS_NOTES) if state == "declined" else "",
            )  # fmt: skip
            self._write_lines(self.quote_line, deal, lines, key)

    # ── orders ──────────────────────────────────────────────────────────────────────────────────────
    def _ordered(self, deal: Deal, lines: list, quote: int | None) -> None:
        """The order of a won deal, its deliveries and invoices."""
        rng, pk = self.rng, self.next(self.order)
        promised = self.workday(deal.won // DAY + 14 + int(rng.triangular(0, 80, 25)))
        parts = [lines]
        if len(lines) > 1 and rng.random() < 0.2:
            parts = [lines[:-1], lines[-1:]]
        keys = [self.next(self.order_line) for _line in lines]
        shipments, day = [], self.workday(promised + int(rng.triangular(-8, 15, 0)))
        day = max(day, deal.won // DAY + 1)
        for n, part in enumerate(parts):
            start = 0 if n == 0 else len(parts[0])
            shipments.append((day, part, keys[start : start + len(part)]))
            day = self.workday(day + 10 + rng.randrange(20))
        self.later(deal.won + 1800, self._write_order, deal, lines, pk, quote, promised, keys, shipments)
        for day, part, its in shipments:
            self.later(day * DAY + 36_000, self._write_delivery, deal, pk, part, its)
            self._invoiced(deal, pk, part, its, self.workday(day + rng.randrange(5)), day)

    def _write_order(self, second, deal, lines, pk, quote, promised, keys, shipments) -> None:
        confirmed = second + 3600
        last = shipments[-1][0] * DAY + 36_000
        status = "draft" if confirmed >= self.story.end else "delivered" if last < self.story.end else "confirmed"
        changed = {"draft": second, "confirmed": confirmed, "delivered": last}[status]
        head = self._head(deal, lines, pk, self.number("AUF", second), status, second, changed, PaperKind.ORDER)
        self.order.add(
            *head, quote, self.day(second // DAY), self.day(promised),
            None if status == "draft" else self.story.at(confirmed),
            self.story.at(last) if status == "delivered" else None,
        )  # fmt: skip
        there = {key for day, _part, its in shipments if day * DAY + 36_000 < self.story.end for key in its}
        for position, (key, line) in enumerate(zip(keys, lines, strict=True), 1):
            self.order_line.add(*self._line(deal, key, position, line), pk, line[1] if key in there else 0)

    def _write_delivery(self, second, deal, order, part, keys) -> None:
        pk = self.next(self.delivery)
        self.delivery.add(pk, order, self.day(second // DAY), deal.owner, self.story.at(second))
        for key, line in zip(keys, part, strict=True):
            self.delivered.add(self.next(self.delivered), pk, key, line[1])

    # ── invoices ────────────────────────────────────────────────────────────────────────────────────
    def _invoiced(self, deal: Deal, order: int, part: list, keys: list, day: int, served: int) -> None:
        """An invoice of a delivery. One in fifty is wrong: cancelled after some days, and issued anew."""
        if self.rng.random() < 0.02:
            wrong, redone = self.next(self.invoice), self.workday(day + 3 + self.rng.randrange(6))
            self._issued(deal, order, part, keys, day, served, wrong, cancelled=redone)
            day = redone
        self._issued(deal, order, part, keys, day, served, self.next(self.invoice))

    def _issued(self, deal, order, part, keys, day, served, pk, cancelled: int | None = None) -> None:
        moment = day * DAY + 41_400 + pk % 9000
        if cancelled is not None and cancelled * DAY + 60_000 >= self.story.end:
            cancelled = None
        self.later(moment, self._write_invoice, deal, order, part, keys, served, pk, cancelled)
        if cancelled is not None:
            self.later(cancelled * DAY + 41_000, self._write_credit_note, deal, order, part, keys, served, pk)

    def _write_invoice(self, second, deal, order, part, keys, served, pk, cancelled) -> None:
        day = second // DAY
        if day >= DAYS - 2 and self.rng.random() < 0.5:
            self._write_bill(second, deal, order, part, keys, served, pk, "draft")
            return
        if cancelled is not None:
            moment = cancelled * DAY + 41_000
            self._write_bill(second, deal, order, part, keys, served, pk, "cancelled", cancelled=moment)
            return
        gross = sum(self._sums(deal, part))
        due = day + deal.terms
        paid, last = self._pay(deal, pk, gross, due)
        level = self._remind(deal, pk, gross - paid or gross, due, last, settled=paid >= gross)
        status, when = ("paid", last) if paid >= gross else ("issued", None)
        self._write_bill(second, deal, order, part, keys, served, pk, status, paid=paid, paid_on=when, level=level)

    def _pay(self, deal, pk: int, gross: int, due: int) -> tuple[int, int]:
        """Payments of an invoice: (cents paid until today, the day of the last). Most are about on time."""
        rng = self.rng
        on = due + int(rng.triangular(-12, 20, -2))
        if rng.random() < 0.08 and due > DAYS - 100:
            return 0, on + 400  # still owed
        on = max(self.workday(on), due - deal.terms + 1)
        rates = [(gross, on)]
        if rng.random() < 0.05 and gross > 100:
            rates = [(gross * 6 // 10, on), (gross - gross * 6 // 10, self.workday(on + 21))]
        elif rng.random() < 0.005:
            rates = [(gross + 1000, on)]
        paid = 0
        for amount, when in rates:
            if when < DAYS:
                key = self.next(self.payment)
                moment = self.story.at(when * DAY + 30_600)
                self.payment.add(key, pk, euros(amount), self.day(when), f"SEPA {key:07d}", deal.owner, moment)
                paid += amount
        return paid, rates[-1][1]

    def _remind(self, deal, pk: int, owed: int, due: int, paid: int, *, settled: bool) -> int:
        """The reminders that went out until it was paid; whoever pays in the end needs one. Gives the level."""
        given, level = due, 0
        for step in self.levels:
            on = self.workday(given + step.days_after_due + 1)
            if on >= min(paid, DAYS) or (settled and step.level > 1):
                break
            given, level = on + step.days_to_pay, step.level
            self.notice.add(
                self.next(self.notice), pk, step.level, euros(abs(owed)), step.fee, step.text_de, self.day(on),
                self.day(given), deal.owner, self.story.at(on * DAY + 32_400),
            )  # fmt: skip
        return level

    def _write_credit_note(self, second, deal, order, part, keys, served, cancels) -> None:
        pk = self.next(self.invoice)
        self._write_bill(second, deal, order, part, keys, served, pk, "paid", paid_on=second // DAY, cancels=cancels)

    def _write_bill(
        self, second, deal, order, part, keys, served, pk, status, *, paid=0, paid_on=None, level=0, cancelled=None,
        cancels=None,
    ) -> None:  # fmt: skip
        """An invoice or, with `cancels`, a credit note."""
        kind, day, draft = ("credit_note" if cancels else "invoice"), second // DAY, status == "draft"
        number = None if draft else self.invoice_number(kind, day)
        changed = cancelled or (max(second, paid_on * DAY + 30_600) if status == "paid" else second)
        head = self._head(deal, part, pk, number, status, second - 1800, changed, kind)
        gross = sum(self._sums(deal, part))
        left = 0 if draft or cancels or status == "cancelled" else gross - paid
        self.invoice.add(
            *head, kind, order, cancels, None if draft else self.day(day),
            None if draft else self.day(day + (0 if cancels else deal.terms)), self.day(served),
            "{}" if draft else self.snapshot, None if draft else self.story.at(second),
            euros(paid), f"-{euros(-left)}" if left < 0 else euros(left),
            f"{self.day(paid_on)} 00:00:00" if status == "paid" else None,
            self.story.at(cancelled) if cancelled else None, level,
        )  # fmt: skip
        for position, (line, key) in enumerate(zip(part, keys, strict=True), 1):
            self.invoice_line.add(*self._line(deal, self.next(self.invoice_line), position, line), pk, key)

    # ── rows ────────────────────────────────────────────────────────────────────────────────────────
    def _sums(self, deal: Deal, lines: list) -> tuple[int, int]:
        """(net, VAT) in cents: VAT for each rate on the sum of the nets."""
        nets: dict[int, int] = defaultdict(int)
        for line in lines:
            nets[line[0][4]] += line_net(line)
        charged = deal.treatment == "domestic"
        return sum(nets.values()), sum((net * rate + 50) // 100 for rate, net in nets.items()) if charged else 0

    def _head(self, deal, lines, pk, number, status, created, changed, kind) -> tuple:
        net, vat = self._sums(deal, lines)
        addressed = status != "draft"
        recipient = (
            deal.name,
            deal.contact,
            deal.street,
            deal.postal_code,
            deal.city,
            deal.country,
            deal.vat_id,
            deal.email,
        )
        return (
            pk, number, status, deal.title, deal.company, deal.person, deal.id, deal.owner, deal.treatment,
            euros(net), euros(vat), euros(net + vat), *self.texts[kind],
            *(recipient if addressed else ("",) * len(recipient)), self.story.at(created), self.story.at(changed),
        )  # fmt: skip

    def _line(self, deal, pk, position, line) -> tuple:
        (product, name, unit, _price, rate), quantity, price, discount = line
        rate = rate if deal.treatment == "domestic" else 0
        return pk, position, product, name, quantity, unit, euros(price), discount, rate

    def _write_lines(self, table, deal, lines, document) -> None:
        for position, line in enumerate(lines, 1):
            table.add(*self._line(deal, self.next(table), position, line), document)

    def _count(self) -> None:
        """The next invoice goes on where the last one of the story ended."""
        for (kind, year), last in self.numbers.items():
            if kind in self.ranges:
                NumberCounter.objects.update_or_create(range=self.ranges[kind], year=year, defaults={"last": last})


def _next_id(model) -> int:
    return (model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1


def _numbers_given() -> dict:
    """{(prefix or kind, year): the highest number so far}, zero for what is not there."""
    found: dict = defaultdict(int)
    for model, prefix in ((Quote, "ANG"), (Order, "AUF")):
        for number in model.objects.values_list("number", flat=True).iterator():
            year, count = map(int, number.split("-")[1:])
            found[prefix, year] = max(found[prefix, year], count)
    for counter in NumberCounter.objects.select_related("range"):
        found[counter.range.kind, counter.year] = counter.last
    return found
