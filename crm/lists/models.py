"""Pick-lists that more than one room needs: where a lead came from, how urgent it is, what it is about."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.accounts.scope import Area, SettingQuerySet
from crm.core import history
from crm.core.choices import one_of


class Colour(models.TextChoices):
    """The colours a user may give; each is a class of the stylesheet, right in both themes."""

    GREY = "grey", pgettext_lazy("colour", "Grey")
    BLUE = "blue", pgettext_lazy("colour", "Blue")
    GREEN = "green", pgettext_lazy("colour", "Green")
    AMBER = "amber", pgettext_lazy("colour", "Amber")
    RED = "red", pgettext_lazy("colour", "Red")
    VIOLET = "violet", pgettext_lazy("colour", "Violet")
    TEAL = "teal", pgettext_lazy("colour", "Teal")


class PickList(models.Model):
    """A list that users extend. What is in use is archived, never deleted (the database refuses it)."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    is_active = models.BooleanField(_("active"), default=True)

    objects = SettingQuerySet.as_manager()
    area = Area.SETTINGS

    class Meta:
        abstract = True
        ordering = ["position", "name"]

    def __str__(self):
        return self.name


@history.track
class Source(PickList):
    colour = models.CharField(_("colour"), max_length=8, choices=Colour, default=Colour.GREY)

    class Meta(PickList.Meta):
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        constraints = [one_of("colour", Colour, name="lists_source_colour")]


@history.track
class Priority(PickList):
    colour = models.CharField(_("colour"), max_length=8, choices=Colour, default=Colour.GREY)

    class Meta(PickList.Meta):
        verbose_name = _("priority")
        verbose_name_plural = _("priorities")
        constraints = [one_of("colour", Colour, name="lists_priority_colour")]


@history.track
class Tag(PickList):
    colour = models.CharField(_("colour"), max_length=8, choices=Colour, default=Colour.GREY)

    class Meta(PickList.Meta):
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [one_of("colour", Colour, name="lists_tag_colour")]
