"""What the clock does for the inbox."""

from celery import shared_task

from inbox import webforms


@shared_task
def forget_addresses() -> int:
    """The senders' addresses of web forms are kept for the throttle, and no longer."""
    return webforms.forget_addresses()
