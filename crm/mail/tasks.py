"""Mail in the worker. A task gets a mail's number; what is to be sent stands in the database."""

from celery import shared_task

from crm.mail import sending, sorting
from crm.mail.models import IncomingMail, OutgoingMail

SWEPT_AT_ONCE = 500


@shared_task
def deliver(mail_id: int) -> None:
    """Send one mail. Safe to run twice."""
    sending.deliver(mail_id)


@shared_task
def sweep() -> None:
    """Every minute: offer again what is due, be it that a worker left it lying or that it had to wait."""
    for pk in OutgoingMail.objects.due().order_by("next_try_at").values_list("pk", flat=True)[:SWEPT_AT_ONCE]:
        deliver.delay(pk)


@shared_task
def sort(mail_id: int) -> None:
    """Settle one mail of the journal. Safe to run twice."""
    sorting.sort(mail_id)


def wake(mail_id: int) -> None:
    """Tell a worker that there is a mail in the journal. Does not wait for a broker that is not there."""
    sort.apply_async((mail_id,), retry=False)


@shared_task
def sweep_journal() -> None:
    """Every quarter of a minute: offer again what was stored and never settled, and what failed and may be retried."""
    for pk in IncomingMail.objects.due().order_by("next_try_at").values_list("pk", flat=True)[:SWEPT_AT_ONCE]:
        wake(pk)
