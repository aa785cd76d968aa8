"""The settings of sales: numbers of invoices, standard texts."""

import pytest
from django.utils import timezone

from crm.core.refusals import Refused
from crm.sales import actions
from crm.sales.models import NumberRange, StandardText
from tests.sales.factories import issued_invoice, make_customer

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year


def invoices() -> NumberRange:
    return NumberRange.objects.get(kind="invoice")


def send(client, kind="invoice", **fields):
    return client.post(
        "/settings/numbers/", {"kind": kind} | {f"{kind}-{name}": value for name, value in fields.items()}
    )


def test_a_company_that_comes_from_another_program_goes_on(signed_in, people):
    client = signed_in("manager")
    page = client.get("/settings/numbers/").content.decode()
    assert f"RE-{YEAR}-00001" in page
    answer = send(client, pattern="{year}/R{number}", digits="4", restarts_yearly="on", last="812")
    assert answer.status_code == 302
    assert f"{YEAR}/R0813" in client.get("/settings/numbers/").content.decode()
    assert issued_invoice(people["manager"]).number == f"{YEAR}/R0813"
    # From now on neither the beginning nor the yearly restart is asked for, and neither is taken.
    page = client.get("/settings/numbers/").content.decode()
    assert 'name="invoice-last"' not in page
    assert 'name="invoice-restarts_yearly"' not in page
    assert send(client, pattern="{year}/R{number}", digits="4", last="5").status_code == 302
    assert issued_invoice(people["manager"]).number == f"{YEAR}/R0814"
    assert invoices().restarts_yearly


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"pattern": "RE"}, "{number}"),
        ({"pattern": "RE-{number}", "restarts_yearly": "on"}, "{year}"),
        ({"pattern": "ST-{year}-{number}", "restarts_yearly": "on"}, "dieselben Nummern"),
        ({"digits": "0"}, "1"),
        ({"digits": "11"}, "10"),
        ({"last": "-1"}, "1"),
        ({"last": "99999999999"}, "1000000000"),
        ({"pattern": "x" * 25}, "24"),
    ],
)
def test_what_cannot_be(signed_in, fields, why):
    fields = {"pattern": "RE-{year}-{number}", "digits": "5", "restarts_yearly": "on"} | fields
    if fields["pattern"] == "RE":
        del fields["restarts_yearly"]
    answer = send(signed_in("manager"), **fields)
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert (invoices().pattern, invoices().digits, invoices().counters.count()) == ("RE-{year}-{number}", 5, 0)


def test_no_change_leads_to_numbers_that_have_been_given(people, in_english):
    """Issuing would be refused by the database again and again."""
    by = people["manager"]
    numbers = [issued_invoice(by).number for _n in range(3)]
    with pytest.raises(Refused, match="begin anew"):
        actions.change_range(number_range=invoices(), by=by, restarts_yearly=False)
    actions.change_range(number_range=invoices(), by=by, pattern="{year}-{number}")
    numbers += [issued_invoice(by).number]
    credit_notes = NumberRange.objects.get(kind="credit_note")
    with pytest.raises(Refused, match="same numbers"):
        actions.change_range(number_range=credit_notes, by=by, pattern="{year}-{number}")
    with pytest.raises(Refused, match=f"RE-{YEAR}-00001, which has been given"):
        actions.change_range(number_range=credit_notes, by=by, pattern="RE-{year}-{number}")
    assert numbers == [f"RE-{YEAR}-{n:05}" for n in (1, 2, 3)] + [f"{YEAR}-00004"]


def test_a_number_is_written_as_the_database_writes_it(people):
    by = people["manager"]
    for pattern, digits in (("{number}/{year}", 1), ("R{year}{number}", 10), ("A-{number}-{year}-B", 3)):
        changed = actions.change_range(number_range=invoices(), by=by, pattern=pattern, digits=digits)
        coming = changed.number((changed.last(YEAR) or 0) + 1, YEAR)
        assert issued_invoice(by).number == coming


def test_standard_texts(signed_in, people):
    client = signed_in("manager")
    assert "Gern bieten wir Ihnen an" in client.get("/settings/standard-texts/").content.decode()
    data = {
        f"{text.kind}-{text.language}-{name}": f"{name} {text.kind} {text.language}"
        for text in StandardText.objects.all()
        for name in ("intro", "closing")
    }
    assert len(data) == 16
    assert client.post("/settings/standard-texts/", data).status_code == 302
    quote = actions.create_quote(by=people["manager"], company=make_customer(people["manager"]))
    assert (quote.intro, quote.closing) == ("intro quote de", "closing quote de")
    before = list(StandardText.objects.values_list("intro", flat=True))
    wrong = client.post("/settings/standard-texts/", data | {"order-en-intro": "x" * 4001, "quote-de-intro": "anders"})
    assert wrong.status_code == 422
    assert list(StandardText.objects.values_list("intro", flat=True)) == before
