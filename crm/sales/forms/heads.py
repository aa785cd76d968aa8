"""The head of a quote, order or invoice: parties, dates, texts. The lines have their own editor (lines.py)."""

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.models import Company, Person
from crm.accounts.models import User
from crm.core.forms import Pick, RecordForm
from crm.sales.models import Invoice, Order, Quote
from opportunities.models import Opportunity

PARTIES = ("company", "person", "opportunity")
RECIPIENT = (
    "recipient_name",
    "recipient_contact",
    "recipient_street",
    "recipient_postal_code",
    "recipient_city",
    "recipient_country",
    "recipient_vat_id",
    "recipient_email",
)
COMMON = ("subject", *PARTIES, "owner", "customer_reference")
PAPER = ("language", "tax_treatment", "intro", "closing")
SPANS = {"subject": 12, "recipient_name": 12, "recipient_contact": 12, "recipient_street": 12}
SPANS |= {"recipient_postal_code": 4, "recipient_city": 8, "recipient_country": 4, "recipient_vat_id": 4}
SPANS |= {"recipient_email": 4}


class HeadForm(RecordForm):
    """`by` decides what can be chosen. A new document (`brief`) asks only what cannot be guessed."""

    dates: tuple[str, ...] = ()
    spans = SPANS

    def __init__(self, data=None, *, by, instance=None, initial=None, brief=False, **kwargs):
        self.by = by
        if instance is None:
            initial = {"owner": by.pk} | (initial or {})
        super().__init__(data, instance=instance, initial=initial, **kwargs)
        now, fields = self.instance, self.fields
        if brief:
            for name in (*PAPER, *RECIPIENT):
                del fields[name]
        fields["owner"].queryset = User.objects.assignable_by(by, self._meta.model.area, now.owner_id)
        fields["owner"].empty_label = _("Nobody")
        for name, model, order in (
            ("company", Company, "sort_name"),
            ("person", Person, "sort_name"),
            ("opportunity", Opportunity, "-created_at"),
        ):
            fields[name].queryset = model.objects.visible_to(by).order_by(order, "pk")
            fields[name].empty_label = ""
            hidden = getattr(now, f"{name}_id")
            if hidden and not fields[name].queryset.filter(pk=hidden).exists():
                # There is one that the user may not see: it is neither named nor taken away.
                del fields[name]

    @property
    def groups(self):
        return (
            ("", COMMON),
            (gettext_lazy("Dates"), self.dates),
            (gettext_lazy("Texts and taxes"), PAPER),
            (gettext_lazy("Recipient, if not as in the contact"), RECIPIENT),
        )

    def clean(self):
        data = super().clean()
        if data.get("opportunity") and "company" in self.fields and not (data.get("company") or data.get("person")):
            data |= self._parties_of(data["opportunity"])
        if data.get("person") and "company" in self.fields and not data.get("company"):
            data |= self._only_seen(company=data["person"].company_id)
        if "recipient_name" in self.fields and not data.get("recipient_name") and any(data.get(n) for n in RECIPIENT):
            self.add_error("recipient_name", _("Enter a name, or leave the whole recipient empty."))
        return data

    def _parties_of(self, opportunity) -> dict:
        return self._only_seen(company=opportunity.company_id, person=opportunity.person_id)

    def _only_seen(self, **keys) -> dict:
        """Records by their field's name and id, as far as the user may see them."""
        found = {name: self.fields[name].queryset.filter(pk=key).first() for name, key in keys.items() if key}
        return {name: record for name, record in found.items() if record}

    def changes(self) -> dict:
        """What the verbs take: the cleaned fields by name."""
        return {name: value for name, value in self.cleaned_data.items() if name in self.fields}

    def known(self) -> dict:
        """The same without what was left empty, for a new document: the verb fills it in."""
        return {name: value for name, value in self.changes().items() if value not in (None, "")}


def meta(model_, dates: tuple[str, ...]) -> type:
    """The Meta of a head's form."""
    return type(
        "Meta",
        (),
        {
            "model": model_,
            "fields": [*COMMON, *dates, *PAPER, *RECIPIENT],
            "widgets": {
                "company": Pick(reverse_lazy("contacts:pick-company"), placeholder=gettext_lazy("Search companies")),
                "person": Pick(reverse_lazy("contacts:pick-person"), placeholder=gettext_lazy("Search persons")),
                "opportunity": Pick(
                    reverse_lazy("opportunities:pick"), placeholder=gettext_lazy("Search opportunities")
                ),
                "intro": forms.Textarea,
                "closing": forms.Textarea,
            },
        },
    )


class QuoteForm(HeadForm):
    dates = ("valid_until",)
    Meta = meta(Quote, dates)


class OrderForm(HeadForm):
    dates = ("order_date", "delivery_date")
    Meta = meta(Order, dates)

    def clean_delivery_date(self):
        delivery, ordered = self.cleaned_data["delivery_date"], self.cleaned_data.get("order_date")
        if delivery and ordered and delivery < ordered:
            raise ValidationError(_("The delivery date lies before the order date."))
        return delivery


class InvoiceForm(HeadForm):
    dates = ("invoice_date", "due_date", "service_date", "service_end")
    Meta = meta(Invoice, dates)

    def clean_due_date(self):
        due, invoiced = self.cleaned_data["due_date"], self.cleaned_data.get("invoice_date")
        if due and invoiced and due < invoiced:
            raise ValidationError(_("The due date lies before the invoice date."))
        return due

    def clean_service_end(self):
        begin, end = self.cleaned_data.get("service_date"), self.cleaned_data["service_end"]
        if end and not begin:
            raise ValidationError(_("Enter when the service period begins."))
        if end and end < begin:
            raise ValidationError(_("The service period ends before it begins."))
        return end


def difference(form, current) -> list[str]:
    """For two people editing at once: what is saved now where the form says something else, in words."""
    lines = []
    for name, field in form.fields.items():
        saved, typed = getattr(current, name), form.cleaned_data.get(name)
        if saved != typed and (saved or typed):
            text = str(saved if saved not in (None, "") else "–")
            lines.append(_("%(field)s is now: %(value)s") % {"field": field.label, "value": text[:200]})
    return lines
