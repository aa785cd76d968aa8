"""The journal: every mail that came in, what became of it, and the button that tries again. For administrators."""

import django_filters
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from crm.accounts.scope import Action, Area
from crm.core import http
from crm.core.fold import matching
from crm.core.listing import Column, Filters, ListPage, Tab
from crm.mail import handling
from crm.mail.models import IncomingMail, IncomingState, Route
from crm.mail.views.frame import switch

COLOURS = {
    IncomingState.STORED: "accent",
    IncomingState.PROCESSED: "ok",
    IncomingState.REVIEW: "warn",
    IncomingState.FAILED: "bad",
    IncomingState.IGNORED: "grey",
}


def colour(mail) -> str:
    """The colour of a state."""
    return COLOURS[mail.state]


def reason(mail) -> str:
    """Why, in the reader's language."""
    return _(mail.reason) if mail.reason else ""


class JournalFilters(Filters):
    route = django_filters.ChoiceFilter(label=gettext_lazy("Way in"), choices=Route)
    received = django_filters.DateFromToRangeFilter(
        label=gettext_lazy("Received"),
        field_name="received_at",
        widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"}),
    )


class Journal(ListPage):
    """/mail/journal/: nothing that came in is missing here."""

    model = IncomingMail
    title = pgettext_lazy("mail", "Journal")
    panel = True
    default_sort = "-received"
    nothing_yet = gettext_lazy("No mail has come in yet")
    filterset_class = JournalFilters
    head_template = "components/views_switch.html"
    tabs = (
        Tab("all", pgettext_lazy("mail", "All")),
        Tab("failed", pgettext_lazy("mail", "Failed"), Q(state=IncomingState.FAILED)),
        Tab("stored", pgettext_lazy("mail", "Waiting"), Q(state=IncomingState.STORED)),
        Tab("review", pgettext_lazy("mail", "To be reviewed"), Q(state=IncomingState.REVIEW)),
        Tab("ignored", pgettext_lazy("mail", "Ignored"), Q(state=IncomingState.IGNORED)),
        Tab("processed", pgettext_lazy("mail", "Processed"), Q(state=IncomingState.PROCESSED)),
    )
    columns = (
        Column("subject", gettext_lazy("Subject"), value=str, kind="link", sort="subject", sub=reason, phone="title"),
        Column("sender", gettext_lazy("Sender"), sort="sender", width="l"),
        Column("route", gettext_lazy("Way in"), value="get_route_display", sort="route", width="m", wide=True),
        Column(
            "state",
            gettext_lazy("State"),
            kind="status",
            value="get_state_display",
            colour=colour,
            sort="state",
            width="l",
            phone="right2",
        ),
        Column("attempts", gettext_lazy("Attempts"), kind="number", sort="attempts", hidden=True),
        Column("size", gettext_lazy("Size"), kind="number", sort="size", hidden=True),
        Column(
            "received", gettext_lazy("Received"), kind="moment", sort="received_at", value="received_at", phone="right"
        ),
    )

    def base(self, action: str = "view"):
        # Up to 50 MB each.
        return super().base(action).defer("raw")

    def search(self, queryset, term):
        return matching(queryset, term)

    def extra(self):
        return switch(self.request, "mail:journal")


def _find(request, pk, action=Action.VIEW) -> IncomingMail:
    http.require(request.user.may(Area.ADMINISTRATION, action))
    return get_object_or_404(IncomingMail.objects.visible_to(request.user, action).defer("raw"), pk=pk)


@require_safe
def incoming(request, pk):
    """One mail as it came: by which way, for whom, what became of it and why."""
    mail = _find(request, pk)
    context = {
        "title": str(mail),
        "bar_title": _("Journal"),
        "kicker": _("Incoming mail"),
        "list_label": _("Journal"),
        "list_url": reverse("mail:journal"),
        "record_url": mail.get_absolute_url(),
        "record_id": mail.pk,
        "mail": mail,
        "colour": colour(mail),
        "reason": reason(mail),
        "unsettled": mail.state in (IncomingState.FAILED, IncomingState.STORED),
        "may_retry": request.user.may(Area.ADMINISTRATION, Action.CHANGE),
    }
    return http.page(request, "mail/incoming.html", context)


@require_safe
def raw(request, pk):
    """The mail byte for byte, as a download."""
    _find(request, pk)
    content = bytes(IncomingMail.objects.values_list("raw", flat=True).get(pk=pk))
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="mail-{pk}.eml"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_POST
def retry(request, pk):
    """Process it again, now."""
    mail = handling.retry(mail=_find(request, pk, Action.CHANGE), by=request.user)
    return http.done(request, mail.get_absolute_url(), _("The mail is being processed again."))
