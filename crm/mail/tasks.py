"""Mail in the worker. A task gets a mail's number; what is to be sent stands in the database."""

from celery import shared_task

from crm.mail import sending
from crm.mail.models import OutgoingMail

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
