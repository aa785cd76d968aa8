"""The settings pages of texts: of the mails that the CRM writes, and of those that people begin by hand."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts.scope import Action, Scope
from crm.core import http
from crm.core.forms import RecordForm
from crm.mail import actions, kinds, writing
from crm.mail.models import MailTemplate, TextTemplate
from crm.setup import pages

LANGUAGES = dict(settings.LANGUAGES)


def _may_change(user) -> bool:
    return user.scope(MailTemplate.area, Action.CHANGE) == Scope.ALL


def _kind(key: str, language: str) -> kinds.Kind:
    kind = kinds.get(key)
    http.require(kind is not None and language in LANGUAGES)
    return kind


class TemplateForm(RecordForm):
    """Subject and text; a placeholder that this kind of mail cannot fill is an error."""

    spans = {"subject": 12, "body": 12}

    class Meta:
        model = MailTemplate
        fields = ("subject", "body")

    def __init__(self, *args, kind: kinds.Kind, **kwargs):
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.fields["body"].widget.attrs |= {"rows": 16, "class": "mail-text"}

    def clean_subject(self):
        return kinds.checked(self.kind.placeholders, self.cleaned_data["subject"])

    def clean_body(self):
        return kinds.checked(self.kind.placeholders, self.cleaned_data["body"])


@require_safe
def index(request):
    """All kinds of mail, with the languages, and which of them a company has worded itself."""
    http.require(request.user.may(MailTemplate.area))
    own = {(t.kind, t.language): t for t in MailTemplate.objects.visible_to(request.user)}
    rows = [
        {
            "kind": kind,
            "texts": [
                {"code": code, "label": label, "own": own.get((kind.key, code)), "subject": kind.standard(code)[0]}
                for code, label in settings.LANGUAGES
            ],
        }
        for kind in kinds.all_kinds()
    ]
    context = {
        "title": _("Mail templates"),
        "lead": _("What the mails say that are sent with documents, in the language of the document."),
        "rows": rows,
        "languages": settings.LANGUAGES,
    }
    return pages.page(request, "mail/templates.html", context)


def _preview(kind: kinds.Kind, language: str, subject: str, body: str) -> dict:
    """A mail of this kind with the examples in its placeholders."""
    values = kind.examples(language)
    return {"preview_subject": kinds.fill(subject, values), "preview_text": kinds.fill(body, values)}


@require_http_methods(["GET", "HEAD", "POST"])
def template(request, kind, language):
    """One text: its form, its placeholders, and how a mail would look."""
    http.require(request.user.may(MailTemplate.area))
    may_change = _may_change(request.user)
    http.require(may_change or request.method != "POST")
    found = _kind(kind, language)
    subject, body = kinds.words(found, language)
    form = TemplateForm(request.POST or None, initial={"subject": subject, "body": body}, kind=found)
    if request.method == "POST" and form.is_valid():
        actions.save_template(kind=found, language=language, by=request.user, **form.cleaned_data)
        http.announce(request, _("The mail template was saved."))
        return http.redirect(request, "settings:mail-template", kind, language)
    context = {
        "title": found.label,
        "lead": found.help,
        "form": form,
        "kind": found,
        "language": language,
        "languages": settings.LANGUAGES,
        "is_own": MailTemplate.objects.visible_to(request.user).filter(kind=kind, language=language).exists(),
        "may_change": may_change,
        **_preview(found, language, form["subject"].value(), form["body"].value()),
    }
    return pages.page(request, "mail/template.html", context, status=422 if form.errors else 200)


@require_POST
def preview(request, kind, language):
    """The preview of what is being typed."""
    http.require(_may_change(request.user))
    found = _kind(kind, language)
    form = TemplateForm(request.POST, kind=found)
    form.is_valid()
    context = _preview(found, language, form.data.get("subject", "")[:500], form.data.get("body", "")[:20_000])
    return HttpResponse(render_to_string("mail/preview.html", context, request))


@require_POST
def reset(request, kind, language):
    """Back to the standard text."""
    actions.reset_template(kind=_kind(kind, language), language=language, by=request.user)
    http.announce(request, _("The standard text stands again."))
    return http.redirect(request, "settings:mail-template", kind, language)


# ── texts for mails written by hand ─────────────────────────────────────────────────────────────────
class TextForm(RecordForm):
    """A template; a placeholder that nothing can fill is an error."""

    spans = {"name": 12, "subject": 12, "body": 12, "is_active": 12}

    class Meta:
        model = TextTemplate
        fields = ("name", "subject", "body", "is_active")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["body"].widget.attrs |= {"rows": 14, "class": "mail-text"}
        names = ", ".join(f"{{{one.name}}}" for one in writing.PLACEHOLDERS)
        self.fields["body"].help_text = _("Placeholders: %(names)s") % {"names": names}

    def clean_subject(self):
        return kinds.checked(writing.PLACEHOLDERS, self.cleaned_data["subject"])

    def clean_body(self):
        return kinds.checked(writing.PLACEHOLDERS, self.cleaned_data["body"])


@require_safe
def texts(request):
    """The list of text templates."""
    http.require(request.user.may(TextTemplate.area))
    context = {
        "title": _("Text templates"),
        "lead": _("With what people begin the mails that they write themselves."),
        "rows": TextTemplate.objects.visible_to(request.user),
        "may_change": _may_change(request.user),
    }
    return pages.page(request, "mail/texts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def text(request, pk=None):
    """One text template, or a new one."""
    found = None
    if pk:
        found = get_object_or_404(TextTemplate.objects.visible_to(request.user, Action.CHANGE), pk=pk)
    http.require(_may_change(request.user))
    form = TextForm(request.POST or None, instance=found, initial={} if found else {"body": "{salutation}\n\n"})
    if request.method == "POST" and form.is_valid():
        actions.save_text(text=form.instance, by=request.user)
        http.announce(request, _("The text template was saved."))
        return http.redirect(request, "settings:texts")
    context = {
        "title": found.name if found else _("New text template"),
        "form": form,
        "template": found,
    }
    return pages.page(request, "mail/text.html", context, status=422 if form.errors else 200)


@require_POST
def delete_text(request, pk):
    """Nothing hangs on a text template: mails that began with it have copied it."""
    found = get_object_or_404(TextTemplate.objects.visible_to(request.user, Action.DELETE), pk=pk)
    actions.delete_text(text=found, by=request.user)
    http.announce(request, _("“%(name)s” was deleted.") % {"name": found.name})
    return http.redirect(request, "settings:texts")


def register() -> None:
    """Called when the applications are ready."""
    pages.add_urls(
        [
            path("mail-templates/", index, name="mail-templates"),
            path("mail-templates/<slug:kind>/<slug:language>/", template, name="mail-template"),
            path("mail-templates/<slug:kind>/<slug:language>/preview/", preview, name="mail-template-preview"),
            path("mail-templates/<slug:kind>/<slug:language>/reset/", reset, name="mail-template-reset"),
            path("text-templates/", texts, name="texts"),
            path("text-templates/new/", text, name="new-text"),
            path("text-templates/<int:pk>/", text, name="text"),
            path("text-templates/<int:pk>/delete/", delete_text, name="delete-text"),
        ]
    )
    pages.register(
        pages.SALES,
        gettext_lazy("Mail templates"),
        "settings:mail-templates",
        MailTemplate.area,
        position=70,
        help=gettext_lazy("The texts of the mails with which quotes, invoices and reminders are sent."),
    )
    pages.register(
        pages.SALES,
        gettext_lazy("Text templates"),
        "settings:texts",
        TextTemplate.area,
        position=71,
        help=gettext_lazy("Texts with which people begin their own mails."),
    )
