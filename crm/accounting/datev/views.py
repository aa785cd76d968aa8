"""The page of the DATEV export: a period, what it amounts to, the file. And its settings."""

import datetime
from decimal import Decimal

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from crm.accounting.datev import actions, batch
from crm.accounting.datev.charts import REVENUE, Account, Accounts
from crm.accounting.models import ACCOUNT_NUMBER, DatevSettings
from crm.accounts.scope import Action, Area, Scope
from crm.core import clock, http
from crm.core.forms import PlainForm, RecordForm
from crm.core.refusals import Refused
from crm.sales.models import TaxTreatment, VatRate
from crm.setup import pages


def may_export(user) -> bool:
    """The batch holds everybody's invoices."""
    return user.scope(Area.INVOICES, Action.EXPORT) == Scope.ALL


class PeriodForm(PlainForm):
    start = forms.DateField(label=gettext_lazy("From"))
    end = forms.DateField(label=gettext_lazy("Until"))


def last_month() -> dict:
    """The whole month before this one: what a tax adviser asks for."""
    end = clock.today().replace(day=1) - datetime.timedelta(days=1)
    return {"start": end.replace(day=1), "end": end}


@require_safe
def export(request):
    """The period, and the totals of its accounts; with ?download=1 the file."""
    http.require(may_export(request.user))
    form = PeriodForm(request.GET if "start" in request.GET else None, initial=last_month())
    period = None
    if not form.is_bound:
        period = last_month()
    elif form.is_valid():
        period = form.cleaned_data
    context = {
        "title": _("DATEV export"),
        "form": form,
        "crumbs": [(_("Invoices"), reverse("sales:invoices")), (_("DATEV export"), "")],
        "settings": DatevSettings.objects.first(),
        "may_set": request.user.scope(DatevSettings.area, Action.CHANGE) == Scope.ALL,
    }
    if period:
        try:
            if "download" in request.GET:
                return _file(request, period)
            context |= _summary(request, period)
        except Refused as refused:
            context["problem"] = str(refused)
    return http.page(request, "accounting/datev.html", context)


def _file(request, period) -> HttpResponse:
    name = f"EXTF_Buchungsstapel_{period['start']:%Y%m%d}_{period['end']:%Y%m%d}.csv"
    response = HttpResponse(batch.export(by=request.user, **period), content_type="text/csv; charset=windows-1252")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _summary(request, period) -> dict:
    """How many bookings, and the balance of each account; raises Refused where the file would."""
    batch.check(period["start"], period["end"], settings := DatevSettings.objects.first() or DatevSettings())
    found = list(batch.bookings(by=request.user, settings=settings, **period))
    totals = batch.totals(found)
    debtors = {account: amount for account, amount in totals.items() if account >= 10**settings.account_length}
    rows = [(account, max(amount, 0), max(-amount, 0)) for account, amount in totals.items() if account not in debtors]
    if debtors:
        balance = sum(debtors.values())
        rows.append((_("Customers"), max(balance, 0), max(-balance, 0)))
    query = f"start={period['start']:%Y-%m-%d}&end={period['end']:%Y-%m-%d}"
    return {"count": len(found), "rows": rows, "download": f"?{query}&download=1", "period": period}


# ── settings ────────────────────────────────────────────────────────────────────────────────────────
class SettingsForm(RecordForm):
    """The batch's head, and below it a row for each kind of revenue."""

    groups = (
        (gettext_lazy("Tax adviser"), ("consultant_number", "client_number", "fiscal_year_month")),
        (
            gettext_lazy("Accounts"),
            ("chart", "account_length", "debtors_account", "one_debtor", "bank_account", "cash_account"),
        ),
    )

    class Meta:
        model = DatevSettings
        fields = (
            *("consultant_number", "client_number", "fiscal_year_month", "chart", "account_length"),
            *("debtors_account", "one_debtor", "bank_account", "cash_account"),
        )

    def __init__(self, data=None, *, instance: DatevSettings):
        super().__init__(data, instance=instance)
        self.accounts = Accounts(instance)
        rates = {(TaxTreatment.DOMESTIC, rate.normalize() if rate else Decimal(0)) for rate in _rates()}
        self.kinds = sorted({*REVENUE, *rates}, key=lambda kind: (list(TaxTreatment).index(kind[0]), -kind[1]))
        for place, (treatment, rate) in enumerate(self.kinds):
            own = self.accounts.own.get((treatment, rate))
            self.fields[f"account_{place}"] = forms.IntegerField(
                required=False, initial=own.number if own else None, validators=ACCOUNT_NUMBER
            )
            self.fields[f"key_{place}"] = forms.CharField(
                required=False, max_length=4, initial=own.tax_key if own else ""
            )

    def visible_groups(self):
        return [(title, [self[name] for name in names]) for title, names in self.groups]

    def rows(self):
        """For the table: treatment, rate, the chart's account, the inputs."""
        for place, (treatment, rate) in enumerate(self.kinds):
            standard = self.accounts.standard(treatment, rate)
            yield {
                "label": TaxTreatment(treatment).label,
                "rate": rate,
                "standard": standard.number if standard else "",
                "account": self[f"account_{place}"],
                "key": self[f"key_{place}"],
            }

    def values(self) -> dict:
        accounts = {}
        for place, kind in enumerate(self.kinds):
            number = self.cleaned_data[f"account_{place}"]
            accounts[kind] = Account(number, self.cleaned_data[f"key_{place}"]) if number else None
        return {name: self.cleaned_data[name] for name in self._meta.fields} | {"accounts": accounts}


def _rates() -> list[Decimal]:
    return list(VatRate.objects.values_list("rate", flat=True))


@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request):
    """Numbers of adviser and client, the chart of accounts, the accounts of revenue."""
    http.require(request.user.scope(DatevSettings.area, Action.CHANGE) == Scope.ALL)
    form = SettingsForm(request.POST or None, instance=DatevSettings.objects.first() or DatevSettings())
    if request.method == "POST" and form.is_valid():
        actions.save_settings(by=request.user, **form.values())
        http.announce(request, _("The DATEV settings were saved."))
        return http.redirect(request, "settings:datev")
    context = {
        "title": _("DATEV"),
        "lead": _("What the tax adviser's program needs to know to take over invoices and payments."),
        "form": form,
        "may_export": may_export(request.user),
    }
    return pages.page(request, "accounting/datev_settings.html", context, status=422 if form.errors else 200)


def register() -> None:
    """Called when the applications are ready."""
    pages.add_urls([path("datev/", settings_page, name="datev")])
    pages.register(
        pages.SALES,
        gettext_lazy("DATEV"),
        "settings:datev",
        DatevSettings.area,
        Action.CHANGE,
        position=95,
        help=gettext_lazy("Numbers and accounts of the booking batch for the tax adviser."),
    )
