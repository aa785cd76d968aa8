"""How much of a file is taken, and what is said beyond it."""

from django.utils.translation import gettext as _

from crm.core import show
from crm.imports.reading.kinds import Unreadable

MAX_COLUMNS = 500
MAX_ROWS = 1_000_000
MAX_CELL = 100_000  # characters


def too_long(number: int, quote: str = "") -> Unreadable:
    """The refusal of a cell in row `number` that is too long; with `quote` an open quotation mark may be why."""
    text = _("Row %(row)s has a cell with more than %(limit)s characters.")
    if quote:
        text = _(
            "Row %(row)s has a cell with more than %(limit)s characters, or a quotation mark that is never closed."
        )
    return Unreadable(text % {"row": number, "limit": show.number(MAX_CELL)})
