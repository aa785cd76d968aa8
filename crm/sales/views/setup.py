"""The settings pages of sales: how invoices are numbered, and what papers say above and below their lines."""

from django import forms
from django.db import transaction
from django.urls import path
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.accounts.scope import Action, Area, Scope
from crm.core import clock, http
from crm.core.forms import RecordForm
from crm.core.refusals import Refused
from crm.sales import actions
from crm.sales.models import NumberRange, PaperKind, StandardText
from crm.setup import pages


def _may_change(request) -> bool:
    """Whether the user may; refuses who may not even look, or posts without the right."""
    http.require(request.user.may(Area.SETTINGS))
    may_change = request.user.scope(Area.SETTINGS, Action.CHANGE) == Scope.ALL
    http.require(may_change or request.method != "POST")
    return may_change


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────────
class RangeForm(RecordForm):
    """`last` is asked only before the first number of the year: a company may come from another system."""

    spans = {"pattern": 8, "digits": 4, "restarts_yearly": 12}
    last = forms.IntegerField(
        label=gettext_lazy("Last number given this year"),
        required=False,
        min_value=1,
        max_value=10**9,
        help_text=gettext_lazy("Of the program that you have used so far; empty: the first one is 1."),
    )

    class Meta:
        model = NumberRange
        fields = ("pattern", "digits", "restarts_yearly")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.year = clock.today().year
        self.given = self.instance.last(self.year)
        if self.given is not None:
            del self.fields["last"]
        if self.instance.counters.exists():
            del self.fields["restarts_yearly"]

    def save_as(self, by) -> None:
        """Call the verbs; what they refuse is said above the fields."""
        fields = dict(self.cleaned_data)
        last = fields.pop("last", None)
        try:
            with transaction.atomic():
                number_range = actions.change_range(number_range=self.instance, by=by, **fields)
                if last:
                    actions.start_range(number_range=number_range, by=by, last=last)
        except Refused as refused:
            self.add_error(None, str(refused))


@require_http_methods(["GET", "HEAD", "POST"])
def numbers(request):
    """One card for invoices, one for credit notes; each is saved by itself."""
    may_change, cards = _may_change(request), []
    for number_range in NumberRange.objects.visible_to(request.user):
        sent = request.POST if request.POST.get("kind") == number_range.kind else None
        form = RangeForm(sent, instance=number_range, prefix=number_range.kind, label_suffix="")
        if sent and form.is_valid():
            form.save_as(request.user)
            if not form.errors:
                http.announce(request, _("Saved."))
                return http.redirect(request, "settings:numbers")
        # A copy as it is saved: the form writes what was typed into its own.
        now = NumberRange.objects.get(pk=number_range.pk)
        cards.append({"form": form, "range": now, "next": now.number((form.given or 0) + 1, form.year)})
    context = {
        "title": _("Numbers of invoices"),
        "lead": _("How they look, and from where they go on. Numbers that have been given stay as they are."),
        "cards": cards,
        "may_change": may_change,
    }
    wrong = any(card["form"].errors for card in cards)
    return pages.page(request, "sales/numbers.html", context, status=422 if wrong else 200)


# ── texts ───────────────────────────────────────────────────────────────────────────────────────────
class StandardTextForm(RecordForm):
    spans = {"intro": 12, "closing": 12}

    class Meta:
        model = StandardText
        fields = ("intro", "closing")
        widgets = {"intro": forms.Textarea(attrs={"rows": 2}), "closing": forms.Textarea(attrs={"rows": 2})}

    @property
    def language(self) -> str:
        """The language of the paper, in the user's."""
        return get_language_info(self.instance.language)["name_translated"]


@require_http_methods(["GET", "HEAD", "POST"])
def texts(request):
    """What new documents begin with, for each kind of paper and language; all are saved at once."""
    may_change = _may_change(request)
    made = [
        StandardTextForm(request.POST or None, instance=text, prefix=f"{text.kind}-{text.language}", label_suffix="")
        for text in StandardText.objects.visible_to(request.user)
    ]
    # Each is asked, so that all errors show at once.
    valid = [form.is_valid() for form in made]
    if request.method == "POST" and all(valid):
        with transaction.atomic():
            for form in made:
                actions.change_text(text=form.instance, by=request.user, **form.cleaned_data)
        http.announce(request, _("The standard texts were saved."))
        return http.redirect(request, "settings:standard-texts")
    context = {
        "title": _("Standard texts"),
        "lead": _("What new documents say above and below their lines. It can be changed in each of them."),
        "cards": [(kind.label, [form for form in made if form.instance.kind == kind]) for kind in PaperKind],
        "may_change": may_change,
    }
    return pages.page(request, "sales/texts.html", context, status=422 if not all(valid) and request.POST else 200)


def register() -> None:
    """Called when the applications are ready."""
    pages.add_urls([path("numbers/", numbers, name="numbers"), path("standard-texts/", texts, name="standard-texts")])
    pages.register(
        pages.SALES,
        gettext_lazy("Numbers of invoices"),
        "settings:numbers",
        Area.SETTINGS,
        position=80,
        help=gettext_lazy("How invoices and credit notes are numbered."),
    )
    pages.register(
        pages.SALES,
        gettext_lazy("Standard texts"),
        "settings:standard-texts",
        Area.SETTINGS,
        position=75,
        help=gettext_lazy("What new documents say above and below their lines."),
    )
