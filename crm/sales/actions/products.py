"""The price list. Changing it needs the scope "all" in the settings of sales."""

from django.db import transaction

from crm.accounts.scope import Action, Scope
from crm.core.refusals import Refused
from crm.core.usage import in_use, is_used
from crm.sales.models import Product


@transaction.atomic
def create_product(*, by, **fields) -> Product:
    """A new entry of the price list."""
    if by.scope(Product.area, Action.CREATE) != Scope.ALL:
        raise Product.DoesNotExist
    return Product.objects.create(**fields)


@transaction.atomic
def update_product(*, product, by, **fields) -> Product:
    """Change an entry; documents that have it keep what they say. `is_active=False` takes it off the list."""
    product = Product.objects.visible_to(by, Action.CHANGE).select_for_update(of=("self",)).get(pk=product.pk)
    for name, value in fields.items():
        setattr(product, name, value)
    product.save(update_fields=[*fields, "updated_at"])
    return product


@transaction.atomic
def delete_product(*, product, by) -> None:
    """Delete an entry that no document uses."""
    product = Product.objects.visible_to(by, Action.DELETE).select_for_update(of=("self",)).get(pk=product.pk)
    if is_used(product):
        raise Refused(in_use(product, by))
    product.delete()
