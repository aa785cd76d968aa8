"""What the line editor posts: rows of fields with repeated names, in the order in which they stand on the page."""

import re
import secrets
from dataclasses import dataclass, field
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.core import show
from crm.core.forms import NumberField, PlainForm, tidy
from crm.sales import arithmetic
from crm.sales.models import Line, LineKind, Product, VatRate
from crm.sales.models.document import LARGEST_AMOUNT, LARGEST_QUANTITY, MOST_LINES

TYPED = ("text", "quantity", "unit", "unit_price", "discount_percent", "vat_rate")
NAMES = ("key", "kind", "product", *TYPED)
# Short: they stand below a narrow field.
PERCENT_ONLY = gettext_lazy("From 0 to 100.")
PERCENT = (MinValueValidator(Decimal(0), PERCENT_ONLY), MaxValueValidator(Decimal(100), PERCENT_ONLY))
TOO_LARGE = gettext_lazy("The amount is too large.")


def few_places(value: Decimal, places: int = 3) -> str:
    """A number as people write it into a field: no more places than it has."""
    return show.as_it_is(value, places).replace("−", "-")


class TextForm(PlainForm):
    """A line of text between the items."""

    text = forms.CharField(max_length=4000, strip=True, error_messages={"required": gettext_lazy("Enter a text.")})


class ItemForm(TextForm):
    quantity = NumberField(
        max_digits=9,
        decimal_places=3,
        max_value=LARGEST_QUANTITY,
        error_messages={"required": gettext_lazy("Enter a quantity.")},
    )
    unit = forms.CharField(max_length=20, required=False)
    unit_price = NumberField(
        decimal_places=2,
        max_digits=12,
        min_value=Decimal(0),
        error_messages={"required": gettext_lazy("Enter a price.")},
    )
    discount_percent = NumberField(decimal_places=2, max_digits=5, required=False, validators=PERCENT)
    vat_rate = NumberField(decimal_places=2, max_digits=5, required=False, validators=PERCENT)

    def clean_quantity(self):
        quantity = self.cleaned_data["quantity"]
        if quantity <= 0:
            raise ValidationError(_("Has to be above zero."))
        return quantity

    def clean(self):
        data = super().clean()
        if {"quantity", "unit_price"} <= set(data) and data["quantity"] * data["unit_price"] > LARGEST_AMOUNT:
            self.add_error("unit_price", TOO_LARGE)
        for name in ("discount_percent", "vat_rate"):
            if name in data and data[name] is None:
                data[name] = Decimal(0)
        return data


@dataclass
class Row:
    """One line as typed. `key`: the id of a line that exists, or "n…" of a new one."""

    key: str
    kind: str = LineKind.ITEM
    product: str = ""
    typed: dict[str, str] = field(default_factory=dict)
    sku: str = ""
    errors: dict[str, list[str]] = field(default_factory=dict)
    clean: dict | None = None

    @property
    def is_text(self) -> bool:
        return self.kind == LineKind.TEXT

    @property
    def is_blank(self) -> bool:
        """A new line into which nothing was typed yet."""
        return self.key.startswith("n") and not (self.typed["text"].strip() or self.typed["unit_price"].strip())

    @property
    def net(self) -> Decimal | None:
        """Its net amount, as far as the numbers make sense."""
        if self.is_text or self.clean is None:
            return None
        amounts = (self.clean.get(name) for name in ("quantity", "unit_price"))
        if None in (quantity_price := tuple(amounts)) or self.errors.get("unit_price") or self.errors.get("quantity"):
            return None
        return arithmetic.line_net(*quantity_price, self.clean.get("discount_percent") or arithmetic.ZERO)


def new_key() -> str:
    return f"n{secrets.token_hex(4)}"


def blank(kind: str = LineKind.ITEM, rate: Decimal | None = None) -> Row:
    """A new row: one piece at the usual rate."""
    typed = dict.fromkeys(TYPED, "")
    if kind == LineKind.ITEM:
        typed |= {"quantity": "1", "vat_rate": few_places(rate or 0, 2)}
    return Row(new_key(), kind, typed=typed)


def of_line(line: Line, key: str | None = None) -> Row:
    """The row of a line that is saved."""
    typed = {
        "text": line.text,
        "quantity": few_places(line.quantity),
        "unit": line.unit,
        "unit_price": show.number(line.unit_price, 2),
        "discount_percent": few_places(line.discount_percent, 2) if line.discount_percent else "",
        "vat_rate": few_places(line.vat_rate, 2),
    }
    if line.kind == LineKind.TEXT:
        typed |= dict.fromkeys(TYPED[1:], "")
    product = line.product
    return Row(key or str(line.pk), line.kind, str(line.product_id or ""), typed, sku=product.sku if product else "")


def of_product(product: Product, *, charges_vat: bool) -> Row:
    """A new row filled in from the price list."""
    typed = {
        "text": f"{product.name}\n{product.description}".strip(),
        "quantity": "1",
        "unit": product.unit,
        "unit_price": show.number(product.net_price, 2),
        "discount_percent": "",
        "vat_rate": few_places(product.vat_rate if charges_vat else 0, 2),
    }
    return Row(new_key(), LineKind.ITEM, str(product.pk), typed, sku=product.sku)


class LineSet:
    """The rows of a document's editor: read from what was posted, or from the lines that are saved."""

    def __init__(self, document, data=None):
        self.document = document
        self.error = ""
        self.rates = list(VatRate.objects.filter(is_active=True).values_list("rate", flat=True))
        if data is None:
            self.rows = [of_line(line) for line in document.lines.select_related("product")]
        else:
            self.rows = self._read(data)

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────
    def _read(self, data) -> list[Row]:
        columns = {name: data.getlist(name) for name in NAMES}
        count = max(map(len, columns.values()))
        at = lambda name, i: tidy(columns[name][i], 5000) if i < len(columns[name]) else ""  # noqa: E731
        rows = []
        for i in range(count):
            key = at("key", i)
            rows.append(
                Row(
                    key if re.fullmatch(r"[0-9]{1,18}|n[0-9a-f]{8}", key, re.ASCII) else new_key(),
                    LineKind.TEXT if at("kind", i) == LineKind.TEXT else LineKind.ITEM,
                    at("product", i),
                    {name: at(name, i) for name in TYPED},
                )
            )
        self._products(rows)
        return rows

    def _products(self, rows) -> None:
        """Only products that exist; looked up once for all rows."""
        keys = {row.product for row in rows if re.fullmatch(r"[0-9]{1,18}", row.product, re.ASCII)}
        self.products = Product.objects.in_bulk([int(key) for key in keys])
        for row in rows:
            product = self.products.get(int(row.product)) if row.product in keys else None
            row.product, row.sku = (str(product.pk), product.sku) if product and not row.is_text else ("", "")

    # ── judging ─────────────────────────────────────────────────────────────────────────────────────
    def judge(self) -> None:
        """Fill in what each row means, and what is wrong with it."""
        for row in self.rows:
            form = (TextForm if row.is_text else ItemForm)(row.typed)
            form.is_valid()
            row.clean = form.cleaned_data
            row.errors = {} if row.is_blank else {name: list(found) for name, found in form.errors.items()}
        if len(self.rows) > MOST_LINES:
            self.error = _("A document has at most %(most)s lines. Please split it.") % {
                "most": show.number(MOST_LINES)
            }

    def is_valid(self) -> bool:
        """Can it be saved? Blank new rows are left out then."""
        self.judge()
        return not self.error and not any(row.errors for row in self.rows)

    def lines(self) -> list[dict]:
        """What the verb save_lines takes; after is_valid()."""
        there = set(self.document.lines.values_list("pk", flat=True))
        lines = []
        for row in self.rows:
            if row.is_blank:
                continue
            line = {"kind": row.kind, "product": self.products.get(int(row.product)) if row.product else None}
            # A line that somebody deleted meanwhile is new again.
            if not row.key.startswith("n") and int(row.key) in there:
                line["id"] = int(row.key)
            lines.append(line | row.clean)
        return lines

    @property
    def totals(self) -> arithmetic.Totals:
        """The sums of what makes sense so far; the one calculation of the server."""
        charged = self.document.charges_vat
        amounts = ((row.clean.get("vat_rate") or arithmetic.ZERO, row.net) for row in self.rows if row.net is not None)
        return arithmetic.totals((rate if charged else arithmetic.ZERO, net) for rate, net in amounts)

    # ── what a button asks for ──────────────────────────────────────────────────────────────────────
    def do(self, wish: str, product: Product | None = None) -> str:
        """Add, move or take away a row, as a button says: "up:key". Gives the key of the row to go on with."""
        verb, _colon, key = wish.partition(":")
        place = next((i for i, row in enumerate(self.rows) if row.key == key), None)
        if verb in ("item", "text"):
            row = blank(verb, self.rates[0] if self.rates and self.document.charges_vat else None)
        elif verb == "product" and product:
            row = of_product(product, charges_vat=self.document.charges_vat)
            # The row that was waiting for something gives way.
            if self.rows and self.rows[-1].is_blank and not self.rows[-1].is_text:
                self.rows.pop()
        elif place is None:
            return ""
        elif verb == "remove":
            self.rows.pop(place)
            return self.rows[min(place, len(self.rows) - 1)].key if self.rows else ""
        elif verb in ("up", "down"):
            to = max(0, place - 1) if verb == "up" else place + 1
            self.rows.insert(to, self.rows.pop(place))
            return key
        else:
            return ""
        self.rows.insert(len(self.rows) if place is None else place + 1, row)
        return row.key
