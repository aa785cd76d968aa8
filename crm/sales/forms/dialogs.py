"""What the dialogs of documents ask."""

from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.core import clock
from crm.core.forms import MoneyField, NumberField, PlainForm
from crm.sales.actions.payments import LARGEST
from crm.sales.forms.lines import few_places
from crm.sales.models import OrderLine, PaymentMethod


def not_in_future(day) -> None:
    if day > clock.today():
        raise ValidationError(_("This day lies in the future."))


class SentForm(PlainForm):
    """Until when a quote is valid, while it is still ours to say."""

    valid_until = forms.DateField(label=gettext_lazy("Valid until"))

    def clean_valid_until(self):
        day = self.cleaned_data["valid_until"]
        if day < clock.today():
            raise ValidationError(_("Enter a day that is not past."))
        return day


class AcceptForm(PlainForm):
    name = forms.CharField(
        label=gettext_lazy("Accepted by"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Who said so, for example on the phone."),
    )
    spans = {"name": 12}


class DeclineForm(PlainForm):
    name = forms.CharField(label=gettext_lazy("Declined by"), max_length=200, required=False)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=2000, required=False, widget=forms.Textarea)
    spans = {"name": 12}


class MailForm(PlainForm):
    """The mail as it will leave."""

    to = forms.EmailField(label=gettext_lazy("To"), max_length=254)
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=250)
    text = forms.CharField(label=gettext_lazy("Text"), max_length=20_000, widget=forms.Textarea)
    spans = {"to": 12, "subject": 12}


class DeliverForm(PlainForm):
    """A field for each line of the order of which something is left."""

    delivered_on = forms.DateField(label=gettext_lazy("Delivered on"), validators=[not_in_future])
    note = forms.CharField(label=gettext_lazy("Note"), max_length=200, required=False)

    def __init__(self, data=None, *, order, **kwargs):
        self.order = order
        self.lines = [
            line for line in order.lines.items().order_by("position") if line.quantity > line.delivered_quantity
        ]
        super().__init__(data, initial={"delivered_on": clock.today()}, **kwargs)
        for line in self.lines:
            left = line.quantity - line.delivered_quantity
            self.fields[f"line_{line.pk}"] = NumberField(
                label=line.text.splitlines()[0][:80],
                max_digits=9,
                decimal_places=3,
                required=False,
                min_value=Decimal(0),
                max_value=left,
                initial=few_places(left),
                help_text=_("of %(left)s %(unit)s") % {"left": few_places(left), "unit": line.unit},
                error_messages={"max_value": _("Only %(left)s are left to deliver.") % {"left": few_places(left)}},
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            )

    def clean_delivered_on(self):
        day = self.cleaned_data["delivered_on"]
        if day < self.order.order_date:
            raise ValidationError(_("The day of delivery lies before the order date."))
        return day

    def clean(self):
        data = super().clean()
        if not self.errors and not self.quantities(data):
            self.add_error(None, _("What was delivered?"))
        return data

    def quantities(self, data=None) -> dict[int, Decimal]:
        """What the verb takes: the quantities above zero by the line's id."""
        data = self.cleaned_data if data is None else data
        typed = {line.pk: data.get(f"line_{line.pk}") for line in self.lines}
        return {pk: quantity for pk, quantity in typed.items() if quantity}

    def rows(self) -> list[tuple[OrderLine, forms.BoundField]]:
        """Each line with its field, for the template."""
        return [(line, self[f"line_{line.pk}"]) for line in self.lines]


class InvoiceOfOrderForm(PlainForm):
    ALL, DELIVERED = "all", "delivered"
    what = forms.ChoiceField(
        label=gettext_lazy("What is invoiced"),
        choices=[(ALL, gettext_lazy("All that is left")), (DELIVERED, gettext_lazy("What was delivered"))],
        widget=forms.RadioSelect,
        initial=ALL,
    )


class PaymentForm(PlainForm):
    amount = MoneyField(label=gettext_lazy("Amount"), min_value=Decimal("0.01"), max_value=LARGEST, max_digits=14)
    paid_on = forms.DateField(label=gettext_lazy("Paid on"), validators=[not_in_future])
    method = forms.ChoiceField(label=gettext_lazy("Method"), choices=PaymentMethod.choices)
    reference = forms.CharField(label=gettext_lazy("Reference"), max_length=140, required=False)


class PaidForm(PlainForm):
    """What is still open was paid on this day."""

    paid_on = forms.DateField(label=gettext_lazy("Paid on"), validators=[not_in_future])
    method = forms.ChoiceField(label=gettext_lazy("Method"), choices=PaymentMethod.choices)


class ReverseForm(PlainForm):
    paid_on = forms.DateField(label=gettext_lazy("Taken back on"), validators=[not_in_future])
    spans = {"paid_on": 12}
