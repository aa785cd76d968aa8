"""Forms of companies and persons. What one may not see cannot be chosen, whatever is posted."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.urls import reverse_lazy
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries
from stdnum.de import leitweg

from contacts import normalise
from contacts.duplicates import Probe
from contacts.models import Company, Person
from crm.accounts.models import User
from crm.accounts.scope import Area
from crm.core import show
from crm.core.forms import Pick, RecordForm
from crm.lists.models import Tag

ADDRESS = ("street", "postal_code", "city", "country")
MOST_FURTHER = 20


class ContactForm(RecordForm):
    """What the two forms share. `by` is who fills it in."""

    spans = {"street": 12, "postal_code": 4, "city": 8, "tags": 12, "country": 6}

    def __init__(self, *args, by, **kwargs):
        instance = kwargs.get("instance")
        if instance is None or instance.pk is None:
            kwargs["initial"] = {"owner": by.pk} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        contact, fields = self.instance, self.fields
        fields["owner"].queryset = User.objects.assignable_by(by, Area.CONTACTS, contact.owner_id)
        fields["owner"].empty_label = _("Nobody responsible")
        chosen = contact.tags.values("pk") if contact.pk else Tag.objects.none()
        fields["tags"].queryset = Tag.objects.filter(is_active=True) | Tag.objects.filter(pk__in=chosen)
        fields["country"].choices = [("", show.NONE), *countries]
        for name in {"email", "phone", "mobile", "website"} & set(fields):
            fields[name].widget.attrs["autocomplete"] = "off"
        for name in {"phone", "mobile"} & set(fields):
            fields[name].widget.input_type = "tel"
        if contact.pk:
            # Up to when the person knew the record: a save over someone else's change is noticed.
            fields["version"] = forms.CharField(
                required=False, widget=forms.HiddenInput, initial=contact.updated_at.isoformat()
            )

    def offer(self, name: str, queryset) -> None:
        """A related contact, of those that one may see; one that is there but not to be seen stays as it is."""
        there = getattr(self.instance, f"{name}_id")
        if there and not queryset.filter(pk=there).exists():
            del self.fields[name]
            return
        self.fields[name].queryset = queryset.order_by("sort_name", "pk")
        self.fields[name].empty_label = ""

    def clean_email(self):
        return normalise.email(self.cleaned_data["email"])

    def _phone(self, name):
        country = self.cleaned_data.get("country") or self.instance.country
        number = normalise.phone(self.cleaned_data[name], str(country or ""))
        if number and not any(c.isdigit() for c in number):
            raise ValidationError(_("This is not a phone number."))
        return number

    @property
    def seen(self):
        """The moment up to which the person knew the record; None if the form did not say."""
        try:
            return parse_datetime(self.cleaned_data.get("version") or "")
        except ValueError:
            return None

    def values(self) -> dict:
        """What was entered, for the verb."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}

    def probe(self) -> Probe:
        """What has been typed so far, valid or not, for the duplicate check."""
        names = {name: (self[name].value() or "") for name in Probe.__dataclass_fields__ if name in self.fields}
        return Probe(**{name: str(value) for name, value in names.items()})

    def show_conflict(self, now) -> None:
        """Someone else saved in between: beside each field that differs stands what it is now; the next save wins."""
        self.add_error(
            None,
            _(
                "Someone else changed this record in the meantime. What it says now stands beside the fields; "
                "saving again keeps your version."
            ),
        )
        for name in self.Meta.fields:
            if name not in self.cleaned_data or name == "tags":
                continue
            value = getattr(now, name)
            if self.cleaned_data[name] != value:
                said = getattr(now, f"get_{name}_display", lambda value=value: getattr(value, "name", value))()
                self.add_error(name, _("Now: %(value)s") % {"value": said or show.NONE})
        self.data = self.data.copy()
        self.data[self.add_prefix("version")] = now.updated_at.isoformat()


class CompanyForm(ContactForm):
    spans = ContactForm.spans | {"name": 8, "legal_form": 4, "is_active": 12}
    groups = (
        (gettext_lazy("Company"), ("name", "legal_form", "status", "parent")),
        (gettext_lazy("Contact data"), ("email", "phone", "website", "vat_id", *ADDRESS)),
        (gettext_lazy("Invoices"), ("payment_terms_days", "invoice_email", "leitweg_id")),
        (
            gettext_lazy("Business"),
            ("industry_code", "size", "customer_since", "owner", "is_active", "tags"),
        ),
    )

    class Meta:
        model = Company
        fields = [
            "name",
            "legal_form",
            "status",
            "parent",
            "email",
            "phone",
            "website",
            "vat_id",
            *ADDRESS,
            "industry_code",
            "size",
            "payment_terms_days",
            "invoice_email",
            "leitweg_id",
            "customer_since",
            "owner",
            "is_active",
            "tags",
        ]
        widgets = {
            "parent": Pick(reverse_lazy("contacts:pick-company"), placeholder=gettext_lazy("Search companies")),
        }

    def __init__(self, *args, by, **kwargs):
        super().__init__(*args, by=by, **kwargs)
        if "legal_form" in self.fields:
            self.fields["legal_form"].help_text = _("Empty: read from the name.")
        self.offer("parent", Company.objects.visible_to(by).exclude(pk=self.instance.pk))

    def clean_name(self):
        name = normalise.line(self.cleaned_data["name"])
        if not name:
            raise ValidationError(_("Enter the company's name."))
        return name

    def clean_phone(self):
        return self._phone("phone")

    def clean_website(self):
        website = normalise.website(self.cleaned_data["website"])
        if website and website != self.instance.website and not website.startswith(("http://", "https://")):
            raise ValidationError(_("This is not a web address. Example: www.example.com"))
        return website

    def clean_vat_id(self):
        country = self.cleaned_data.get("country") or self.instance.country
        number = normalise.vat_id(self.cleaned_data["vat_id"], str(country or ""))
        if number != self.initial.get("vat_id", "") and (problem := normalise.vat_problem(number)):
            raise ValidationError(problem)
        return number

    def clean_invoice_email(self):
        return normalise.email(self.cleaned_data["invoice_email"])

    def clean_leitweg_id(self):
        number = normalise.leitweg_id(self.cleaned_data["leitweg_id"])
        if number and number != self.instance.leitweg_id and not leitweg.is_valid(number):
            raise ValidationError(_("This is not a valid Leitweg-ID. Example: 04011000-1234512345-06"))
        return number

    def clean_parent(self):
        """No circles: a company does not stand above itself."""
        parent = above = self.cleaned_data["parent"]
        seen = set()
        while above is not None and self.instance.pk and above.pk not in seen:
            if above.pk == self.instance.pk:
                raise ValidationError(_("This company belongs to the one that is being edited."))
            seen.add(above.pk)
            above = above.parent
        return parent


class PersonForm(ContactForm):
    spans = ContactForm.spans | {"salutation": 3, "title": 3, "function": 6, "further_emails": 12, "is_active": 12}
    groups = (
        (gettext_lazy("Person"), ("salutation", "title", "function", "first_name", "last_name", "company")),
        (gettext_lazy("Contact data"), ("email", "phone", "mobile", "further_emails", *ADDRESS)),
        (gettext_lazy("Assignment"), ("owner", "is_active", "tags")),
    )

    class Meta:
        model = Person
        fields = [
            "salutation",
            "title",
            "function",
            "first_name",
            "last_name",
            "company",
            "email",
            "phone",
            "mobile",
            *ADDRESS,
            "owner",
            "is_active",
            "tags",
        ]
        widgets = {
            "company": Pick(reverse_lazy("contacts:pick-company"), placeholder=gettext_lazy("Search companies")),
        }

    further_emails = forms.CharField(
        label=gettext_lazy("further e-mails"),
        required=False,
        max_length=4000,
        help_text=gettext_lazy("Several are separated by commas."),
    )

    def __init__(self, *args, by, **kwargs):
        super().__init__(*args, by=by, **kwargs)
        self.offer("company", Company.objects.visible_to(by))
        if self.instance.pk:
            there = self.instance.further_emails.order_by("email").values_list("email", flat=True)
            self.initial["further_emails"] = ", ".join(there)

    def clean_phone(self):
        return self._phone("phone")

    def clean_mobile(self):
        return self._phone("mobile")

    def clean_further_emails(self):
        addresses = [normalise.email(part) for part in re.split(r"[,;\s]+", self.cleaned_data["further_emails"])]
        addresses = list(dict.fromkeys(address for address in addresses if address))
        if len(addresses) > MOST_FURTHER:
            raise ValidationError(_("At most %(most)s addresses.") % {"most": MOST_FURTHER})
        for address in addresses:
            try:
                validate_email(address)
            except ValidationError:
                raise ValidationError(_("“%(text)s” is not an e-mail address.") % {"text": address}) from None
        return addresses

    def probe(self) -> Probe:
        probe = super().probe()
        company = self["company"].value() if "company" in self.fields else None
        if company and str(company).isdecimal() and len(str(company)) < 19:
            named = self.fields["company"].queryset.filter(pk=company).first()
            return Probe(**vars(probe) | {"name": named.name if named else ""})
        return probe
