"""The price list in the API."""

import datetime
from decimal import Decimal

from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema

from crm.api.paging import Page, Paging, page
from crm.core.fold import matching
from crm.sales.models import Product

router = Router(tags=["products"])


class ProductOut(Schema):
    """net_price in EUR, vat_rate in percent."""

    id: int
    sku: str
    name: str
    description: str
    unit: str
    net_price: Decimal
    vat_rate: Decimal
    is_active: bool
    created_at: datetime.datetime
    updated_at: datetime.datetime


@router.get("/", response=Page[ProductOut], url_name="products")
def list_products(request, paging: Query[Paging]):
    return page(request, matching(Product.objects.visible_to(request.user), paging.q), paging, lambda found: found)


@router.get("/{int:pk}/", response=ProductOut, url_name="product")
def one_product(request, pk: int):
    return get_object_or_404(Product.objects.visible_to(request.user), pk=pk)
