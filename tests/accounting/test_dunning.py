"""Reminders: who is reminded when, one level at a time, by letter and mail; never what is paid or blocked."""

import datetime

import pytest
from django.utils import timezone

from crm.accounting.dunning import actions, due
from crm.accounting.models import DunningBlock
from crm.core.refusals import Refused
from crm.mail.models import OutgoingMail
from crm.sales import actions as sales
from crm.sales.models import DunningNotice, Invoice

pytestmark = pytest.mark.django_db


def ripe() -> set[str]:
    return set(due.with_next_reminder(Invoice.objects).filter(is_ripe=True).values_list("number", flat=True))


def in_days(days: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=days)


def test_ripe_after_the_days_of_the_level(open_invoice):
    """Payable within 30 days, first reminded of 7 days later."""
    invoice = open_invoice(days_ago=37)
    open_invoice(days_ago=36)
    open_invoice(days_ago=10)
    assert ripe() == {invoice.number}


def test_a_reminder_is_a_letter_and_a_mail(rep, open_invoice):
    invoice = open_invoice(days_ago=40)
    Invoice.objects.filter(pk=invoice.pk)
    notice, mailed = actions.remind(invoice=invoice, by=rep)
    invoice.refresh_from_db()
    assert (notice.level, notice.fee, invoice.dunning_level) == (1, 0, 1)
    assert mailed == bool(invoice.recipient_email)
    if mailed:
        mail = OutgoingMail.objects.get()
        assert (mail.to, mail.maker, mail.made_of) == (invoice.recipient_email, "sales.reminder", notice.pk)
        assert invoice.number in mail.text
    assert ripe() == set()


def test_one_level_at_a_time_until_the_last(rep, open_invoice):
    invoice = open_invoice(days_ago=200)
    levels, day = [], 0
    for wait in (0, 7 + 14, 7 + 14):
        day += wait
        if wait:
            with pytest.raises(Refused):
                actions.remind(invoice=invoice, by=rep, today=in_days(day - 1))
        levels.append(actions.remind(invoice=invoice, by=rep, today=in_days(day))[0].level)
    assert levels == [1, 2, 3]
    with pytest.raises(Refused):
        actions.remind(invoice=invoice, by=rep, today=in_days(day + 100))


def test_what_is_paid_or_blocked_is_left_alone(rep, open_invoice):
    paid, blocked, draft_ish = open_invoice(days_ago=60), open_invoice(days_ago=60), open_invoice(days_ago=60)
    sales.add_payment(invoice=paid, by=rep, amount=paid.open_amount)
    actions.block(invoice=blocked, reason="Mängel gerügt", by=rep)
    sales.cancel_invoice(invoice=draft_ish, by=rep)
    run = actions.remind_all(invoices=Invoice.objects.filter(kind="invoice"), by=rep)
    assert run.notices == []
    assert any("Mängel gerügt" in sentence for sentence in run.refused)
    assert ripe() == set()
    actions.unblock(invoice=blocked, by=rep)
    assert ripe() == {blocked.number}


def test_a_run_reminds_and_says_what_it_left_out(signed_in, open_invoice):
    first, second = open_invoice(days_ago=60), open_invoice(days_ago=50)
    young = open_invoice(days_ago=31)
    client = signed_in("rep")
    page = client.get("/invoices/due/").content.decode()
    assert first.number in page
    assert young.number not in page
    assert young.number in client.get("/invoices/due/?tab=all").content.decode()
    asked = client.post("/invoices/due/remind/", {"all": "1", "query": "tab=all"}).content.decode()
    assert first.number in asked
    assert DunningNotice.objects.count() == 0
    client.post("/invoices/due/remind/", {"all": "1", "query": "tab=all", "confirmed": "1"})
    assert set(DunningNotice.objects.values_list("invoice__number", flat=True)) == {first.number, second.number}


def test_another_teams_invoices_are_not_there(signed_in, people, open_invoice):
    invoice = open_invoice(days_ago=60, by="rep")
    client = signed_in("stranger")
    assert invoice.number not in client.get("/invoices/due/?tab=all").content.decode()
    client.post("/invoices/due/remind/", {"all": "1", "query": "tab=all", "confirmed": "1"})
    assert client.post(f"/invoices/{invoice.pk}/remind/").status_code == 404
    assert client.post(f"/invoices/{invoice.pk}/dunning-block/", {"reason": "x"}).status_code == 404
    assert not DunningNotice.objects.exists()
    assert not DunningBlock.objects.exists()


def test_the_letter_is_kept(signed_in, rep, open_invoice):
    invoice = open_invoice(days_ago=60)
    notice, _mailed = actions.remind(invoice=invoice, by=rep)
    answer = signed_in("rep").get(f"/invoices/{invoice.pk}/reminders/{notice.pk}/")
    assert b"".join(answer.streaming_content).startswith(b"%PDF")


def test_the_levels_are_set(signed_in):
    client = signed_in("manager")
    page = client.get("/settings/dunning/").content.decode()
    assert "Zahlungserinnerung" in page
    data = {}
    for level in (1, 2, 3):
        data |= {
            f"level-{level}-{name}": value
            for name, value in {
                "name": f"Stufe {level}", "days_after_due": 10, "days_to_pay": 5, "fee": "7,50",
                "text_de": "Bitte", "text_en": "Please",
            }.items()
        }  # fmt: skip
    assert client.post("/settings/dunning/", data).status_code == 302
    assert "Stufe 2" in client.get("/settings/dunning/").content.decode()
    assert client.post("/settings/dunning/", data | {"level-1-fee": "-1"}).status_code == 422
    assert signed_in("rep").post("/settings/dunning/", data).status_code == 404
