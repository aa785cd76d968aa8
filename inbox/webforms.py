"""Web forms: what they ask, and what becomes of an answer.

A form may stand in a frame on another site, where browsers keep no cookies of ours. So a signed token takes the place
of the CSRF cookie: it says which form it belongs to, when it was given out and with which consent text, and makes a
second post of the same page harmless.
"""

import datetime
import hashlib
import re
import time
import uuid
from dataclasses import dataclass

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from crm.accounts.scope import Action, Scope
from crm.core.forms import PlainForm
from crm.core.refusals import Refused
from crm.files.forms import MEGABYTE, FilesField
from crm.files.models import StoredFile
from inbox.actions import receive
from inbox.models import InboxItem, LeadKind, Submission, WebForm

SALT = "inbox.webform"
# Nobody fills in a form in less (seconds), and a page that was open for longer is asked to be sent again.
FASTEST, LONGEST = 2, 24 * 60 * 60
LONGEST_TEXT = 20_000
# From one sender to one form, and to one form from all: so many within so long.
PER_SENDER = (5, datetime.timedelta(minutes=10))
PER_FORM = (60, datetime.timedelta(hours=1))
ADDRESS_KEPT = datetime.timedelta(days=1)
AUTOCOMPLETE = {
    "company_name": "organization",
    "first_name": "given-name",
    "last_name": "family-name",
    "email": "email",
    "phone": "tel",
    "street": "street-address",
    "postal_code": "postal-code",
    "city": "address-level2",
}
# One of these says who is asking, or what.
TELLING = ("company_name", "first_name", "last_name", "email", "phone", "message")


# ── the form as visitors see it ─────────────────────────────────────────────────────────────────────
class PublicForm(PlainForm):
    """The base of every public form."""

    spans = {"postal_code": 4, "city": 8, "company_name": 12, "street": 12, "files": 12, "consent": 12}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs["autocomplete"] = AUTOCOMPLETE.get(name, "off")

    def clean(self):
        asked = [name for name in TELLING if name in self.fields]
        if asked and not self.errors and not any(self.cleaned_data.get(name) for name in asked):
            raise ValidationError(_("Please fill in at least one field."))
        return super().clean()


def _field(name: str, required: bool) -> forms.Field:
    if name == "files":
        help_text = gettext_lazy("Up to five files of 10 MB each")
        return FilesField(
            label=gettext_lazy("Files"), required=required, most=5, largest=10 * MEGABYTE, help_text=help_text
        )
    field = InboxItem._meta.get_field(name).formfield(required=required)
    if name == "message":
        field.validators.append(MaxLengthValidator(LONGEST_TEXT))
    elif name == "phone":
        field.widget.input_type = "tel"
    return field


def form_class(webform: WebForm) -> type[PublicForm]:
    """The fields that `webform` asks for, in its order."""
    fields = {name: _field(name, required) for name, required in webform.shown_fields}
    if webform.consent_text:
        fields["consent"] = forms.BooleanField(label=webform.consent_text)
    return type("WebFormForm", (PublicForm,), fields)


# ── the token ───────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Ticket:
    """What a token says: a number of its own, and how long ago it was given out (seconds)."""

    number: uuid.UUID
    age: float


def _consent_mark(webform: WebForm) -> str:
    return hashlib.sha256(webform.consent_text.encode()).hexdigest()[:16]


def issue(webform: WebForm) -> str:
    """A token for one filling-in of the form."""
    return signing.dumps([webform.key, uuid.uuid4().hex, time.time(), _consent_mark(webform)], salt=SALT)


def read(webform: WebForm, token: str) -> Ticket | None:
    """The token's content; None if it is not ours, for another form, too old, or for another consent text."""
    try:
        key, number, given_out, consent = signing.loads(token[:500], salt=SALT)
        ticket = Ticket(uuid.UUID(number), time.time() - given_out)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    fits = key == webform.key and consent == _consent_mark(webform) and ticket.age <= LONGEST
    return ticket if fits else None


# ── verbs ───────────────────────────────────────────────────────────────────────────────────────────
def _check_throttle(webform: WebForm, sender: str | None) -> None:
    now = timezone.now()
    recent = Submission.objects.filter(form=webform)
    most, within = PER_SENDER
    busy = recent.filter(address=sender, created_at__gt=now - within)[:most].count() >= most
    most, within = PER_FORM
    if busy or recent.filter(created_at__gt=now - within)[:most].count() >= most:
        raise Refused(_("Too many messages were sent in a short time. Please try again in some minutes."))


@transaction.atomic
def submit(*, webform: WebForm, ticket: Ticket, sender: str | None, files=(), **fields) -> InboxItem:
    """What a visitor sent becomes an inbox item. The same ticket again gives the same item.

    `sender`: the network address, counted for the throttle. `files` are uploads. Raises Refused when it is too much.
    """
    # The form's row is locked: what is sent to one form is counted one after the other.
    webform = WebForm.objects.select_for_update(of=("self",)).get(pk=webform.pk)
    earlier = Submission.objects.filter(token=ticket.number).select_related("item").first()
    if earlier:
        return earlier.item
    _check_throttle(webform, sender)
    contact = " ".join(filter(None, [fields.get("first_name"), fields.get("last_name")]))
    who = fields.get("company_name") or contact or fields.get("email") or fields.get("phone")
    with override(webform.language):
        title = _("Web form: %(who)s") % {"who": who} if who else _("Web form")
    item = receive(
        title=title[:200],
        kind=LeadKind.MQL,
        source=webform.source,
        owner=webform.owner,
        files=[StoredFile.keep(upload, by=None) for upload in files],
        **fields,
    )
    Submission.objects.create(
        form=webform, item=item, token=ticket.number, address=sender, consent_text=webform.consent_text
    )
    return item


def forget_addresses() -> int:
    """Empty the senders' addresses that the throttle no longer needs; how many."""
    old = Submission.objects.filter(address__isnull=False, created_at__lt=timezone.now() - ADDRESS_KEPT)
    return old.update(address=None)


@transaction.atomic
def save_webform(*, by, webform: WebForm | None = None, **fields) -> WebForm:
    """Make or change a web form."""
    if webform is None:
        if by.scope(WebForm.area, Action.CREATE) != Scope.ALL:
            raise WebForm.DoesNotExist
        return WebForm.objects.create(**fields)
    webform = WebForm.objects.visible_to(by, Action.CHANGE).select_for_update(of=("self",)).get(pk=webform.pk)
    for name, value in fields.items():
        setattr(webform, name, value)
    webform.save(update_fields=list(fields))
    return webform


ORIGIN = re.compile(r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")


def clean_origins(text: str) -> str:
    """Web addresses, one a line, cut to what a browser calls their origin. Raises ValidationError."""
    origins = []
    for word in text.split():
        scheme, _colon, rest = word.partition("://")
        host = rest.split("/")[0]
        try:
            origin = f"{scheme.lower()}://{host.lower().encode('idna').decode()}"
        except UnicodeError:
            origin = ""
        if not ORIGIN.fullmatch(origin):
            raise ValidationError(
                _("“%(word)s” is not a web address. It begins with https://, such as https://www.example.com."),
                params={"word": word[:80]},
            )
        origins.append(origin)
    return "\n".join(dict.fromkeys(origins))
