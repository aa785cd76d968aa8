"""The pages of the bank: files in, entries with their proposals, booking and undoing."""

import re
from decimal import Decimal

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounting.models import BankEntry, BankStatement, EntryState, sees_ledger
from crm.accounting.statements import actions, bankcsv, matching
from crm.accounting.statements.entries import Unreadable
from crm.accounting.statements.forms import ColumnsForm, SharesForm, StatementForm, label, offered
from crm.accounting.statements.lists import COLOURS, EntryList
from crm.core import http, listing
from crm.core.forms import tidy
from crm.core.refusals import Refused
from crm.sales.models import Invoice

PREVIEWED = 8


# ── files ───────────────────────────────────────────────────────────────────────────────────────────
@require_http_methods(["GET", "HEAD", "POST"])
def import_statement(request):
    """A bank's file is chosen; below, the earlier ones."""
    http.require(sees_ledger(request.user))
    form = StatementForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            statement = actions.upload(file=form.cleaned_data["file"], by=request.user)
        except (Unreadable, Refused) as error:
            form.add_error("file", str(error))
        else:
            return _onward(request, statement)
    statements = BankStatement.objects.visible_to(request.user).select_related("file", "created_by").with_counts()[:50]
    context = {
        "title": _("Import a bank statement"),
        "form": form,
        "statements": statements,
        "crumbs": [(_("Bank"), reverse("accounting:entries")), (_("Import"), "")],
        "back": reverse("accounting:entries"),
    }
    return http.page(request, "accounting/import.html", context, status=422 if form.errors else 200)


def _onward(request, statement):
    """To the columns, or to the entries that were read."""
    if statement.status == "columns":
        return http.redirect(request, statement)
    count = statement.entries.count()
    text = ngettext("%(count)s new entry was read.", "%(count)s new entries were read.", count) % {"count": count}
    if statement.known:
        text += " " + ngettext("%(count)s was there already.", "%(count)s were there already.", statement.known) % {
            "count": statement.known
        }
    http.announce(request, text)
    return http.redirect(request, f"{reverse('accounting:entries')}?tab=all&statement={statement.pk}")


@require_http_methods(["GET", "HEAD", "POST"])
def columns(request, pk):
    """Which column of a CSV file is what; with a preview of the entries as they would be read."""
    statement = get_object_or_404(BankStatement.objects.visible_to(request.user).select_related("file"), pk=pk)
    if statement.status != "columns":
        return http.redirect(request, f"{reverse('accounting:entries')}?tab=all&statement={pk}")
    form = ColumnsForm(request.POST or None, mapping=statement.mapping)
    mapping = statement.mapping
    if request.method == "POST" and form.is_valid():
        mapping = mapping | form.mapping()
        if "preview" not in request.POST:
            try:
                statement = actions.assign(statement=statement, by=request.user, **form.mapping())
            except Unreadable as error:
                form.add_error(None, str(error))
            else:
                return _onward(request, statement)
    context = {
        "title": _("Columns of “%(name)s”") % {"name": statement},
        "bar_title": _("Columns"),
        "statement": statement,
        "form": form,
        **_preview(statement, mapping),
        "crumbs": [
            (_("Bank"), reverse("accounting:entries")),
            (_("Import"), reverse("accounting:import")),
            (_("Columns"), ""),
        ],
    }
    return http.page(request, "accounting/columns.html", context, status=422 if form.errors else 200)


def _preview(statement, mapping) -> dict:
    """The first entries as `mapping` reads them, or the sentence that says why it cannot."""
    if wrong := bankcsv.problems(mapping):
        return {"problem": wrong[0]}
    try:
        with statement.file.content.open("rb") as file:
            return {"preview": bankcsv.read(file, mapping).entries[:PREVIEWED]}
    except Unreadable as error:
        return {"problem": str(error)}


@require_POST
def discard(request, pk):
    """Throw away a file whose columns nobody wants to assign."""
    statement = get_object_or_404(BankStatement.objects.visible_to(request.user), pk=pk)
    actions.discard(statement=statement, by=request.user)
    http.announce(request, _("The file was thrown away."))
    return http.redirect(request, "accounting:import")


# ── entries ─────────────────────────────────────────────────────────────────────────────────────────
@require_safe
def entry(request, pk):
    """One entry: what the bank says, and the invoices it probably pays."""
    found = get_object_or_404(
        BankEntry.objects.visible_to(request.user).with_twins().select_related("statement__file", "decided_by"), pk=pk
    )
    is_open = found.state == EntryState.OPEN
    context = {
        "title": found.name or found.kind or _("Bank entry"),
        "kicker": _("Bank entry"),
        "list_url": reverse("accounting:entries"),
        "list_label": _("Bank"),
        "record_url": found.get_absolute_url(),
        "record_id": found.pk,
        "entry": found,
        "colour": COLOURS[found.state],
        "proposals": matching.propose([found], request.user)[found.pk] if is_open else [],
        "bookings": found.bookings.filter(undone_at=None).select_related("payment__invoice") if not is_open else [],
    }
    return http.page(request, "accounting/entry.html", context)


def _shares(text: str, entry, user) -> list[tuple[Invoice, Decimal]]:
    """What a proposal's button posts, "12:1190.00,13:50.00", as invoices and amounts; nothing of anything else."""
    pairs = re.findall(r"(\d{1,18}):(\d{1,12}\.\d\d)", text[:400], re.ASCII)
    return [(get_object_or_404(offered(entry, user), pk=int(key)), Decimal(amount)) for key, amount in pairs]


@require_POST
def book(request, pk):
    """The proposal whose button was pressed."""
    found = get_object_or_404(BankEntry.objects.visible_to(request.user), pk=pk)
    shares = _shares(request.POST.get("shares", ""), found, request.user)
    actions.book(entry=found, shares=shares, by=request.user)
    numbers = ", ".join(str(invoice) for invoice, _amount in shares)
    text = _("Booked on %(numbers)s.") % {"numbers": numbers}
    return http.done(request, found.get_absolute_url(), text, undo_url=reverse("accounting:undo", args=[pk]))


@require_http_methods(["GET", "HEAD", "POST"])
def choose(request, pk):
    """Other invoices, or other amounts than proposed."""
    found = get_object_or_404(BankEntry.objects.visible_to(request.user), pk=pk)
    best = next(iter(matching.propose([found], request.user)[found.pk]), None)
    shares = [(candidate.pk, amount) for candidate, amount in best.shares] if best else [(None, abs(found.amount))]
    form = SharesForm(request.POST or None, entry=found, user=request.user, shares=shares)
    if request.method == "POST" and form.is_valid():
        actions.book(entry=found, shares=form.cleaned_data["shares"], by=request.user)
        undo_url = reverse("accounting:undo", args=[pk])
        return http.done(request, found.get_absolute_url(), _("The entry was booked."), undo_url=undo_url)
    context = {
        "title": _("Which invoices does it pay?"),
        "entry": found,
        "form": form,
        "submit_label": _("Book"),
        "back": found.get_absolute_url(),
    }
    return http.dialog(request, "accounting/choose.html", context)


@require_safe
def pick(request, pk):
    """The search for an invoice that an entry may pay."""
    found = get_object_or_404(BankEntry.objects.visible_to(request.user), pk=pk)
    term = tidy(request.GET.get("q", ""), 100)
    invoices = offered(found, request.user).search(request.user, term)
    return http.picks(invoices, label=label)


@require_POST
def ignore(request, pk):
    """It pays no invoice."""
    found = get_object_or_404(BankEntry.objects.visible_to(request.user), pk=pk)
    actions.ignore(entry=found, by=request.user)
    text, undo_url = _("The entry is ignored."), reverse("accounting:undo", args=[pk])
    return http.done(request, found.get_absolute_url(), text, undo_url=undo_url)


@require_POST
def undo(request, pk):
    """Back to open; payments are taken back."""
    found = get_object_or_404(BankEntry.objects.visible_to(request.user), pk=pk)
    actions.undo(entry=found, by=request.user)
    return http.done(request, found.get_absolute_url(), _("The entry is open again."))


@require_POST
def book_sure(request):
    """Of the selected entries those whose proposal is sure."""
    http.require(sees_ledger(request.user))
    count = actions.book_sure(entries=listing.selected(request, EntryList), by=request.user)
    text = ngettext("%(count)s entry was booked.", "%(count)s entries were booked.", count) % {"count": count}
    return http.done(request, reverse("accounting:entries"), text, level="ok" if count else "info")


@require_POST
def ignore_all(request):
    """All selected entries that are open."""
    http.require(sees_ledger(request.user))
    count = actions.ignore_all(entries=listing.selected(request, EntryList), by=request.user)
    text = ngettext("%(count)s entry is ignored.", "%(count)s entries are ignored.", count) % {"count": count}
    return http.done(request, reverse("accounting:entries"), text)
