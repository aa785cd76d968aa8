"""How names are compared everywhere: Müller = Mueller = Muller. The SQL functions are in core's first migration."""

from django.db.models import F, Func, TextField, Value
from django.db.models.fields.generated import GeneratedField


class Fold(Func):
    """crm_fold(x): lower case, without accents, ae/oe/ue as a/o/u, punctuation as spaces."""

    function = "crm_fold"
    output_field = TextField()


class CompanyKey(Func):
    """crm_company_key(x): the folded name without its legal form."""

    function = "crm_company_key"
    output_field = TextField()


class Domain(Func):
    """crm_domain(email, website): the company's own domain, empty for freemail."""

    function = "crm_domain"
    output_field = TextField()


class _Search(Func):
    function = "crm_search"
    output_field = TextField()


def generated(expression: Func) -> GeneratedField:
    """A stored column that the database computes; no writer can get it wrong."""
    return GeneratedField(expression=expression, output_field=TextField(), db_persist=True)


def search_column(*fields: str) -> GeneratedField:
    """One folded text over several columns, for a list's search box (index it with gin_trgm_ops)."""
    return generated(_Search(*(F(name) for name in fields)))


def matching(queryset, term: str, field: str = "search_text"):
    """The rows of `queryset` whose folded text has every word of `term` (any notation of umlauts)."""
    for word in term.split()[:8]:
        queryset = queryset.filter(**{f"{field}__contains": Fold(Value(word))})
    return queryset
