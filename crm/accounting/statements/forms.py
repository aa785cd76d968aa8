"""What is asked about bank statements: the file, its columns, the invoices of an entry."""

from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounting.statements import bankcsv
from crm.core import show
from crm.core.forms import MoneyField, Pick, PlainForm
from crm.imports import reading
from crm.sales.models import Invoice

ROWS = 5


class StatementForm(PlainForm):
    spans = {"file": 12}
    file = forms.FileField(
        label=gettext_lazy("File of the bank"),
        help_text=gettext_lazy("CAMT.053 (XML), or the bank's CSV or Excel file."),
        widget=forms.FileInput(attrs={"accept": ".xml,.csv,.txt,.xlsx"}),
    )


class ColumnsForm(PlainForm):
    """Which column is what, and how dates and amounts are written."""

    spans = {"account": 6, "order": 3, "mark": 3}
    account = forms.CharField(
        label=gettext_lazy("IBAN of your own account"),
        max_length=42,
        required=False,
        help_text=gettext_lazy("Where no column says it."),
    )
    order = forms.ChoiceField(label=gettext_lazy("Dates"), choices=[*reading.DATE_FORMATS.items()])
    mark = forms.ChoiceField(label=gettext_lazy("Amounts"), choices=[*reading.NUMBER_FORMATS.items()])

    def __init__(self, data=None, *, mapping: dict):
        initial = {name: mapping[name] for name in ("account", "order", "mark")}
        super().__init__(data, initial=initial)
        of_column = {index: field for field, index in mapping["fields"].items()}
        self.columns = mapping["columns"]
        for index, column in enumerate(self.columns):
            self.fields[f"column_{index}"] = forms.ChoiceField(
                label=column["name"],
                required=False,
                choices=[("", gettext_lazy("leave out")), *bankcsv.FIELDS.items()],
                initial=of_column.get(index, ""),
            )

    def visible_groups(self):
        """The plain fields; the table of the columns is drawn by the page."""
        return [("", [self[name] for name in ("account", "order", "mark")])]

    def rows(self):
        """For the table: a column's name, samples and select."""
        for index, column in enumerate(self.columns):
            yield column | {"select": self[f"column_{index}"]}

    def clean(self):
        data = super().clean()
        fields = {}
        for index in range(len(self.columns)):
            field = data.get(f"column_{index}")
            if field and field in fields:
                self.add_error(
                    f"column_{index}",
                    _("%(field)s is assigned to two columns.") % {"field": bankcsv.FIELDS[field]},
                )
            elif field:
                fields[field] = index
        data["fields"] = fields
        return data

    def mapping(self) -> dict:
        return {name: self.cleaned_data[name] for name in ("fields", "order", "mark", "account")}


def offered(entry, user):
    """What an entry can pay: open and paid invoices (too much may be paid); for money that left, credit notes."""
    invoices = Invoice.objects.visible_to(user, "change").filter(currency=entry.currency).order_by("-pk")
    if entry.amount < 0:
        return invoices.issued().filter(kind="credit_note")
    return invoices.filter(kind="invoice", status__in=["issued", "paid"])


def label(invoice) -> str:
    """An invoice as it is offered: number, customer, what is open."""
    amount = show.money(invoice.open_amount)
    return f"{invoice} · {invoice.recipient_name} · {_('open: %(amount)s') % {'amount': amount}}"


class InvoiceField(forms.ModelChoiceField):
    def label_from_instance(self, obj):
        return label(obj)


class SharesForm(PlainForm):
    """Up to five invoices with the amount that each gets; together they are the entry."""

    def __init__(self, data=None, *, entry, user, shares=()):
        super().__init__(data)
        self.entry = entry
        pick = reverse_lazy("accounting:pick", args=[entry.pk])
        for row in range(ROWS):
            given = shares[row] if row < len(shares) else (None, None)
            self.fields[f"invoice_{row}"] = InvoiceField(
                label=_("Invoice"),
                queryset=offered(entry, user),
                required=False,
                initial=given[0],
                widget=Pick(pick),
                empty_label="–",
            )
            self.fields[f"amount_{row}"] = MoneyField(
                label=_("Amount"), required=False, min_value=Decimal("0.01"), initial=given[1]
            )
            self.spans = self.spans | {f"invoice_{row}": 8, f"amount_{row}": 4}

    def clean(self):
        data = super().clean()
        shares, seen = [], set()
        for row in range(ROWS):
            invoice, amount = data.get(f"invoice_{row}"), data.get(f"amount_{row}")
            if invoice and amount is None and f"amount_{row}" not in self.errors:
                self.add_error(f"amount_{row}", _("How much of the entry is for this invoice?"))
            elif amount is not None and not invoice:
                self.add_error(f"invoice_{row}", _("Which invoice?"))
            elif invoice and invoice.pk in seen:
                self.add_error(f"invoice_{row}", _("This invoice is there twice."))
            elif invoice:
                seen.add(invoice.pk)
                shares.append((invoice, amount))
        if not self.errors and sum(amount for _invoice, amount in shares) != abs(self.entry.amount):
            raise ValidationError(_("The amounts do not add up to the amount of the entry."))
        data["shares"] = shares
        return data
