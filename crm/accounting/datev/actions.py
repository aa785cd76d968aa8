"""What can be done with the DATEV settings."""

from decimal import Decimal

from django.db import transaction

from crm.accounting.datev.charts import Account
from crm.accounting.models import DatevSettings, RevenueAccount
from crm.accounts.scope import Action, Scope


@transaction.atomic
def save_settings(*, by, accounts: dict[tuple[str, Decimal], Account | None], **fields) -> DatevSettings:
    """What the batch says about itself, and the company's own revenue accounts: {(treatment, rate): account}.

    None for an account means the chart's standard.
    """
    if by.scope(DatevSettings.area, Action.CHANGE) != Scope.ALL:
        raise DatevSettings.DoesNotExist
    settings, _made = DatevSettings.objects.update_or_create(pk=1, defaults=fields)
    for (treatment, rate), account in accounts.items():
        row = {"tax_treatment": treatment, "vat_rate": rate}
        if account is None:
            RevenueAccount.objects.filter(**row).delete()
        else:
            defaults = {"account": account.number, "tax_key": account.tax_key}
            RevenueAccount.objects.update_or_create(**row, defaults=defaults)
    return settings
