"""The inbox's pages under Settings: sources, priorities, processing statuses, web forms."""

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.templatetags.static import static
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from crm.accounts.models import User
from crm.accounts.scope import Action, Area, Scope
from crm.core import http
from crm.core.forms import RecordForm
from crm.lists.models import Priority, Source
from crm.setup import pages
from crm.setup.picklist import PickListPage
from inbox import webforms
from inbox.forms import offered
from inbox.models import InboxItem, ProcessingStatus, WebForm

TABS = (
    ("sources", gettext_lazy("Sources")),
    ("priorities", gettext_lazy("Priorities")),
)


class Sources(PickListPage):
    model = Source
    slug = "sources"
    title = gettext_lazy("Sources")
    lead = gettext_lazy("Where a lead comes from.")
    label_add = gettext_lazy("New source")
    tabs = TABS


class Priorities(PickListPage):
    model = Priority
    slug = "priorities"
    title = gettext_lazy("Priorities")
    lead = gettext_lazy("How urgent a lead or an opportunity is.")
    label_add = gettext_lazy("New priority")
    tabs = TABS


class Statuses(PickListPage):
    model = ProcessingStatus
    slug = "processing-statuses"
    title = gettext_lazy("Processing statuses")
    lead = gettext_lazy("The steps of an inbox item. At a status that is done it asks: convert or archive?")
    label_add = gettext_lazy("New processing status")
    flags = ("is_done",)
    needed = True

    def index(self, request):
        # Its entries are chosen by everybody, but the list itself is for those who administer.
        http.require(request.user.may(self.model.area))
        return super().index(request)


# ── web forms ───────────────────────────────────────────────────────────────────────────────────────
class WebFormForm(RecordForm):
    """A web form; which fields it shows, in which order, is asked by three inputs for each field."""

    spans = {"name": 8, "language": 4, "heading": 12, "consent_text": 12, "thanks": 12, "embed_origins": 12}

    class Meta:
        model = WebForm
        fields = (
            "name",
            "language",
            "heading",
            "introduction",
            "consent_text",
            "thanks",
            "source",
            "owner",
            "embed_origins",
            "is_active",
        )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = offered(Source.objects.visible_to(user), self.instance.source_id)
        self.fields["owner"].queryset = User.objects.assignable_by(user, Area.INBOX, self.instance.owner_id)
        self.fields["owner"].empty_label = _("Nobody responsible")
        for name in ("heading", "introduction", "consent_text", "thanks"):
            self.fields[name].widget.attrs["maxlength"] = 5000
        if not self.instance.pk:
            self.fields["source"].initial = Source.objects.filter(name="Webformular").first()
        shown = dict(self.instance.shown_fields) if self.instance.pk else STANDARD_FIELDS
        order = [*shown, *(name for name in WebForm.FIELDS if name not in shown)]
        for place, name in enumerate(order, 1):
            self.fields[f"show_{name}"] = forms.BooleanField(required=False, initial=name in shown)
            self.fields[f"need_{name}"] = forms.BooleanField(required=False, initial=shown.get(name, False))
            self.fields[f"place_{name}"] = forms.IntegerField(
                required=False, initial=place, min_value=1, max_value=99, widget=forms.NumberInput
            )
        self.order = order

    def visible_groups(self):
        """The plain fields; the table of the asked fields is drawn by the page."""
        return [("", [self[name] for name in self._meta.fields])]

    def rows(self):
        """For the table: label and the three inputs of each field."""
        for name in self.order:
            if name == "files":
                label = _("Files")
            else:
                label = InboxItem._meta.get_field(name).verbose_name
            yield {
                "label": label,
                "show": self[f"show_{name}"],
                "need": self[f"need_{name}"],
                "place": self[f"place_{name}"],
            }

    def clean_embed_origins(self):
        return webforms.clean_origins(self.cleaned_data["embed_origins"])

    def clean(self):
        data = super().clean()
        chosen = [name for name in self.order if data.get(f"show_{name}")]
        if not chosen:
            raise ValidationError(_("A web form needs at least one field."))
        chosen.sort(key=lambda name: (data.get(f"place_{name}") or 99, self.order.index(name)))
        data["fields"] = [{"name": name, "required": bool(data.get(f"need_{name}"))} for name in chosen]
        return data

    def values(self) -> dict:
        return {name: self.cleaned_data[name] for name in (*self._meta.fields, "fields")}


# What a new form asks: name, required.
STANDARD_FIELDS = {
    "company_name": False,
    "first_name": False,
    "last_name": True,
    "email": True,
    "phone": False,
    "message": True,
}


def embed_code(webform: WebForm) -> str:
    """What goes into the source of the other web site."""
    address = f"{settings.BASE_URL}{webform.get_absolute_url()}?embed=1"
    frame = format_html(
        '<iframe src="{}" title="{}" width="100%" height="720" loading="lazy" data-crm-form></iframe>',
        address,
        webform.heading or webform.name,
    )
    return f'{frame}\n<script src="{settings.BASE_URL}{static("embed.js")}" async></script>'


@require_safe
def webform_list(request):
    http.require(request.user.scope(WebForm.area, Action.CHANGE) == Scope.ALL)
    found = WebForm.objects.visible_to(request.user, Action.CHANGE).select_related("source", "owner")
    context = {
        "title": _("Web forms"),
        "lead": _("Forms for your web site. What is sent arrives in the inbox."),
        "webforms": found,
        "may_create": request.user.scope(WebForm.area, Action.CREATE) == Scope.ALL,
    }
    return pages.page(request, "inbox/webforms.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def webform_edit(request, pk=None):
    """A new web form, or the one with this key."""
    user = request.user
    if pk is None:
        http.require(user.scope(WebForm.area, Action.CREATE) == Scope.ALL)
        webform = WebForm()
    else:
        webform = get_object_or_404(WebForm.objects.visible_to(user, Action.CHANGE), pk=pk)
    form = WebFormForm(request.POST if request.method == "POST" else None, instance=webform, user=user)
    if request.method == "POST" and form.is_valid():
        saved = webforms.save_webform(by=user, webform=webform if pk else None, **form.values())
        http.announce(request, _("The web form “%(name)s” was saved.") % {"name": saved})
        return http.redirect(request, "settings:webform", saved.pk)
    context = {
        "title": WebForm.objects.get(pk=pk).name if pk else _("New web form"),
        "form": form,
        "webform": webform if pk else None,
        "code": embed_code(webform) if pk else "",
        "back": reverse("settings:webforms"),
    }
    return pages.page(request, "inbox/webform.html", context, status=422 if form.errors else 200)


def register() -> None:
    """Called when the applications are ready."""
    Sources.register(pages.SALES, _inbox, position=10, help=gettext_lazy("Sources and priorities of leads."))
    Priorities.register()
    Statuses.register(pages.ADMINISTRATION, position=40)
    pages.add_urls(
        [
            path("web-forms/", webform_list, name="webforms"),
            path("web-forms/new/", webform_edit, name="webform-new"),
            path("web-forms/<int:pk>/", webform_edit, name="webform"),
        ]
    )
    pages.register(
        pages.ADMINISTRATION,
        gettext_lazy("Web forms"),
        "settings:webforms",
        WebForm.area,
        Action.CHANGE,
        position=45,
        help=gettext_lazy("Forms for your web site whose messages arrive in the inbox."),
    )


_inbox = gettext_lazy("Inbox")
