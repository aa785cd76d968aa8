"""The workers, and the clock: one table of what runs when."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

app = Celery("crm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# name: (task, seconds between two runs or the time of day). Beat reads it; each task is safe to run twice.
CLOCK = {
    "quotes that nobody answered": ("crm.sales.tasks.expire_quotes", crontab(hour=0, minute=5)),
    "imports left lying": ("crm.imports.tasks.resume_imports", 60),
    "mail that waits": ("crm.mail.tasks.sweep", 60),
    "mail that came and was never settled": ("crm.mail.tasks.sweep_journal", 15),
    "reminders of activities": ("activities.tasks.remind", 30),
    "the morning's digest": ("activities.tasks.send_digests", 60),
    "notifications read long ago": ("crm.notices.tasks.forget_read", crontab(hour=3, minute=20)),
    "addresses of web forms' senders": ("inbox.tasks.forget_addresses", 60 * 60),
}

app.conf.beat_schedule = {name: {"task": task, "schedule": when} for name, (task, when) in CLOCK.items()}
