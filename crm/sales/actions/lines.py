"""Lines on their way into a draft: checked, in order, at most a thousand."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm.core import show
from crm.core.forms import tidy
from crm.core.refusals import Refused
from crm.sales.models import Document, Line, LineKind
from crm.sales.models.document import LARGEST_AMOUNT, LONGEST_TEXT, MOST_LINES, MOST_TEXT
from crm.sales.tax import default_rate

FIELDS = ("position", "kind", "product", "text", "quantity", "unit", "unit_price", "discount_percent", "vat_rate")
NOTHING = dict.fromkeys(("quantity", "unit_price", "discount_percent", "vat_rate"), Decimal(0))


def built(document: Document, wanted: list[dict], there: dict[int, Line] | None = None) -> list[Line]:
    """The lines of `document` (unsaved) that `wanted` describes, in that order; raises Refused for the first bad one.

    Each is a dict of fields of the line; what is missing comes from `product`, if there is one. `id` says which of
    the lines that are `there` it is.
    """
    if len(wanted) > MOST_LINES:
        raise Refused(
            _("A document has at most %(most)s lines; these are %(n)s.")
            % {"most": show.number(MOST_LINES), "n": show.number(len(wanted))}
        )
    rate = default_rate()
    there = dict(there or {})
    lines = []
    for position, fields in enumerate(wanted, 1):
        fields = _filled(document, fields, rate) | {"position": position}
        line = there.pop(fields.pop("id", None), None) or document.lines.model(**{document.lines.field.name: document})
        for name, value in fields.items():
            setattr(line, name, value)
        lines.append(_checked(line))
    if sum(len(line.text) for line in lines) > MOST_TEXT:
        raise Refused(
            _("The texts of all lines together are longer than %(most)s characters. Put them into a file beside it.")
            % {"most": show.number(MOST_TEXT)}
        )
    return lines


def _filled(document: Document, fields: dict, rate: Decimal) -> dict:
    product = fields.get("product")
    given = {}
    if product is not None:
        text = f"{product.name}\n{product.description}".strip()
        given = {"text": text, "unit": product.unit, "unit_price": product.net_price}
        rate = product.vat_rate
    fields = {"kind": LineKind.ITEM, "vat_rate": rate} | given | fields
    fields["text"] = tidy(str(fields.get("text", "")).replace("\r\n", "\n")).strip()
    fields["unit"] = tidy(str(fields.get("unit", ""))).strip()
    if fields["kind"] == LineKind.TEXT:
        fields |= NOTHING | {"product": None, "unit": ""}
    elif not document.charges_vat:
        fields["vat_rate"] = Decimal(0)
    return fields


def _checked(line: Line) -> Line:
    """The line, if every field is one that the database takes."""
    try:
        line.clean_fields(exclude=[f.name for f in line._meta.fields if f.name not in FIELDS or f.name == "product"])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise _refused(line, f"{line._meta.get_field(name).verbose_name}: {messages[0]}") from None
    if len(line.text) > LONGEST_TEXT:
        raise _refused(line, _("the text is longer than %(most)s characters.") % {"most": LONGEST_TEXT})
    if line.kind == LineKind.ITEM and line.quantity <= 0:
        raise _refused(line, _("the quantity has to be above zero."))
    if line.quantity * line.unit_price > LARGEST_AMOUNT:
        raise _refused(line, _("the amount is too large."))
    return line


def _refused(line: Line, why: str) -> Refused:
    return Refused(_("Line %(n)s: %(why)s") % {"n": line.position, "why": why})


def write(document: Document, lines: list[Line]) -> None:
    """Make the lines of `document` these: one statement each for what is new, changed, and gone."""
    manager = document.lines
    before = {row.pop("id"): row for row in manager.values("id", *(_column(name) for name in FIELDS))}
    changed = [
        line
        for line in lines
        if line.pk and any(before[line.pk][_column(name)] != getattr(line, _column(name)) for name in FIELDS)
    ]
    if gone := set(before) - {line.pk for line in lines}:
        manager.filter(pk__in=gone).delete()
    # A CASE for each row and field: in small batches the statement grows with the lines, not with their square.
    manager.bulk_update(changed, FIELDS, batch_size=50)
    manager.bulk_create([line for line in lines if not line.pk])


def _column(name: str) -> str:
    return "product_id" if name == "product" else name


def copied(line: Line, *, more: tuple[str, ...] = ()) -> dict:
    """The fields of `line` for a line of another document."""
    return {name: getattr(line, name) for name in (*FIELDS[1:], *more)}
