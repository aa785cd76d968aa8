"""The page of what is due, and reminding."""

from django import forms
from django.db.models import Q, Sum
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounting.dunning import actions, due
from crm.accounts.scope import Action, Area, Scope, allows
from crm.core import clock, http, listing, show
from crm.core.forms import PlainForm, RecordForm
from crm.core.listing import BulkAction, Column, ListPage, Tab
from crm.core.recordpage import Action as Entry
from crm.files.serve import attachment
from crm.sales import keeping
from crm.sales.models import DunningLevel, DunningNotice, Invoice
from crm.setup import pages


def _late(invoice) -> int:
    return (clock.today() - invoice.due_date).days


def _reminded(invoice) -> str:
    if not invoice.dunning_level:
        return ""
    return _("level %(level)s, %(day)s") % {"level": invoice.dunning_level, "day": show.day(invoice.reminded_on)}


class DueList(ListPage):
    """/invoices/due/: what has not been paid in time, the longest first."""

    model = Invoice
    title = gettext_lazy("Due invoices")
    default_sort = "due_date"
    head_template = "accounting/invoice_tools.html"
    nothing_yet = gettext_lazy("Nothing is overdue")
    select_related = ("owner", "dunning_block")
    tabs = (
        Tab("ripe", gettext_lazy("To remind"), Q(is_ripe=True)),
        Tab(
            "waiting",
            gettext_lazy("Time is running"),
            Q(ripe_on__isnull=False, dunning_block=None, is_ripe=False),
        ),
        Tab("blocked", gettext_lazy("Not reminded of"), Q(dunning_block__isnull=False)),
        Tab("last", gettext_lazy("Last reminder sent"), Q(next_level=None)),
        Tab("all", gettext_lazy("All overdue")),
    )
    bulk_actions = (BulkAction("remind", gettext_lazy("Remind"), "mail-exclamation", "accounting:remind"),)
    columns = (
        Column("number", gettext_lazy("Invoice"), kind="link", sort="number", sub="recipient_name", phone="title"),
        Column("open_amount", gettext_lazy("Open amount"), kind="money", sort="open_amount", phone="right"),
        Column("due_date", gettext_lazy("Due date"), kind="date", sort="due_date"),
        Column("late", gettext_lazy("Days late"), kind="number", value=_late, sort="-due_date"),
        Column("reminded", gettext_lazy("Reminded"), value=_reminded, sort="reminded_on", width="l"),
        Column(
            "next",
            gettext_lazy("Next step"),
            template="accounting/next_cell.html",
            width="xl",
            phone="right2",
            export=False,
        ),
        Column("owner", gettext_lazy("Responsible"), kind="owner", value="owner", sort="owner__name"),
        Column("invoice_date", gettext_lazy("Invoice date"), kind="date", sort="invoice_date", hidden=True),
        Column("email", gettext_lazy("E-mail"), value=actions.address, hidden=True),
    )

    def base(self, action="view"):
        return due.with_next_reminder(super().base(action))

    def search(self, queryset, term):
        return queryset.search(self.request.user, term)

    def figures(self, queryset):
        total = queryset.order_by().aggregate(total=Sum("open_amount"))["total"] or 0
        return format_html("{} <b>{}</b>", _("open:"), show.money(total))


class ConfirmForm(PlainForm):
    """Nothing is asked; the dialog says what will happen."""


@require_POST
def remind(request):
    """The selected invoices that are ripe: first says what would go out, then does it."""
    http.require(request.user.may(Area.INVOICES, Action.CHANGE))
    chosen = listing.selected(request, DueList)
    if "confirmed" in request.POST:
        run = actions.remind_all(invoices=Invoice.objects.filter(pk__in=chosen.values("pk")), by=request.user)
        return http.done(request, reverse("accounting:due"), _said(run), level="ok" if run.notices else "warn")
    ready = list(chosen.filter(is_ripe=True).order_by("due_date")[: actions.AT_ONCE])
    context = {
        "title": _("Remind"),
        "ready": ready,
        "left_out": chosen.count() - len(ready),
        "by_mail": sum(bool(actions.address(invoice)) for invoice in ready),
        "form": ConfirmForm(),
        "selection": listing.selection_fields(request),
        "submit_label": _("Make the reminders"),
        "back": reverse("accounting:due"),
    }
    return http.dialog(request, "accounting/remind.html", context)


def _said(run: actions.Run) -> str:
    """What a run did, in a sentence or three."""
    made = len(run.notices)
    text = [ngettext("%(count)s reminder was made.", "%(count)s reminders were made.", made) % {"count": made}]
    if run.to_print:
        numbers = ", ".join(notice.invoice.number for notice in run.to_print)
        text.append(_("Without an e-mail address, to be printed: %(numbers)s.") % {"numbers": numbers})
    if run.refused:
        text.append(run.refused[0])
    return " ".join(text)


def _invoice(request, pk, action=Action.CHANGE):
    return get_object_or_404(Invoice.objects.visible_to(request.user, action).unpaid(), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def remind_one(request, pk):
    """The next reminder of one invoice, from its page."""
    invoice = _invoice(request, pk)
    if request.method == "POST":
        _notice, mailed = actions.remind(invoice=invoice, by=request.user)
        text = _("The reminder is on its way.") if mailed else _("The reminder was made; print it and send it.")
        return http.done(request, invoice.get_absolute_url(), text)
    found = due.with_next_reminder(Invoice.objects.filter(pk=pk)).first()
    context = {
        "title": _("Remind"),
        "invoice": invoice,
        "found": found,
        "form": ConfirmForm(),
        "submit_label": _("Make the reminder"),
        "back": invoice.get_absolute_url(),
    }
    return http.dialog(request, "accounting/remind_one.html", context)


def entries(request, invoice) -> list[Entry]:
    """What an invoice's menu offers about reminders."""
    if invoice.is_credit_note:
        return []
    reason = _("is a draft") if invoice.is_draft else "" if invoice.is_overdue else _("is not overdue")
    if not reason and not allows(request.user, Action.CHANGE, invoice):
        reason = _("no right")
    blocked = getattr(invoice, "dunning_block", None)
    remind = Entry(
        _("Remind …"),
        "mail-exclamation",
        reverse("accounting:remind-one", args=[invoice.pk]),
        reason or (_("blocked: %(reason)s") % {"reason": blocked.reason} if blocked else ""),
        dialog=True,
    )
    if not invoice.is_overdue:
        return [remind]
    if blocked:
        url = reverse("accounting:unblock", args=[invoice.pk])
        return [remind, Entry(_("Remind again"), "bell", url, reason, post=True)]
    url = reverse("accounting:block", args=[invoice.pk])
    return [remind, Entry(_("Do not remind …"), "bell-off", url, reason, dialog=True)]


class BlockForm(PlainForm):
    spans = {"reason": 12}
    reason = forms.CharField(label=gettext_lazy("Why is it not to be reminded of?"), max_length=200)


@require_http_methods(["GET", "HEAD", "POST"])
def block(request, pk):
    """The invoice is disputed or deferred: asks for the reason."""
    invoice = _invoice(request, pk)
    existing = getattr(invoice, "dunning_block", None)
    form = BlockForm(request.POST or None, initial={"reason": existing.reason if existing else ""})
    if request.method == "POST" and form.is_valid():
        actions.block(invoice=invoice, by=request.user, **form.cleaned_data)
        return http.done(request, invoice.get_absolute_url(), _("%(number)s is not reminded of.") % {"number": invoice})
    context = {
        "title": _("Do not remind of %(number)s") % {"number": invoice},
        "form": form,
        "submit_label": _("Do not remind"),
        "back": invoice.get_absolute_url(),
    }
    return http.dialog(request, "components/dialog.html", context)


@require_POST
def unblock(request, pk):
    invoice = _invoice(request, pk)
    actions.unblock(invoice=invoice, by=request.user)
    return http.done(request, invoice.get_absolute_url(), _("%(number)s is reminded of again.") % {"number": invoice})


@require_safe
def letter(request, pk, notice):
    """The PDF of a reminder of an invoice."""
    notice = get_object_or_404(DunningNotice.objects.visible_to(request.user), pk=notice, invoice=pk)
    return attachment(keeping.checked(keeping.keep(notice)))


# ── settings ────────────────────────────────────────────────────────────────────────────────────────
class LevelForm(RecordForm):
    spans = {"name": 12, "days_after_due": 4, "days_to_pay": 4, "fee": 4, "text_de": 12, "text_en": 12}

    class Meta:
        model = DunningLevel
        fields = ("name", "days_after_due", "days_to_pay", "fee", "text_de", "text_en")


@require_http_methods(["GET", "HEAD", "POST"])
def levels(request):
    """The three levels: after how many days, with which fee and text."""
    http.require(request.user.may(DunningLevel.area))
    may_change = request.user.scope(DunningLevel.area, Action.CHANGE) == Scope.ALL
    http.require(may_change or request.method != "POST")
    found = DunningLevel.objects.visible_to(request.user)
    made = [
        LevelForm(request.POST or None, instance=level, prefix=f"level-{level.level}", label_suffix="")
        for level in found
    ]
    # Each is asked, so that all errors show at once.
    valid = [form.is_valid() for form in made]
    if request.method == "POST" and all(valid):
        values = [{"level": form.instance.level, **form.cleaned_data} for form in made]
        actions.save_levels(levels=values, by=request.user)
        http.announce(request, _("The dunning levels were saved."))
        return http.redirect(request, "settings:dunning")
    context = {
        "title": _("Reminders"),
        "lead": _("When an invoice is reminded of, what it costs, and what the letter says."),
        "forms": made,
        "may_change": may_change,
    }
    wrong = any(form.errors for form in made)
    return pages.page(request, "accounting/levels.html", context, status=422 if wrong else 200)


def register() -> None:
    """Called when the applications are ready."""
    pages.add_urls([path("dunning/", levels, name="dunning")])
    pages.register(
        pages.SALES,
        gettext_lazy("Reminders"),
        "settings:dunning",
        DunningLevel.area,
        position=90,
        help=gettext_lazy("Days, fees and texts of the dunning levels."),
    )
