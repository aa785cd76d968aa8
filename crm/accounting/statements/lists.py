"""The list of the bank's entries, each with the invoice it probably pays."""

import django_filters
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.accounting.models import BankEntry, BankStatement, EntryState, sees_ledger
from crm.accounting.statements import matching
from crm.core import http
from crm.core.fold import matching as having
from crm.core.listing import BulkAction, Column, Filters, ListPage, Tab

COLOURS = {EntryState.OPEN: "accent", EntryState.BOOKED: "ok", EntryState.IGNORED: "grey"}


class EntryFilters(Filters):
    statement = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Bank statement"),
        queryset=lambda request: BankStatement.objects.visible_to(request.user).select_related("file"),
    )
    booked_on = django_filters.DateFromToRangeFilter(
        label=gettext_lazy("Booking date"), widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"})
    )
    amount = django_filters.RangeFilter(label=gettext_lazy("Amount"))


class EntryList(ListPage):
    """/invoices/bank/: what came in and what left, and what was made of it."""

    model = BankEntry
    title = gettext_lazy("Bank")
    panel = True
    default_sort = "-booked_on"
    nothing_yet = gettext_lazy("No bank entries yet")
    head_template = "accounting/bank_tools.html"
    filterset_class = EntryFilters
    tabs = (
        Tab("open", pgettext_lazy("bank entry", "Open"), Q(state=EntryState.OPEN)),
        Tab("booked", pgettext_lazy("bank entry", "Booked"), Q(state=EntryState.BOOKED)),
        Tab("ignored", pgettext_lazy("bank entry", "Ignored"), Q(state=EntryState.IGNORED)),
        Tab("all", pgettext_lazy("bank entry", "All")),
    )
    bulk_actions = (
        BulkAction("book", gettext_lazy("Book the sure ones"), "check", "accounting:book-sure"),
        BulkAction("ignore", gettext_lazy("Ignore"), "eye-off", "accounting:ignore-all"),
    )
    columns = (
        Column("name", gettext_lazy("Payer or payee"), kind="link", sort="name", sub="purpose", phone="title"),
        Column(
            "proposal",
            gettext_lazy("Proposal"),
            template="accounting/proposal_cell.html",
            width="l",
            phone="right2",
            export=False,
        ),
        Column(
            "state",
            gettext_lazy("State"),
            kind="status",
            sort="state",
            value="get_state_display",
            colour=lambda entry: COLOURS[entry.state],
            wide=True,
        ),
        Column("amount", gettext_lazy("Amount"), kind="money", sort="amount", phone="right"),
        Column("booked_on", gettext_lazy("Booking date"), kind="date", sort="booked_on", width="l"),
        Column("iban", "IBAN", sort="iban", hidden=True, width="l"),
        Column("account", gettext_lazy("Own account"), sort="account", hidden=True, width="l"),
        Column("kind", gettext_lazy("Booking text"), sort="kind", hidden=True),
        Column("purpose", gettext_lazy("Purpose"), sort="purpose", hidden=True),
    )

    def get(self, request, *args, **kwargs):
        if not sees_ledger(request.user):
            return http.page(request, "components/no_right.html", {"title": self.title}, status=404)
        return super().get(request, *args, **kwargs)

    def search(self, queryset, term):
        return having(queryset, term)

    def records(self) -> list:
        """The page's entries, with the best proposal of those that are open, or the invoices of those booked."""
        entries = super().records()
        proposals = matching.propose((e for e in entries if e.state == EntryState.OPEN), self.request.user)
        for entry in entries:
            entry.best = next(iter(proposals.get(entry.pk, ())), None)
        return entries

    def dressed(self, queryset):
        return super().dressed(queryset.with_twins()).prefetch_related("bookings__payment__invoice")

    def strip(self):
        """What waits for its columns."""
        waiting = BankStatement.objects.visible_to(self.request.user).filter(status="columns").order_by("pk").first()
        if waiting is None:
            return None
        return {"text": _("Assign the columns of “%(name)s”") % {"name": waiting}, "url": waiting.get_absolute_url()}
