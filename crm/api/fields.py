"""The kinds of fields that requests and answers are made of."""

from typing import Annotated

from ninja import Schema
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from crm.core.forms import tidy


def _no_nul(value):
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("contains a NUL character")
    return value


def _one_line(value: str) -> str:
    return " ".join(tidy(value).split())


def text(longest: int):
    """One line of at most `longest` characters, after control characters and double spaces are taken out."""
    return Annotated[str, BeforeValidator(_no_nul), AfterValidator(_one_line), Field(max_length=longest)]


def long_text(longest: int):
    """Several lines."""
    return Annotated[
        str,
        BeforeValidator(_no_nul),
        AfterValidator(lambda value: tidy(value.replace("\r\n", "\n")).strip()),
        Field(max_length=longest),
    ]


# An id, or the name: {"source": 3} or {"source": "Webformular"}.
IdOrName = Annotated[int, Field(ge=1, lt=2**63)] | text(254)


class Strict(Schema):
    """The base of what comes in: a field that is not described is refused."""

    model_config = ConfigDict(extra="forbid")


class Ref(Schema):
    """Another record, shortly."""

    id: int
    name: str

    @classmethod
    def to(cls, record) -> dict | None:
        """For an answer: the record's id and name; None stays None."""
        return {"id": record.pk, "name": str(record)} if record is not None else None


def one_of(field: str, queryset, value, *names: str):
    """The record of `queryset` (scoped) that `value`, an id or a name in one of the fields `names`, means.

    None for None. Raises ninja's ValidationError for what is not there, or not to be seen.
    """
    if value is None or value == "":
        return None
    if isinstance(value, int):
        found = list(queryset.filter(pk=value)[:2])
    else:
        found = next((hits for name in names if (hits := list(queryset.filter(**{f"{name}__iexact": value})[:2]))), [])
    if len(found) != 1:
        raise invalid(field, "names more than one record; use the id" if found else "does not exist")
    return found[0]


def invalid(field: str, message: str):
    """The error for a field that its schema could not check alone."""
    from ninja.errors import ValidationError

    return ValidationError([{"loc": ["body", field], "msg": message}])
