"""The forms of an inbox item. What the system sets (created, qualified, what became of it) is in none of them."""

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from crm.accounts.models import User
from crm.accounts.scope import Area
from crm.core import show
from crm.core.forms import PlainForm, RecordForm
from crm.files.forms import FilesField
from crm.lists.models import Priority, Source
from inbox.actions import EDITABLE
from inbox.models import InboxItem

LONGEST_MESSAGE = 20_000


def offered(queryset, current_id):
    """The entries of a pick-list that can be chosen: the active ones, and the one that is chosen already."""
    return queryset.filter(is_active=True) | queryset.filter(pk=current_id)


class ItemForm(RecordForm):
    """All that people may set on an item; `user` is who fills it in."""

    spans = {
        "title": 12,
        "source": 4,
        "priority": 4,
        "kind": 4,
        "company_name": 12,
        "street": 12,
        "postal_code": 4,
        "city": 8,
        "country": 12,
    }
    groups = (
        (_("Inquiry"), ("title", "source", "priority", "kind", "owner", "expected_budget")),
        (_("Contact person"), ("first_name", "last_name", "email", "phone")),
        (_("Company"), ("company_name", "street", "postal_code", "city", "country")),
        (_("Message"), ("message", "files")),
    )

    class Meta:
        model = InboxItem
        fields = EDITABLE

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        item = self.instance
        self.fields["source"].queryset = offered(Source.objects.visible_to(user), item.source_id)
        self.fields["priority"].queryset = offered(Priority.objects.visible_to(user), item.priority_id)
        self.fields["owner"].queryset = User.objects.assignable_by(user, Area.INBOX, item.owner_id)
        self.fields["owner"].empty_label = _("Nobody responsible")
        self.fields["country"].choices = [("", show.NONE), *countries]
        self.fields["message"].validators.append(MaxLengthValidator(LONGEST_MESSAGE))
        if item.pk:
            # Up to when the person knew the item: a save over someone else's change is noticed.
            self.fields["version"] = forms.CharField(
                required=False, widget=forms.HiddenInput, initial=item.updated_at.isoformat()
            )

    def clean_message(self):
        return self.cleaned_data["message"].replace("\r\n", "\n")

    @property
    def seen(self):
        """The moment up to which the person knew the item; None if the form did not say."""
        try:
            return parse_datetime(self.cleaned_data.get("version") or "")
        except ValueError:
            return None

    def values(self) -> dict:
        """What was entered, for the verb."""
        return {name: self.cleaned_data[name] for name in EDITABLE if name in self.cleaned_data}

    def show_conflict(self, now: InboxItem) -> None:
        """Someone else saved in between: beside each field that differs stands what it is now; the next save wins."""
        self.add_error(
            None,
            _(
                "Someone else changed this inbox item in the meantime. What it says now stands beside the fields; "
                "saving again keeps your version."
            ),
        )
        for name in EDITABLE:
            value = getattr(now, name)
            if name in self.cleaned_data and self.cleaned_data[name] != value:
                self.add_error(name, _("Now: %(value)s") % {"value": self._said(now, name, value)})
        self.data = self.data.copy()
        self.data[self.add_prefix("version")] = now.updated_at.isoformat()

    @staticmethod
    def _said(item, name, value):
        if name == "expected_budget":
            return show.money(value)
        if name == "kind":
            return item.get_kind_display()
        return value or show.NONE


class NewItemForm(ItemForm):
    """A new lead; files can come along."""

    files = FilesField(label=_("Files"), required=False)
    spans = ItemForm.spans | {"files": 12}

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, user=user, initial={"owner": user.pk}, **kwargs)


class ArchiveForm(PlainForm):
    spans = {"reason": 12}
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("For example: not our field, spam, already a customer."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
