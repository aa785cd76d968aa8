"""Notifications in the worker."""

import datetime

from celery import shared_task
from django.utils import timezone

from crm.notices.models import Notice

KEPT = datetime.timedelta(days=90)


@shared_task
def forget_read() -> None:
    """Every night: what was read long ago. What is unread stays until it is read."""
    Notice.objects.filter(read_at__lt=timezone.now() - KEPT).delete()
