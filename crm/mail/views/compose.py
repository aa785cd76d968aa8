"""Writing a mail: about a record, as an answer, or just so."""

import uuid

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from crm.accounts.scope import Action
from crm.core import http
from crm.core.forms import PlainForm
from crm.core.normalise import email as normal
from crm.files.forms import FilesField
from crm.files.models import StoredFile
from crm.mail import filing, writing
from crm.mail.models import Address, Message, TextTemplate

MOST_COPIES = 20


class SeveralAddresses(forms.CharField):
    """Addresses, with commas, semicolons or blanks between them; its value is a list, each once."""

    def to_python(self, value):
        found = [normal(one) for one in (value or "").replace(";", " ").replace(",", " ").split()]
        return list(dict.fromkeys(found))

    def validate(self, value):
        super().validate(value)
        for one in value:
            try:
                validate_email(one)
            except ValidationError:
                raise ValidationError(
                    _("“%(address)s” is not an e-mail address."), params={"address": one[:100]}, code="address"
                ) from None
        if len(value) > MOST_COPIES:
            raise ValidationError(_("At most %(most)s addresses."), params={"most": MOST_COPIES}, code="too_many")

    def run_validators(self, value):
        # Each address was validated; the bounds of a text do not apply to a list.
        pass


class ComposeForm(PlainForm):
    """A mail. `url`: where the form with another text template is fetched."""

    template = forms.ModelChoiceField(
        label=gettext_lazy("Text template"), queryset=TextTemplate.objects.none(), required=False, empty_label="–"
    )
    to = forms.EmailField(label=gettext_lazy("To"), max_length=254)
    cc = SeveralAddresses(label=gettext_lazy("Copy to"), required=False, help_text=gettext_lazy("Several with commas."))
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=250)
    text = forms.CharField(label=gettext_lazy("Text"), max_length=100_000, widget=forms.Textarea)
    files = FilesField(label=gettext_lazy("Attachments"), required=False)
    key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    spans = {"template": 12, "to": 6, "cc": 6, "subject": 12, "text": 12, "files": 12}

    def __init__(self, *args, user, url: str, offered=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.offered = offered
        templates = TextTemplate.objects.visible_to(user).filter(is_active=True)
        self.fields["template"].queryset = templates
        if templates:
            # Another text, into the same page; form.js' saving is not involved.
            self.fields["template"].widget.attrs |= {
                "hx-get": url,
                "hx-target": "#form-page",
                "hx-swap": "outerHTML",
                "data-replaces": "#id_text",
                "data-ask": _("Replace what you have written by the template?"),
            }
        else:
            del self.fields["template"]
        self.fields["to"].widget.attrs |= {"list": "mail-recipients", "autocomplete": "off"}
        self.fields["text"].widget.attrs |= {"rows": 16, "class": "mail-text"}

    def clean_text(self):
        return self.cleaned_data["text"].replace("\r\n", "\n")


def _about(request):
    """(place, record, answered mail) that the address names, with which the user may do that; else 404."""
    http.require(request.user.may(*writing.RIGHT))
    data = request.GET
    answers = place = record = None
    if "answer" in data:
        pk = http.number(data["answer"])
        answers = Message.objects.visible_to(request.user, Action.CHANGE).filter(pk=pk).first() if pk else None
        http.require(answers)
    if "place" in data:
        key, _colon, number = data["place"].partition(":")
        pk = http.number(number)
        place = (key, pk) if pk else None
        record = filing.record(place, request.user, Action.CHANGE) if place else None
        http.require(record)
    return place, record, answers


def _without_template(request) -> str:
    """The address of this form, to which the select adds the template that was chosen."""
    query = request.GET.copy()
    query.pop("template", None)
    return f"{request.path}?{query.urlencode()}" if query else request.path


@require_http_methods(["GET", "HEAD", "POST"])
def compose(request):
    """The form: ?place=opportunity:7 writes about a record, ?answer=9 answers a mail, ?template=2 fills in a text."""
    user = request.user
    place, record, answers = _about(request)
    chosen = TextTemplate.objects.visible_to(user).filter(pk=http.number(request.GET.get("template", "")) or 0).first()
    draft = writing.begin(by=user, place=place, answers=answers, template=chosen)
    initial = {"to": request.GET.get("to", "")[:254] or draft.to, "subject": draft.subject, "text": draft.text}
    initial |= {"template": chosen, "key": uuid.uuid4()}
    posted = request.method == "POST"
    sent = (request.POST, request.FILES) if posted else ()
    url = _without_template(request)
    form = ComposeForm(*sent, user=user, url=url, offered=draft.offered, initial=initial)
    back = record or answers
    if posted and form.is_valid():
        data = form.cleaned_data
        files = [StoredFile.keep(upload, by=user) for upload in data["files"]]
        names = ("to", "cc", "subject", "text", "key")
        writing.write(by=user, place=place, answers=answers, files=files, **{name: data[name] for name in names})
        http.announce(request, _("The mail is on its way."))
        return http.redirect(request, back or reverse("mail:outbox"))
    crumbs = [(str(back), back.get_absolute_url())] if back else [(_("E-mails"), reverse("mail:list"))]
    context = {
        "title": _("Answer") if answers else _("Write e-mail"),
        "form": form,
        "crumbs": [*crumbs, (_("Answer") if answers else _("Write e-mail"), None)],
        "back": back.get_absolute_url() if back else reverse("mail:list"),
        "submit_label": _("Send"),
        "record": record,
        "capture": Address.objects.capture(),
    }
    return http.page(request, "mail/compose.html", context, status=422 if form.errors else 200)
