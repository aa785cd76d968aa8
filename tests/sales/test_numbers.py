"""Numbers of invoices when many issue at once: real connections, real processes, real locks.

Every number once, none left out: whoever is rolled back, or killed in the middle, leaves no trace.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from crm.core.refusals import Refused
from crm.sales import actions
from crm.sales.models import Invoice, InvoiceLine, NumberCounter, NumberRange
from tests.sales.factories import issued_invoice, make_customer, make_invoice, make_seller

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS, EACH = 50, 20


def drafts(by, n: int) -> list[Invoice]:
    """Drafts that are ready to be issued."""
    make_seller()
    company = make_customer(by)
    papers = Invoice.objects.bulk_create(Invoice(company=company, owner=by, subject=str(i)) for i in range(n))
    InvoiceLine.objects.bulk_create(
        InvoiceLine(invoice=paper, position=1, text="Achse", unit_price=100, vat_rate=19) for paper in papers
    )
    return papers


def shares(papers: list[Invoice]) -> list[list[Invoice]]:
    return [papers[start::WRITERS] for start in range(WRITERS)]


def at_once(work, *portions) -> list:
    """`work(portion)` for each, all at the same moment, each on a connection of its own; gives the answers."""
    barrier = threading.Barrier(len(portions))

    def run(portion):
        try:
            barrier.wait(30)
            return work(portion)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(portions)) as pool:
        return list(pool.map(run, portions))


def given() -> list[int]:
    """The numbers of all issued invoices, in order."""
    return sorted(int(n.rpartition("-")[2]) for n in Invoice.objects.issued().values_list("number", flat=True))


def issue_all(by):
    def work(papers):
        for paper in papers:
            actions.issue_invoice(invoice=paper, by=by)
        return connection.connection.info.backend_pid

    return work


def test_fifty_writers_issue_twenty_each(rep):
    papers = drafts(rep, WRITERS * EACH)
    servers = at_once(issue_all(rep), *shares(papers))
    assert len(set(servers)) == WRITERS, "each had a connection of its own"
    assert given() == list(range(1, WRITERS * EACH + 1))
    assert NumberCounter.objects.get().last == WRITERS * EACH


def test_some_roll_back_and_leave_no_gap(rep):
    papers = drafts(rep, WRITERS * EACH)

    def work(mine):
        dice, undone = random.Random(mine[0].pk), 0
        for paper in mine:
            try:
                with transaction.atomic():
                    actions.issue_invoice(invoice=paper, by=rep)
                    if dice.random() < 0.2:
                        raise RuntimeError("something else went wrong")
            except RuntimeError:
                undone += 1
        return undone

    undone = sum(at_once(work, *shares(papers)))
    assert undone > 100
    assert given() == list(range(1, len(papers) - undone + 1))


# A process of its own that issues without end, and says so after each number it has taken, before it commits.
WRITER = """
import os, sys
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "crm.settings"
django.setup()
from django.db import connection, transaction
from crm.accounts.models import User
from crm.sales import actions
from crm.sales.models import Invoice
connection.settings_dict["NAME"] = sys.argv[1]
with connection.cursor() as cursor:
    cursor.execute("SET application_name = 'victim'")
by = User.objects.get(pk=sys.argv[2])
for pk in sys.argv[3:]:
    with transaction.atomic():
        invoice = actions.issue_invoice(invoice=Invoice.objects.get(pk=pk), by=by)
        print(invoice.number, flush=True)
        if pk == sys.argv[-1]:
            sys.stdin.read()
"""


def writer(by, papers) -> subprocess.Popen:
    """A process that issues `papers` and keeps the last transaction open, number taken, until it is killed."""
    name = connection.settings_dict["NAME"]
    arguments = [sys.executable, "-c", WRITER, name, str(by.pk), *(str(paper.pk) for paper in papers)]
    return subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("way", ["the process", "its connection"])
def test_a_writer_is_killed_in_the_middle(rep, way):
    papers = drafts(rep, WRITERS * EACH + 5)
    process = writer(rep, papers[-5:])
    try:
        taken = [process.stdout.readline().strip() for _n in range(5)]
        assert taken[-1].endswith("-00005")
        killer = threading.Timer(0.5, kill, [way, process])
        killer.start()
        # Everybody waits for the one who holds the counter, until he is gone.
        start = time.monotonic()
        at_once(issue_all(rep), *shares(papers[:-5]))
        assert time.monotonic() - start > 0.4, "nobody waited: the number was not locked"
        killer.join()
    finally:
        process.kill()
        process.communicate()
    assert given() == list(range(1, WRITERS * EACH + 4 + 1)), "four of his were committed, the fifth was not"
    assert Invoice.objects.get(pk=papers[-1].pk).status == "draft"


# A process of its own, as a worker that forks: one that runs tests has threads, and its children would hang in them.
KILLED = 10
FIFTY = """
import json, os, random, signal, sys, time
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "crm.settings"
django.setup()
from django.db import connection
from crm.accounts.models import User
from crm.sales import actions
from crm.sales.models import Invoice
connection.settings_dict["NAME"] = sys.argv[1]
by, killed, shares = User.objects.get(pk=sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])
connection.close()

def fork(mine):
    if pid := os.fork():
        return pid
    try:
        for invoice in Invoice.objects.filter(pk__in=mine).order_by("pk"):
            actions.issue_invoice(invoice=invoice, by=by)
    except BaseException:
        os._exit(1)
    os._exit(0)

writers, dice = [fork(mine) for mine in shares], random.Random(50)
for pid in dice.sample(writers, killed):
    enough = Invoice.objects.issued().count() + dice.randint(5, 40)
    while Invoice.objects.issued().count() < enough:
        time.sleep(0.001)
    os.kill(pid, signal.SIGKILL)
print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in writers]))
"""


def test_writers_are_killed_at_any_moment(rep):
    """Fifty processes; ten are killed wherever they are: before the number, with it, while they commit."""
    portions = json.dumps([[paper.pk for paper in mine] for mine in shares(drafts(rep, WRITERS * EACH))])
    command = [sys.executable, "-c", FIFTY, connection.settings_dict["NAME"], str(rep.pk), str(KILLED), portions]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    ends = json.loads(done.stdout)
    assert ends.count(-signal.SIGKILL) == KILLED, "all of them were killed while they had work"
    assert ends.count(0) == WRITERS - KILLED
    numbers = given()
    assert (WRITERS - KILLED) * EACH < len(numbers) < WRITERS * EACH
    assert numbers == list(range(1, len(numbers) + 1))
    assert NumberCounter.objects.get().last == len(numbers)
    assert Invoice.objects.exclude(status="issued").filter(number__isnull=False).count() == 0


def kill(way: str, process: subprocess.Popen) -> None:
    """End a writer the hard way: the process (SIGKILL), or the server's end of its connection."""
    if way == "the process":
        os.kill(process.pid, signal.SIGKILL)
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'victim'"
        )
    connection.close()


def test_one_invoice_issued_by_many_at_once_gets_one_number(rep):
    [paper] = drafts(rep, 1)

    def work(_n):
        try:
            return actions.issue_invoice(invoice=paper, by=rep).number
        except Refused:
            return None

    answers = at_once(work, *range(10))
    assert [answer for answer in answers if answer] == [f"RE-{timezone.localdate().year}-00001"]
    assert given() == [1]


def test_one_invoice_issued_by_sql_at_once_gets_one_number(rep):
    """The same without the verb's lock: the row's own lock and the trigger are enough."""
    today = timezone.localdate()
    paper = make_invoice(rep, recipient_name="Höfle", invoice_date=today, due_date=today)

    def work(_n):
        return Invoice.objects.filter(pk=paper.pk).update(status="issued")

    at_once(work, *range(10))
    assert given() == [1]
    assert NumberCounter.objects.get().last == 1


def test_one_invoice_cancelled_by_many_at_once_gets_one_credit_note(rep):
    invoice = issued_invoice(rep)

    def work(_n):
        try:
            return actions.cancel_invoice(invoice=invoice, by=rep)
        except Refused:
            return None

    assert len([note for note in at_once(work, *range(8)) if note]) == 1
    assert Invoice.objects.filter(kind="credit_note").count() == 1


def test_payments_at_once_add_up(rep):
    invoice = issued_invoice(rep, lines=[("Achse", 1, "100.00")])
    at_once(lambda _n: actions.add_payment(invoice=invoice, by=rep, amount=invoice.gross_total / 7), *range(7))
    invoice.refresh_from_db()
    assert (invoice.status, invoice.open_amount, invoice.payments.count()) == ("paid", 0, 7)


def test_a_line_cannot_slip_in_while_it_is_issued(rep):
    """The line is written before the invoice is issued, and committed after: one of the two waits and is told."""
    today = timezone.localdate()
    paper = make_invoice(rep, recipient_name="Höfle", invoice_date=today, due_date=today)
    written = threading.Event()

    def slow_line(_n):
        with transaction.atomic():
            InvoiceLine.objects.create(invoice=paper, position=9, text="x", unit_price=5)
            written.set()
            time.sleep(0.3)

    def issue(_n):
        written.wait(5)
        Invoice.objects.filter(pk=paper.pk).update(status="issued")

    at_once(lambda work: work(None), slow_line, issue)
    paper.refresh_from_db()
    assert paper.totals().gross == paper.gross_total, "the line is part of what was issued"


def test_two_parts_of_an_order_at_once_are_no_more_than_the_order(rep):
    from tests.sales.factories import make_order

    order = actions.confirm_order(order=make_order(rep), by=rep)

    def work(_n):
        try:
            return actions.create_invoice(order=order, by=rep)
        except Refused:
            return None

    assert len([invoice for invoice in at_once(work, *range(6)) if invoice]) == 1


# ── the control: without the lock the race is real ──────────────────────────────────────────────────
UNLOCKED = """
CREATE OR REPLACE FUNCTION sales_next_number(paper text, day date) RETURNS text LANGUAGE plpgsql AS $$
DECLARE given bigint;
BEGIN
  SELECT count(*) + 1 INTO given FROM sales_invoice WHERE kind = paper AND number IS NOT NULL;
  RETURN 'RE-' || to_char(day, 'YYYY') || '-' || lpad(given::text, 5, '0');
END
$$;
"""


def test_without_the_lock_the_same_test_fails(rep):
    """So that the tests above mean something: counting what is there, as one would write it naively, gives doubles."""
    papers = drafts(rep, 100)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('sales_next_number'::regproc)")
        [locked] = cursor.fetchone()
        cursor.execute(UNLOCKED)
    doubles = []

    def work(mine):
        for paper in mine:
            try:
                actions.issue_invoice(invoice=paper, by=rep)
            except DatabaseError as error:
                doubles.append(error)

    try:
        at_once(work, *[papers[start::10] for start in range(10)])
    finally:
        with connection.cursor() as cursor:
            cursor.execute(locked)
    assert doubles, "without the lock nobody got in each other's way: the test is too tame"
    assert all("sales_invoice_number" in str(error) for error in doubles)


# ── the range ───────────────────────────────────────────────────────────────────────────────────────
def test_each_year_and_kind_counts_for_itself(rep):
    today = timezone.localdate()
    last_year = issued_invoice(rep, days_ago=today.timetuple().tm_yday)
    ones = [issued_invoice(rep).number, issued_invoice(rep).number]
    assert last_year.number == f"RE-{today.year - 1}-00001"
    assert ones == [f"RE-{today.year}-00001", f"RE-{today.year}-00002"]
    assert actions.cancel_invoice(invoice=last_year, by=rep).number == f"ST-{today.year}-00001"


def test_a_company_chooses_its_pattern_and_where_it_begins(people, in_english):
    manager, year = people["manager"], timezone.localdate().year
    numbers = NumberRange.objects.get(kind="invoice")
    actions.change_range(number_range=numbers, by=manager, pattern="{year}/R{number}", digits=3)
    actions.start_range(number_range=numbers, by=manager, last=998)
    assert [issued_invoice(manager).number for _n in range(3)] == [f"{year}/R999", f"{year}/R1000", f"{year}/R1001"]
    with pytest.raises(Refused, match="given already"):
        actions.start_range(number_range=numbers, by=manager, last=5000)
    with pytest.raises(Exception, match="pattern needs"):
        actions.change_range(number_range=numbers, by=manager, pattern="R{number}")
    with pytest.raises(NumberRange.DoesNotExist):
        actions.change_range(number_range=numbers, by=people["rep"], digits=2)
