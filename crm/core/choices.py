"""Choices that the database holds as well."""

from django.db import models
from django.db.models import Q


def one_of(field: str, choices: type[models.TextChoices], *, name: str) -> models.CheckConstraint:
    """A check constraint: `field` has one of the values of `choices`, whoever writes it."""
    return models.CheckConstraint(condition=Q(**{f"{field}__in": choices.values}), name=name)
