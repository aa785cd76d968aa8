"""The ranges of the invoices' numbers, under Settings."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts.scope import Action
from crm.core import clock
from crm.core.refusals import Refused
from crm.sales.models import Invoice, NumberCounter, NumberRange


def _range(number_range, by) -> NumberRange:
    found = NumberRange.objects.visible_to(by, Action.CHANGE)
    return found.select_for_update(of=("self",)).get(pk=number_range.pk)


@transaction.atomic
def change_range(*, number_range, by, **fields) -> NumberRange:
    """Another pattern or number of digits; numbers already given stay as they are, and counting goes on.

    Refused where numbers would come out that have been given: issuing would stop there.
    """
    number_range = _range(number_range, by)
    restarted = number_range.restarts_yearly
    for name, value in fields.items():
        setattr(number_range, name, value)
    try:
        number_range.validate_constraints()
    except ValidationError as error:
        raise Refused(error.messages[0]) from None
    if number_range.restarts_yearly != restarted and number_range.counters.exists():
        raise Refused(_("Numbers have been given already; whether they begin anew each year stays as it is."))
    if NumberRange.objects.exclude(pk=number_range.pk).filter(pattern=number_range.pattern).exists():
        raise Refused(_("Both kinds of papers would get the same numbers; choose another pattern."))
    year = clock.today().year
    coming = number_range.number((number_range.last(year) or 0) + 1, year)
    if Invoice.objects.filter(number=coming).exists():
        raise Refused(_("The next number would be %(number)s, which has been given.") % {"number": coming})
    number_range.save(update_fields=list(fields))
    return number_range


@transaction.atomic
def start_range(*, number_range, by, last: int, year: int | None = None) -> None:
    """Go on from another system: the next number of the year (the present one unless given) is `last` + 1.

    Only as long as no number of that year has been given: afterwards it would leave a gap.
    """
    number_range = _range(number_range, by)
    period = number_range.period(year or clock.today().year)
    _counter, made = NumberCounter.objects.get_or_create(range=number_range, year=period, defaults={"last": last})
    if not made:
        raise Refused(_("Numbers of this range have been given already; they go on from there."))
