"""What the pages of the post office share: the switch between its lists, the number beside its door."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.scope import Area
from crm.mail.models import Message, OutgoingMail, State

# (address, label, icon, the area that is asked for)
LISTS = (
    ("mail:list", gettext_lazy("Messages"), "mail", None),
    ("mail:outbox", gettext_lazy("Outbox"), "send", Area.SALES),
    ("mail:journal", gettext_lazy("Journal"), "list", Area.ADMINISTRATION),
)


def switch(request, current: str) -> dict:
    """The context of components/views_switch.html: the lists that the user may open."""
    return {
        "views_label": _("Lists of the post office"),
        "views_switch": [
            {"url": reverse(name), "label": label, "icon": icon, "current": name == current}
            for name, label, icon, area in LISTS
            if area is None or request.user.may(area)
        ],
    }


def waiting_count(request) -> int | None:
    """What waits for somebody: mails to be reviewed and one's mails that could not be sent; None for nothing."""
    review = Message.objects.visible_to(request.user, "change").filter(review=True).order_by().values("pk")
    failed = OutgoingMail.objects.visible_to(request.user).filter(state=State.FAILED).order_by().values("pk")
    return review.union(failed, all=True).count() or None
