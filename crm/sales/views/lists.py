"""The lists /quotes/, /orders/, /invoices/ and what the search over everything finds of them."""

from decimal import Decimal

import django_filters
from django.db.models import Case, Count, DecimalField, F, Q, Sum, When
from django.db.models.functions import Coalesce, Now, TruncDate
from django.urls import reverse_lazy
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from contacts.models import Company
from crm.accounts.models import User
from crm.accounts.scope import Area
from crm.core import show
from crm.core.forms import Pick
from crm.core.listing import Column, Filters, ListPage, Tab
from crm.sales.models import Invoice, InvoiceKind, InvoiceStatus, Order, OrderStatus, Quote, QuoteStatus
from opportunities.browse import dates, many, of

MONEY = DecimalField(max_digits=18, decimal_places=2)
NOTHING = Decimal("0.00")
COLOUR = {
    "draft": "open",
    QuoteStatus.SENT: "accent",
    QuoteStatus.ACCEPTED: "ok",
    QuoteStatus.DECLINED: "bad",
    QuoteStatus.EXPIRED: "warn",
    OrderStatus.CONFIRMED: "accent",
    OrderStatus.DELIVERED: "ok",
    InvoiceStatus.ISSUED: "accent",
    InvoiceStatus.PAID: "ok",
    InvoiceStatus.CANCELLED: "grey",
}
ALL = Tab("all", pgettext_lazy("documents", "All"))


def status_word(document) -> str:
    """The status in a word: also overdue, or replaced by a newer revision; a credit note is settled, not paid."""
    if getattr(document, "is_overdue", False):
        return _("Overdue")
    if _is_replaced(document):
        return _("Replaced")
    if getattr(document, "is_credit_note", False) and document.status == InvoiceStatus.PAID:
        return _("Settled")
    return document.get_status_display()


def _is_replaced(document) -> bool:
    """Sent or expired, and then revised: there is nothing to answer any more."""
    return isinstance(document, Quote) and not document.is_latest and document.status != QuoteStatus.DECLINED


def status_colour(document) -> str:
    """The colour of that word."""
    if _is_replaced(document):
        return "grey"
    return "bad" if getattr(document, "is_overdue", False) else COLOUR[document.status]


def customer(document) -> str:
    """For whom it is, as far as the user may see: the query has looked (`for_display`); else what is on the paper."""
    return str(document.company or document.person or document.recipient_name)


def status_tab(status, label) -> Tab:
    return Tab(status.value, label, Q(status=status))


def sum_of(field):
    return Coalesce(Sum(field), NOTHING, output_field=MONEY)


class DocumentFilters(Filters):
    """What every list of documents can be narrowed by; the area says whose documents there are."""

    area = Area.SALES
    owner = many(
        gettext_lazy("Responsible"),
        lambda request: User.objects.assignable_by(request.user, Area.SALES),
        null_label=gettext_lazy("Unassigned"),
    )
    company = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Company"),
        queryset=of(Company),
        widget=Pick(reverse_lazy("contacts:pick-company"), placeholder=gettext_lazy("Search companies")),
    )
    net = django_filters.RangeFilter(label=gettext_lazy("Net amount"), field_name="net_total")
    created = dates(gettext_lazy("Created"), "created_at")


class QuoteFilters(DocumentFilters):
    valid = dates(gettext_lazy("Valid until"), "valid_until")
    sent = dates(pgettext_lazy("quote", "Sent"), "sent_at")


class OrderFilters(DocumentFilters):
    ordered = dates(gettext_lazy("Order date"), "order_date")
    delivery = dates(gettext_lazy("Delivery date"), "delivery_date")


class InvoiceFilters(DocumentFilters):
    kind = django_filters.MultipleChoiceFilter(label=gettext_lazy("Kind"), choices=InvoiceKind.choices, distinct=False)
    invoiced = dates(gettext_lazy("Invoice date"), "invoice_date")
    due = dates(gettext_lazy("Due date"), "due_date")


def columns(*dates_, number="number", value=None, subject_hidden=False, more=()):
    """The columns of a list of documents: who and what first, then the dates that matter to its kind."""
    return (
        Column(
            number,
            gettext_lazy("Number and customer"),
            kind="link",
            sort="number",
            value=str,
            sub=customer,
            phone="title",
        ),
        Column(
            "customer", gettext_lazy("Customer"), value=customer, sort="company__sort_name", hidden=True, width="xl"
        ),
        Column("subject", gettext_lazy("Subject"), sort="subject", wide=True),
        Column(
            "status",
            gettext_lazy("Status"),
            kind="status",
            sort="status",
            value=status_word,
            colour=status_colour,
            width="m",
            phone="right2",
        ),
        Column("net", gettext_lazy("Net"), kind="money", sort="net_total", value=value or "net_total", phone="right"),
        *more,
        Column("gross", gettext_lazy("Gross"), kind="money", sort="gross_total", value="gross_total", hidden=True),
        *dates_,
        Column("owner", gettext_lazy("Responsible"), kind="owner", sort="owner__name"),
        Column("opportunity", gettext_lazy("Opportunity"), value="opportunity.number", hidden=True, width="l"),
        Column(
            "reference",
            gettext_lazy("Customer's reference"),
            value="customer_reference",
            sort="customer_reference",
            hidden=True,
            width="l",
        ),
        Column("created", gettext_lazy("Created"), kind="moment", sort="created_at", value="created_at", hidden=True),
    )


def date_column(key, label, path, **more) -> Column:
    return Column(key, label, kind="date", sort=path, value=path, **more)


class DocumentList(ListPage):
    """What the three lists share."""

    main_filters = ("owner", "company", "created")
    default_sort = "-created"
    search_hint = gettext_lazy("Number, subject, customer")

    def search(self, queryset, term):
        return queryset.search(self.request.user, term)

    def dressed(self, queryset):
        return queryset.for_display(self.request.user).order_by(*self.ordering())

    def figures(self, queryset):
        """How many are listed, and their net sum."""
        listed = queryset.order_by().aggregate(count=Count("pk"), net=sum_of("net_total"))
        return format_html(
            '<span data-rows-value="{}">{} · <b>{}</b> {}</span>',
            listed["net"],
            format_html(self.counted(listed["count"]), count=format_html("<b>{}</b>", show.number(listed["count"]))),
            show.money(listed["net"], 0),
            _("net"),
        )


class QuoteList(DocumentList):
    """/quotes/: each quote once, in its latest revision."""

    model = Quote
    title = gettext_lazy("Quotes")
    filterset_class = QuoteFilters
    create_url, create_label = "sales:new-quote", gettext_lazy("Quote")
    nothing_yet = gettext_lazy("No quotes yet")
    tabs = (
        ALL,
        status_tab(QuoteStatus.DRAFT, pgettext_lazy("documents", "Drafts")),
        status_tab(QuoteStatus.SENT, pgettext_lazy("quotes", "Sent")),
        status_tab(QuoteStatus.ACCEPTED, pgettext_lazy("quotes", "Accepted")),
        status_tab(QuoteStatus.DECLINED, pgettext_lazy("quotes", "Declined")),
        status_tab(QuoteStatus.EXPIRED, pgettext_lazy("quotes", "Expired")),
    )
    columns = columns(
        date_column("sent", pgettext_lazy("quote", "Sent"), "sent_at", wide=True),
        date_column("valid", gettext_lazy("Valid until"), "valid_until"),
        date_column("decided", gettext_lazy("Decided"), "decided_at", hidden=True),
    )

    def base(self, action="view"):
        return super().base(action).latest_revisions()

    @staticmethod
    def counted(n: int) -> str:
        return ngettext("{count} quote", "{count} quotes", n)


class OrderList(DocumentList):
    """/orders/"""

    model = Order
    title = gettext_lazy("Orders")
    filterset_class = OrderFilters
    create_url, create_label = "sales:new-order", pgettext_lazy("document", "Order")
    nothing_yet = gettext_lazy("No orders yet")
    tabs = (
        ALL,
        status_tab(OrderStatus.DRAFT, pgettext_lazy("documents", "Drafts")),
        status_tab(OrderStatus.CONFIRMED, pgettext_lazy("orders", "Confirmed")),
        status_tab(OrderStatus.DELIVERED, pgettext_lazy("orders", "Delivered")),
        status_tab(OrderStatus.CANCELLED, pgettext_lazy("orders", "Cancelled")),
    )
    columns = columns(
        date_column("ordered", gettext_lazy("Order date"), "order_date", wide=True),
        date_column("delivery", gettext_lazy("Delivery date"), "delivery_date"),
        date_column("delivered", gettext_lazy("Delivered on"), "delivered_at", hidden=True),
    )

    @staticmethod
    def counted(n: int) -> str:
        return ngettext("{count} order", "{count} orders", n)


UNPAID = Q(kind=InvoiceKind.INVOICE, status=InvoiceStatus.ISSUED)
# Asked of the database, so that the day is the day of the request.
OVERDUE = UNPAID & Q(due_date__lt=TruncDate(Now()))


def signed(field):
    """A credit note counts negative."""
    return Case(When(kind=InvoiceKind.CREDIT_NOTE, then=-F(field)), default=F(field), output_field=MONEY)


def still_open(invoice) -> Decimal | None:
    """What is still to be paid, or was paid too much (below zero); nothing for drafts and what is settled."""
    return invoice.open_amount or None


class InvoiceList(DocumentList):
    """/invoices/: invoices and credit notes."""

    model = Invoice
    title = gettext_lazy("Invoices")
    filterset_class = InvoiceFilters
    create_url, create_label = "sales:new-invoice", gettext_lazy("Invoice")
    nothing_yet = gettext_lazy("No invoices yet")
    tabs = (
        ALL,
        status_tab(InvoiceStatus.DRAFT, pgettext_lazy("documents", "Drafts")),
        Tab("open", pgettext_lazy("invoices", "Unpaid"), UNPAID),
        Tab("overdue", pgettext_lazy("invoices", "Overdue"), OVERDUE),
        status_tab(InvoiceStatus.PAID, pgettext_lazy("invoices", "Paid")),
        status_tab(InvoiceStatus.CANCELLED, pgettext_lazy("invoices", "Cancelled")),
    )
    columns = columns(
        date_column("date", gettext_lazy("Invoice date"), "invoice_date", wide=True),
        date_column("due", gettext_lazy("Due date"), "due_date"),
        date_column("paid", gettext_lazy("Paid at"), "paid_at", hidden=True),
        Column("level", gettext_lazy("Dunning level"), kind="number", value="dunning_level", hidden=True),
        value=lambda invoice: -invoice.net_total if invoice.is_credit_note else invoice.net_total,
        more=(
            Column("open", gettext_lazy("Open"), kind="money", sort="open_amount", value=still_open, wide=True),
            Column("kind", gettext_lazy("Kind"), sort="kind", value="get_kind_display", hidden=True, width="m"),
        ),
    )

    def figures(self, queryset):
        """How many, their net sum with credit notes negative, and what of the invoices is still open."""
        listed = queryset.order_by().aggregate(
            count=Count("pk"), net=sum_of(signed("net_total")), open=sum_of(Case(When(UNPAID, then="open_amount")))
        )
        return format_html(
            '<span data-rows-value="{}">{} · <b>{}</b> {} · {}</span>',
            listed["net"],
            format_html(self.counted(listed["count"]), count=format_html("<b>{}</b>", show.number(listed["count"]))),
            show.money(listed["net"], 0),
            _("net"),
            _("open %(sum)s") % {"sum": show.money(listed["open"], 0)},
        )

    @staticmethod
    def counted(n: int) -> str:
        return ngettext("{count} invoice", "{count} invoices", n)


def finder(model):
    """For the search over everything: the newest first."""

    def find(user, term: str):
        found = model.objects.visible_to(user).search(user, term).for_display(user).order_by("-created_at", "-pk")
        return found.latest_revisions() if model is Quote else found

    return find
