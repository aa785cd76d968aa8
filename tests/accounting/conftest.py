"""Invoices that are open, and bank files that pay them."""

import datetime
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile

from crm.accounting.models import BankEntry
from crm.accounting.statements import actions
from tests.accounting import files
from tests.sales.factories import issued_invoice, make_customer

GROSS = (("Montage", 1, "1000.00"),)  # 1,190.00 with VAT


@pytest.fixture
def manager(people):
    return people["manager"]


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def open_invoice(people):
    """A function: an invoice of 1,190.00 € unless said otherwise, of a company of that name."""
    made = {}

    def make(company="Höfle Verpackungstechnik GmbH", *, net="1000.00", days_ago=40, by="rep", **fields):
        if company not in made:
            made[company] = make_customer(people[by], name=company)
        return issued_invoice(
            people[by], lines=(("Montage", 1, net),), company=made[company], days_ago=days_ago, **fields
        )

    return make


@pytest.fixture
def bank(manager):
    """A function: reads entries (tests/accounting/files.py) as one CAMT file and gives the new rows, by amount."""
    count = iter(range(1000))

    def read(*entries, **file):
        content = files.camt(*entries, **file).getvalue() + b"<!-- %d -->" % next(count)
        statement = actions.upload(file=ContentFile(content, name="camt.xml"), by=manager)
        return list(BankEntry.objects.filter(statement=statement).order_by("pk"))

    return read


DAY = datetime.date(2026, 11, 20)
AMOUNT = Decimal("1190.00")
