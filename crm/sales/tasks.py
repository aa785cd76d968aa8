"""What the clock does for sales documents."""

from celery import shared_task
from django.apps import apps

from crm.sales import actions, keeping


@shared_task
def expire_quotes() -> int:
    """Quotes that nobody answered in time."""
    return actions.expire_quotes()


@shared_task
def make_paper(model: str, pk: int) -> None:
    """The PDF of what just left the house: a "quote", "order", "invoice", "dunningnotice". Safe to run twice."""
    keeping.keep(apps.get_model("sales", model).objects.get(pk=pk))
