"""The page "Own company": who we are, at the top of every page and on every paper."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from django_countries import countries
from stdnum import bic, iban
from stdnum.eu import vat
from stdnum.exceptions import ValidationError as NotANumber

from crm.core import http, normalise, show
from crm.core.forms import RecordForm
from crm.setup import actions, pages
from crm.setup.models import Organisation

LARGEST_LOGO = 1024 * 1024
WIDEST_LOGO = 4000


class OrganisationForm(RecordForm):
    spans = {"street": 12, "postal_code": 4, "city": 8, "small_business": 12, "bank_name": 12, "remove_logo": 12}
    groups = (
        (gettext_lazy("Company"), ("name", "legal_name", "street", "postal_code", "city", "country")),
        (gettext_lazy("Contact data"), ("phone", "email", "website")),
        (gettext_lazy("Logo"), ("logo", "remove_logo")),
        (
            gettext_lazy("Tax and register"),
            ("vat_id", "tax_number", "small_business", "register_court", "register_number", "managing_directors"),
        ),
        (gettext_lazy("Bank"), ("bank_name", "iban", "bic")),
        (gettext_lazy("Terms"), ("payment_terms_days", "quote_valid_days")),
        (gettext_lazy("Working days"), ("holiday_state",)),
    )
    logo = forms.ImageField(
        label=gettext_lazy("logo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
        help_text=gettext_lazy("PNG or JPEG, at most 1 MB."),
    )
    remove_logo = forms.BooleanField(label=gettext_lazy("Remove the logo"), required=False)

    class Meta:
        model = Organisation
        fields = [field.name for field in Organisation._meta.fields if field.name != "id"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = [("", show.NONE), *countries]
        if not self.instance.logo:
            del self.fields["remove_logo"]

    def clean_logo(self):
        logo = self.cleaned_data["logo"]
        # What was there before is no upload, and was checked then.
        image = getattr(logo, "image", None)
        if image is None:
            return logo
        if image.format not in {"PNG", "JPEG"} or logo.size > LARGEST_LOGO or max(image.size) > WIDEST_LOGO:
            raise ValidationError(_("The logo has to be a PNG or JPEG image of at most 1 MB and 4,000 pixels."))
        return logo

    def clean_phone(self):
        return normalise.phone(self.cleaned_data["phone"], str(self.cleaned_data.get("country") or ""))

    def clean_email(self):
        return normalise.email(self.cleaned_data["email"])

    def clean_vat_id(self):
        return _compact(vat, self.cleaned_data["vat_id"], _("This is not a valid VAT ID of the EU."))

    def clean_iban(self):
        return _compact(iban, self.cleaned_data["iban"], _("This is not a valid IBAN."))

    def clean_bic(self):
        return _compact(bic, self.cleaned_data["bic"], _("This is not a valid BIC."))

    def values(self) -> dict:
        """What was entered, for the verb."""
        values = dict(self.cleaned_data)
        if values.pop("remove_logo", False):
            values["logo"] = ""
        return values


def _compact(kind, text: str, problem: str) -> str:
    """The number without spaces, checked by stdnum's module `kind`; empty stays empty."""
    try:
        return kind.validate(text) if text else ""
    except NotANumber:
        raise ValidationError(problem) from None


@require_http_methods(["GET", "HEAD", "POST"])
def organisation(request):
    """Our name, address, tax numbers, bank and logo."""
    may_change = request.user.scope(Organisation.area, "change") == "all"
    http.require(may_change or (request.method != "POST" and request.user.may(Organisation.area)))
    form = OrganisationForm(request.POST or None, request.FILES or None, instance=Organisation.objects.first())
    if request.method == "POST" and form.is_valid():
        actions.change_organisation(by=request.user, **form.values())
        http.announce(request, _("The company's data was saved."))
        return http.redirect(request, "settings:organisation")
    context = {
        "form": form,
        "may_change": may_change,
        "title": _("Own company"),
        "lead": _("The name stands at the top of every page; the rest on quotes, order confirmations and invoices."),
    }
    return pages.page(request, "setup/organisation.html", context, status=422 if form.errors else 200)
