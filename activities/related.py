"""The activities of a company, a person, an opportunity: a tab on its page, and what comes next."""

from urllib.parse import urlencode

from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from activities import showing
from activities.models import Activity
from contacts.models import Company, Person
from crm.accounts.scope import Action, Area
from crm.core import http
from crm.core.recordpage import Action as Offer
from crm.mail import filing

# More are shown by the list.
SHOWN = 100


def new_url(user, **about) -> str:
    """Where an activity about these records begins; empty for who may not make one."""
    if not user.may(Area.ACTIVITIES, Action.CREATE):
        return ""
    return f"{reverse('activities:new')}?{urlencode({name: record.pk for name, record in about.items() if record})}"


def _context(request, field: str, record) -> dict:
    waiting, others = showing.of_record(request.user, field, record)
    waiting, others = list(waiting[: SHOWN + 1]), list(others[: SHOWN + 1])
    query = urlencode({"tab": "all", field: record.pk})
    return {
        "title": _("Activities"),
        "record": record,
        "waiting": waiting[:SHOWN],
        "others": others[:SHOWN],
        "more": len(waiting) > SHOWN or len(others) > SHOWN,
        "list_url": f"{reverse('activities:list')}?{query}" if field in ("company", "opportunity") else "",
        "new_url": new_url(request.user, **{field: record}),
    }


def _of(request, model, pk, field):
    record = get_object_or_404(model.objects.visible_to(request.user), pk=pk)
    return http.page(request, "activities/related.html", _context(request, field, record))


@require_safe
def of_company(request, pk):
    """The activities of a company, as far as the user may see them."""
    return _of(request, Company, pk, "company")


@require_safe
def of_person(request, pk):
    """The activities of a person, as far as the user may see them."""
    return _of(request, Person, pk, "person")


def opportunity_tab(request, opportunity) -> str:
    """The tab on an opportunity's page."""
    return render_to_string("activities/_related.html", _context(request, "opportunity", opportunity), request)


def opportunity_count(request, opportunity) -> int:
    return count("opportunity")(request.user, opportunity)


def count(field: str):
    """A function of user and record: how many activities are open."""
    return lambda user, record: Activity.objects.visible_to(user).filter(**{field: record}).open().count()


def next_step(request, opportunity) -> str:
    """What stands at the top of an opportunity's overview: the next activity, or that there is none."""
    if not request.user.may(Area.ACTIVITIES):
        return ""
    waiting, _others = showing.of_record(request.user, "opportunity", opportunity)
    upcoming = waiting.first()
    if upcoming is None and opportunity.is_closed:
        return ""
    context = {
        "activity": upcoming,
        "others": upcoming is None and opportunity.next_step_at is not None,
        "new_url": new_url(request.user, opportunity=opportunity),
    }
    return render_to_string("activities/next_step.html", context, request)


# ── offered on the pages of other rooms ─────────────────────────────────────────────────────────────
def offer(field: str):
    """The button "New activity" on the page of a record that activities name in `field`."""

    def build(request, record) -> Offer | None:
        url = new_url(request.user, **{field: record})
        return Offer(_("New activity"), "calendar-plus", url, dialog=True) if url else None

    return build


def offer_of_mail(request, message) -> Offer | None:
    """From a mail: about the records with which it is filed."""
    about = {}
    for place in filing.places_of([message.pk]):
        if place[0] in ("opportunity", "company", "person", "item"):
            about.setdefault(place[0], filing.record(place, request.user))
    url = new_url(request.user, **about)
    return Offer(_("New activity"), "calendar-plus", url, dialog=True) if url else None


def menu_entry(request, opportunity) -> Offer:
    """In the action menu of an opportunity; also a closed one takes activities."""
    url = new_url(request.user, opportunity=opportunity)
    return Offer(_("New activity …"), "calendar-plus", url, reason="" if url else _("no right"), dialog=True)
