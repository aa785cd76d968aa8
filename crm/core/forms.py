"""One shape for every form: how it is drawn, how text is cleaned, how money and dates are typed."""

import datetime
import re
import unicodedata
from decimal import Decimal, InvalidOperation

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from crm.core import show

# Control characters (but tab and line ends), lone surrogates, and the marks that turn the direction of foreign text.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
# Marks that stand on the character before them. Putting a run of n of them in order costs n²: a field full of them
# would keep a process busy for seconds. No script has more than a few; Unicode's stream-safe format allows 30.
_MARKS = "".join(mark for mark in map(chr, range(0x300, 0x20000)) if unicodedata.combining(mark))
_TOO_MANY_MARKS = re.compile(f"([{_MARKS}]{{30}})[{_MARKS}]+")
EARLIEST, LATEST = datetime.date(1900, 1, 1), datetime.date(2200, 12, 31)


def tidy(text: str, limit: int | None = None) -> str:
    """`text` without control characters, in composed form (ü is one character), cut to `limit` characters.

    More marks on one character than any script has are dropped.
    """
    if limit is not None:
        text = text[:limit]
    return unicodedata.normalize("NFC", _TOO_MANY_MARKS.sub(r"\1", _UNWANTED.sub("", text)))


def tidy_data(data):
    """The same for all values of a QueryDict or mapping; a copy."""
    if isinstance(data, QueryDict):
        clean = QueryDict(mutable=True)
        for key, values in data.lists():
            clean.setlist(tidy(key, 200), [tidy(v) if isinstance(v, str) else v for v in values])
        return clean
    return {k: tidy(v) if isinstance(v, str) else v for k, v in data.items()}


def parse_number(text: str) -> Decimal:
    """What people type: "1.234,56", "1234,5", "1 234.50 €". The language decides about a lone "1.234".

    Raises ValueError.
    """
    text = re.sub(r"[\s\u00a0\u202f€']|EUR", "", text).replace("−", "-")
    german = (get_language() or "de").startswith("de")
    decimal, group = (",", ".") if german else (".", ",")
    if text.count(decimal) > 1 or (decimal in text and group in text[text.index(decimal) :]):
        # The other notation was meant: 1,234.56 in German. Only where it is clear.
        decimal, group = group, decimal
    elif decimal not in text and text.count(group) == 1 and len(text.rsplit(group, 1)[1]) != 3:
        # 1234.5 in German: nobody groups like that.
        decimal, group = group, decimal
    text = text.replace(group, "").replace(decimal, ".")
    if not re.fullmatch(r"[+-]?([0-9]{1,20}(\.[0-9]{0,10})?|\.[0-9]{1,10})", text):
        raise ValueError
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError from None


class Renderer(TemplatesSetting):
    """Draws forms and fields with the house's templates."""

    form_template_name = "components/form/form.html"
    field_template_name = "components/form/field.html"


class DateInput(forms.DateInput):
    """The browser's own date field; its value is ISO, whatever the language."""

    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(
            attrs={"min": EARLIEST.isoformat(), "max": LATEST.isoformat(), **(attrs or {})}, format="%Y-%m-%d"
        )


class DateTimeInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self, attrs=None):
        super().__init__(attrs=attrs, format="%Y-%m-%dT%H:%M")


class NumberText(forms.TextInput):
    """A number as text, as the language writes it; `suffix` stands inside the field."""

    template_name = "components/form/number.html"

    def __init__(self, attrs=None, suffix="", places=2):
        self.suffix, self.places = suffix, places
        super().__init__(attrs={"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})

    def format_value(self, value):
        if isinstance(value, Decimal | int | float):
            return show.number(value, self.places).replace("−", "-")
        return super().format_value(value)

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        context["widget"]["suffix"] = self.suffix
        return context


class NumberField(forms.DecimalField):
    """A decimal number typed as the language writes it. Takes what DecimalField takes, and `suffix`."""

    suffix = ""

    def __init__(self, *, suffix=None, decimal_places=2, max_digits=12, **kwargs):
        kwargs.setdefault("widget", NumberText(suffix=self.suffix if suffix is None else suffix, places=decimal_places))
        super().__init__(decimal_places=decimal_places, max_digits=max_digits, **kwargs)

    def to_python(self, value):
        if value in self.empty_values:
            return None
        try:
            return parse_number(str(value))
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class MoneyField(NumberField):
    """An amount in euros."""

    suffix = "€"


class _PickMixin:
    """A select that searches on the server while one types; without scripts, a select of the first records."""

    first = 30

    def __init__(self, url: str = "", attrs=None, placeholder=None):
        self.url, self.placeholder = url, placeholder
        super().__init__(attrs=attrs)

    def build_attrs(self, base_attrs, extra_attrs=None):
        attrs = super().build_attrs(base_attrs, extra_attrs)
        return attrs | {"data-pick": str(self.url), "data-placeholder": str(self.placeholder or "")}

    def optgroups(self, name, value, attrs=None):
        """Only the chosen records and the first few: the table may have a million."""
        queryset = getattr(self.choices, "queryset", None)
        if queryset is None:
            return super().optgroups(name, value, attrs)
        field = self.choices.field
        keys = [v for v in value if str(v).isdecimal() and len(str(v)) < 19]
        chosen = list(queryset.filter(pk__in=keys)) if keys else []
        others = [r for r in queryset[: self.first] if r not in chosen]
        options = [] if self.allow_multiple_selected or field.empty_label is None else [("", field.empty_label)]
        options += [(str(r.pk), field.label_from_instance(r)) for r in chosen + others]
        picked = {str(r.pk) for r in chosen}
        return [
            (None, [self.create_option(name, key, label, key in picked or (not picked and key == ""), i)], i)
            for i, (key, label) in enumerate(options)
        ]


class Pick(_PickMixin, forms.Select):
    """One record. `url` answers ?q= with crm.core.http.picks."""


class PickMany(_PickMixin, forms.SelectMultiple):
    """Several records."""


class TidyMixin:
    """Cleans what was typed before anything reads it, and gives fields the house's inputs. Keeps what was typed.

    `spans`: width of a field in twelfths (6 unless said). `groups`: ((title, (field, …)), …) parts a long form.
    """

    spans: dict[str, int] = {}
    groups: tuple = ()

    def __init__(self, data=None, files=None, *args, **kwargs):
        super().__init__(tidy_data(data) if data is not None else None, files, *args, **kwargs)
        for name, field in self.fields.items():
            self.fields[name] = house_field(field)

    def visible_groups(self):
        """[(title, [bound fields])] for the template."""
        if not self.groups:
            return [("", self.visible_fields())]
        named = [(title, [self[n] for n in names if n in self.fields]) for title, names in self.groups]
        placed = {n for _title, names in self.groups for n in names}
        rest = [f for f in self.visible_fields() if f.name not in placed]
        return [(t, f) for t, f in [*named, ("", rest)] if f]

    def span(self, name: str) -> int:
        field = self.fields[name]
        wide = isinstance(field.widget, forms.Textarea | forms.RadioSelect | forms.CheckboxSelectMultiple)
        return self.spans.get(name, 12 if wide else 6)


def house_field(field: forms.Field) -> forms.Field:
    """The same field with the house's input: dates by the browser, amounts as the language writes them."""
    if type(field) is forms.DateField:
        field.widget = DateInput(attrs=field.widget.attrs)
        field.widget.is_required = field.required
        field.validators = [*field.validators, believable]
    elif type(field) is forms.DateTimeField:
        field.widget = DateTimeInput(attrs=field.widget.attrs)
        field.widget.is_required = field.required
    elif type(field) is forms.DecimalField and field.decimal_places == 2:
        new = MoneyField(
            required=field.required,
            label=field.label,
            help_text=field.help_text,
            initial=field.initial,
            disabled=field.disabled,
            max_digits=field.max_digits,
            min_value=field.min_value,
            max_value=field.max_value,
        )
        return new
    elif isinstance(field, forms.ModelChoiceField) and field.empty_label == "---------":
        field.empty_label = show.NONE
    elif type(field) in {forms.ChoiceField, forms.TypedChoiceField}:
        field.choices = [(v, show.NONE if v == "" and label == "---------" else label) for v, label in field.choices]
    elif isinstance(field.widget, forms.Textarea):
        field.widget.attrs = {k: v for k, v in field.widget.attrs.items() if k not in ("cols", "rows")} | {"rows": 3}
    return field


def believable(value: datetime.date) -> None:
    """Refuses dates no business has: they are slips, and some break calculations with time zones."""
    if not EARLIEST <= value <= LATEST:
        raise ValidationError(_("Enter a date between 1900 and 2200."), code="date")


class RecordForm(TidyMixin, forms.ModelForm):
    """The base of every form of a record."""


class PlainForm(TidyMixin, forms.Form):
    """The base of every other form: a dialog's questions, a search."""
