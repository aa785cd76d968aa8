"""The outbox: one's own mails, whether they left, and what kept them."""

import django_filters
from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from crm.core import http
from crm.core.fold import matching
from crm.core.listing import Column, Filters, ListPage, Tab
from crm.files.serve import attachment
from crm.mail import actions, writing
from crm.mail.models import Message, OutgoingMail, State
from crm.mail.views.frame import switch

COLOURS = {State.WAITING: "accent", State.SENT: "ok", State.FAILED: "bad"}


def colour(mail) -> str:
    """The colour of a mail's state."""
    return COLOURS[mail.state]


class OutgoingFilters(Filters):
    created = django_filters.DateFromToRangeFilter(
        label=gettext_lazy("Created"),
        field_name="created_at",
        widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"}),
    )


class Outbox(ListPage):
    """/mail/outbox/: what was sent, what waits, what failed."""

    model = OutgoingMail
    title = gettext_lazy("Outbox")
    head_template = "components/views_switch.html"
    panel = True
    default_sort = "-created"
    nothing_yet = gettext_lazy("No mails yet")
    select_related = ("sender",)
    filterset_class = OutgoingFilters
    tabs = (
        Tab("all", pgettext_lazy("mail", "All")),
        Tab("waiting", pgettext_lazy("mail", "Waiting"), Q(state=State.WAITING)),
        Tab("failed", pgettext_lazy("mail", "Failed"), Q(state=State.FAILED)),
        Tab("sent", pgettext_lazy("mail", "Sent"), Q(state=State.SENT)),
    )
    columns = (
        Column("subject", gettext_lazy("Subject"), kind="link", sort="subject", phone="title"),
        Column("to", gettext_lazy("Recipient"), sort="to", width="l"),
        Column("cc", gettext_lazy("Copy to"), value=lambda mail: ", ".join(mail.cc), hidden=True),
        Column(
            "state",
            gettext_lazy("State"),
            kind="status",
            sort="state",
            value="get_state_display",
            colour=colour,
            phone="right2",
        ),
        Column("sender", gettext_lazy("Sender"), kind="owner", sort="sender__name"),
        Column("reason", gettext_lazy("Reason"), hidden=True),
        Column("attempts", gettext_lazy("Attempts"), kind="number", sort="attempts", hidden=True),
        Column("sent", pgettext_lazy("mail", "Sent"), kind="moment", sort="sent_at", value="sent_at", hidden=True),
        Column("created", gettext_lazy("Created"), kind="moment", sort="created_at", value="created_at", phone="right"),
    )

    def search(self, queryset, term):
        return matching(queryset, term)

    def extra(self):
        return switch(self.request, "mail:outbox")


@require_safe
def outgoing(request, pk):
    """One mail: what it says, what hangs on it, what became of it."""
    http.require(request.user.may(OutgoingMail.area))
    mail = get_object_or_404(OutgoingMail.objects.visible_to(request.user).select_related("sender"), pk=pk)
    context = {
        "title": mail.subject,
        "bar_title": _("E-mail"),
        "kicker": _("E-mail"),
        "list_label": _("Outbox"),
        "list_url": reverse("mail:outbox"),
        "record_url": mail.get_absolute_url(),
        "record_id": mail.pk,
        "mail": mail,
        "colour": colour(mail),
        "files": mail.files.order_by("pk"),
        "message": Message.objects.visible_to(request.user).filter(outgoing=mail).first(),
        "reason": _(mail.reason) if mail.reason else "",
        "may_send": request.user.may(*writing.RIGHT),
    }
    return http.page(request, "mail/outgoing.html", context)


@require_safe
def file(request, pk, file):
    """An attachment of a mail, as a download."""
    http.require(request.user.may(OutgoingMail.area))
    mail = get_object_or_404(OutgoingMail.objects.visible_to(request.user), pk=pk)
    return attachment(get_object_or_404(mail.files, pk=file))


@require_POST
def retry(request, pk):
    """Send it again, now."""
    http.require(request.user.may(*writing.RIGHT))
    mail = get_object_or_404(OutgoingMail.objects.visible_to(request.user, "change"), pk=pk)
    actions.retry(mail=mail, by=request.user)
    return http.done(request, mail.get_absolute_url(), _("The mail is being sent again."))


@require_POST
def stop(request, pk):
    """Give it up."""
    http.require(request.user.may(*writing.RIGHT))
    mail = get_object_or_404(OutgoingMail.objects.visible_to(request.user, "change"), pk=pk)
    actions.stop(mail=mail, by=request.user)
    return http.done(request, mail.get_absolute_url(), _("The mail is not sent any more."))
