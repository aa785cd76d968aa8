"""Mails as people read them: the list, one mail with its thread, its HTML in a frame, its files."""

import django_filters
from django.db.models import Q
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from crm.accounts.scope import Action
from crm.core import http
from crm.core.fold import matching
from crm.core.listing import Column, Filters, ListPage, Tab
from crm.files.models import StoredFile
from crm.files.serve import attachment
from crm.mail import desks, filing, handling, reading, showing, writing
from crm.mail.models import PICTURES, Direction, Message, State
from crm.mail.views.frame import switch

# The second of two walls around the HTML of others; the first is crm/mail/reading/html.py. Nothing runs, nothing is
# sent, nothing is loaded but what is listed. Of the page's own origin, or the pictures that came along would not load.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {images}; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
THREAD_SHOWN = 100


def find(request, pk: int, action: str = Action.VIEW) -> Message:
    """The mail, if the user may do `action` with it; else 404."""
    found = Message.objects.visible_to(request.user, action).select_related("owner", "filed_by", "outgoing")
    return get_object_or_404(found, pk=pk)


# ── the list ────────────────────────────────────────────────────────────────────────────────────────
class MessageFilters(Filters):
    sent = django_filters.DateFromToRangeFilter(
        label=gettext_lazy("Date"),
        field_name="sent_at",
        widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"}),
    )
    files = django_filters.BooleanFilter(
        label=gettext_lazy("With attachments"), field_name="attachments", lookup_expr="isnull", exclude=True
    )


class MessageList(ListPage):
    """/mail/: every mail that one may see, and those that somebody has to file."""

    model = Message
    title = pgettext_lazy("door", "E-mails")
    panel = True
    default_sort = "-sent"
    nothing_yet = gettext_lazy("No mails yet")
    select_related = ("owner",)
    filterset_class = MessageFilters
    head_template = "components/views_switch.html"
    create_url, create_label = "mail:new", gettext_lazy("Write e-mail")
    tabs = (
        Tab("all", pgettext_lazy("mail", "All")),
        Tab("review", pgettext_lazy("mail", "To be reviewed"), Q(review=True)),
        Tab("in", pgettext_lazy("mail", "Received"), Q(direction=Direction.IN)),
        Tab("out", pgettext_lazy("mail", "Sent"), Q(direction=Direction.OUT)),
    )
    columns = (
        Column(
            "subject",
            gettext_lazy("Subject"),
            value=str,
            kind="link",
            sort="subject",
            sub=showing.beginning,
            phone="title",
        ),
        Column("who", gettext_lazy("From / to"), value=showing.counterpart, sort="sender_name", width="l"),
        Column(
            "direction",
            gettext_lazy("State"),
            kind="status",
            value=showing.state,
            colour=showing.colour,
            width="l",
            phone="right2",
        ),
        Column("owner", gettext_lazy("Responsible"), kind="owner", sort="owner__name"),
        Column("sent", gettext_lazy("Date"), kind="moment", sort="sent_at", value="sent_at", phone="right"),
    )

    def search(self, queryset, term):
        return matching(queryset, term)

    def base(self, action: str = "view"):
        # The raw texts are long and no list shows them.
        return super().base(action).defer("text", "html", "forwarded", "references", "proposal")

    def extra(self):
        return switch(self.request, "mail:list")


# ── one mail ────────────────────────────────────────────────────────────────────────────────────────
@require_safe
def message(request, pk):
    """A mail: what it says, where it is filed, what comes before and after it, and what can be done with it."""
    mail = find(request, pk)
    user = request.user
    may_change = Message.objects.visible_to(user, Action.CHANGE).filter(pk=pk).exists()
    thread = Message.objects.visible_to(user).filter(thread=mail.thread).exclude(pk=pk)
    context = {
        "title": str(mail),
        "bar_title": _("E-mail"),
        "kicker": _("E-mail"),
        "list_label": _("E-mails"),
        "list_url": reverse("mail:list"),
        "record_url": mail.get_absolute_url(),
        "record_id": mail.pk,
        "may_change": may_change,
        "places": _places(mail, user, may_change),
        "proposal": _proposal(mail, user) if may_change and mail.review else [],
        "desks": desks.open_to(user) if may_change and mail.review and mail.journal.exists() else {},
        "may_answer": may_change and user.may(*writing.RIGHT) and bool(mail.sender_email or mail.recipients),
        "is_own": mail.owner_id == user.pk,
        "thread": thread.select_related("owner").order_by("-sent_at", "-pk")[:THREAD_SHOWN],
        **reading_context(request, mail),
    }
    return http.page(request, "mail/message.html", context)


@require_safe
def inside(request, pk):
    """What a mail says, for a page that lists mails: the part that opens there."""
    mail = find(request, pk)
    may_change = Message.objects.visible_to(request.user, Action.CHANGE).filter(pk=pk).exists()
    may_answer = may_change and request.user.may(*writing.RIGHT)
    context = {"title": str(mail), "may_answer": may_answer, **reading_context(request, mail)}
    return http.page(request, "mail/inside.html", context)


def reading_context(request, mail: Message) -> dict:
    """What mail/reading.html draws: text or frame, files, the event and the mails within."""
    reply, rest = showing.folded(mail)
    return {
        "mail": mail,
        "reply": reply,
        "rest": rest,
        "has_pictures": bool(mail.html) and reading.has_remote_pictures(mail.html),
        "files": mail.attachments.filter(inline=False).select_related("file"),
        "event": showing.event(mail),
        "forwarded": [one | {"sent_at": showing.moment(one["sent_at"])} for one in mail.forwarded],
        "problems": [_(problem) for problem in mail.problems],
        "recipients": [one for one in mail.recipients if one["kind"] != "reply"],
        "state": showing.state(mail),
        "colour": showing.colour(mail),
        "waiting": mail.outgoing is not None and mail.outgoing.state != State.SENT,
    }


def _places(mail: Message, user, may_change: bool) -> list[dict]:
    """The records with which it is filed, as far as the user may see them."""
    found = []
    for one in filing.drawers():
        for link in one.visible_links(user).filter(message=mail).select_related(one.field).order_by("pk"):
            record = getattr(link, one.field)
            may_take_out = may_change and handling.may_file((one.key, record.pk), user)
            out = reverse("mail:take-out", args=[mail.pk, one.key, record.pk]) if may_take_out else ""
            found.append({"drawer": one, "record": record, "take_out": out})
    return found


def _proposal(mail: Message, user) -> list[dict]:
    """What the ID in the subject names, as far as the user may see it."""
    found = []
    for key, pk in mail.proposal:
        if record := filing.record((key, pk), user):
            found.append({"drawer": filing.drawer(key), "record": record, "place": f"{key}:{pk}"})
    return found


# ── what it brought along ───────────────────────────────────────────────────────────────────────────
@require_safe
@xframe_options_sameorigin
def body(request, pk):
    """The HTML of a mail, for the frame; with ?pictures its remote pictures."""
    mail = find(request, pk)
    http.require(mail.html)
    wanted = "pictures" in request.GET
    inline = mail.attachments.exclude(content_id="").filter(content_type__in=PICTURES)
    urls = {one.content_id: reverse("mail:picture", args=[pk, one.pk]) for one in inline}
    html = reading.inline_pictures(mail.html, urls)
    context = {"mail": mail, "html": reading.with_pictures(html) if wanted else html}
    response = HttpResponse(render_to_string("mail/body.html", context))
    images = "'self' data: https: http:" if wanted else "'self' data:"
    response["Content-Security-Policy"] = POLICY.format(images=images)
    # Who sent the mail is not to learn from where it is read.
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
def file(request, pk, attachment_id):
    """An attachment, as a download."""
    return attachment(get_object_or_404(find(request, pk).attachments.select_related("file"), pk=attachment_id).file)


@require_safe
def picture(request, pk, attachment_id):
    """A picture within the text, drawn by the browser: only what its bytes say is one."""
    inline = find(request, pk).attachments.filter(content_type__in=PICTURES).select_related("file")
    found = get_object_or_404(inline, pk=attachment_id)
    try:
        content = found.file.content.open("rb")
    except FileNotFoundError:
        raise StoredFile.DoesNotExist from None
    response = FileResponse(content, content_type=found.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
