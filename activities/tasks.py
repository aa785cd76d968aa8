"""Activities in the worker. What is to be done stands in the database: each task is safe to run twice."""

from celery import shared_task

from activities import digest, reminders


@shared_task
def remind() -> None:
    """Every half minute: the reminders that are due."""
    reminders.give_due()


@shared_task
def send_digests() -> None:
    """Every minute: the morning's digest of those whose hour has come."""
    digest.send_due()
