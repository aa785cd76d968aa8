"""Forms: what is cleaned out of text, how amounts are read, what pickers show."""

import unicodedata
from decimal import Decimal
from itertools import groupby

import pytest
from django import forms
from django.http import QueryDict
from django.utils import translation

from contacts.models import Company
from crm.core.forms import MoneyField, Pick, PlainForm, RecordForm, parse_number, tidy


@pytest.mark.parametrize(
    ("language", "typed", "value"),
    [
        ("de", "1.234,56", "1234.56"),
        ("de", "1.234.567", "1234567"),
        ("de", "1.234", "1234"),
        ("de", "1234.56", "1234.56"),
        ("de", "1,234.56", "1234.56"),
        ("de", "1 234,5 €", "1234.5"),
        ("de", "−12,30", "-12.30"),
        ("en", "1,234.56", "1234.56"),
        ("en", "1,234", "1234"),
        ("en", "1.234,56", "1234.56"),
        ("en", "€1,234", "1234"),
    ],
)
def test_amounts_are_read_as_people_type_them(language, typed, value):
    with translation.override(language):
        assert parse_number(typed) == Decimal(value)


@pytest.mark.parametrize("typed", ["x", "1,2,3,4.5.6", "NaN", "Infinity", "1e9", "--1", "=1+1", "١٢", "9" * 40, "1/2"])
def test_what_is_no_amount_is_refused(typed):
    with translation.override("de"), pytest.raises(forms.ValidationError):
        MoneyField().clean(typed)


def test_an_amount_is_shown_as_the_language_writes_it_and_what_was_typed_stays():
    class Ask(PlainForm):
        amount = forms.DecimalField(decimal_places=2, max_digits=12)

    with translation.override("de"):
        assert 'value="1.234,50"' in str(Ask(initial={"amount": Decimal("1234.5")})["amount"])
        form = Ask({"amount": "12x"})
        assert not form.is_valid()
        assert 'value="12x"' in str(form["amount"])


def test_text_loses_control_characters_and_nothing_else():
    assert tidy("a\x00b\x1b\u202ec\ud800") == "abc"
    assert tidy("Zeile 1\r\nZeile\t2 😀 Müller") == "Zeile 1\r\nZeile\t2 😀 Müller"
    assert tidy("Mu\u0308ller") == "Müller"


def test_no_run_of_marks_is_put_in_order_that_would_cost_its_square(monkeypatch):
    ordered = []
    normalize = unicodedata.normalize
    monkeypatch.setattr(unicodedata, "normalize", lambda form, text: ordered.append(text) or normalize(form, text))
    tidy("a" + "\u0316\u0301" * 40_000 + "b\u0301" + "\x00".join("\u0301" * 40) + "c")
    runs = [len(list(run)) for marks, run in groupby(ordered[0], lambda c: unicodedata.combining(c) > 0) if marks]
    assert runs == [30, 30]


def test_the_marks_that_scripts_have_stay():
    assert tidy("Nguyễn ê\u0301\u0323 שָׁלוֹם مُحَمَّد किं e" + "\u0301" * 30) == unicodedata.normalize(
        "NFC", "Nguyễn ê\u0301\u0323 שָׁלוֹם مُحَمَّد किं e" + "\u0301" * 30
    )


def test_a_record_form_cleans_before_it_validates(db):
    class Form(RecordForm):
        class Meta:
            model = Company
            fields = ["name", "city", "customer_since"]

    form = Form(QueryDict("name=Ott%00ens&city=%E2%80%AEEmden&customer_since=2026-11-23"))
    assert form.is_valid(), form.errors
    assert form.cleaned_data["name"] == "Ottens"
    assert form.cleaned_data["city"] == "Emden"
    for date in ("0001-01-01", "9999-12-31", "23.11.26x"):
        assert "customer_since" in Form({"name": "x", "customer_since": date}).errors


def test_a_picker_shows_the_chosen_and_a_few(db):
    for i in range(60):
        Company.objects.create(name=f"Firm {i:02}")
    last = Company.objects.order_by("pk").last()

    class Form(PlainForm):
        company = forms.ModelChoiceField(Company.objects.order_by("pk"), widget=Pick("/find/"), required=False)

    html = str(Form(initial={"company": last.pk})["company"])
    assert f'<option value="{last.pk}" selected>' in html
    assert html.count("<option") == Pick.first + 2
    for bad in ("x", "9" * 30, "-1"):
        form = Form({"company": bad})
        assert not form.is_valid()
        assert "<select" in str(form["company"])
