"""The line editor: a table edited in place. Every button asks the server, which answers with the table as it would
be; only "Save" writes. While somebody types, the server computes the sums from what stands there so far."""

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from crm.core import http, show
from crm.core.fold import matching
from crm.core.forms import Pick, PlainForm, tidy
from crm.core.refusals import Overtaken, Refused
from crm.sales import actions
from crm.sales.forms.lines import LineSet, few_places
from crm.sales.models import Product
from crm.sales.models.document import MOST_LINES
from crm.sales.views.kinds import KINDS, draft, form_view


class PickForm(PlainForm):
    """The product that is to become a line."""

    pick = forms.ModelChoiceField(
        queryset=Product.objects.none(),
        label=gettext_lazy("Add a product"),
        required=False,
        empty_label="",
        widget=Pick(reverse_lazy("sales:pick-product"), placeholder=gettext_lazy("Search the price list")),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["pick"].queryset = Product.objects.active()


@form_view
def lines(request, pk, kind):
    """The editor of a draft's lines. "do" among what is posted asks for a change of the table, else it is saved."""
    kind = KINDS[kind]
    document = draft(request, kind, pk)
    if request.method != "POST":
        rows = LineSet(document)
        if not rows.rows:
            rows.do("item:")
        rows.judge()
        return _page(request, kind, document, rows, seen=actions.version(document))
    rows, seen = LineSet(document, request.POST), tidy(request.POST.get("seen", ""), 40)
    if "do" in request.POST:
        wish = tidy(request.POST["do"], 60)
        focus = rows.do(wish, _picked(request))
        rows.judge()
        return _page(request, kind, document, rows, seen=seen, typed=True, focus=(wish.partition(":")[0], focus))
    there = None
    if rows.is_valid():
        try:
            actions.save_lines(document=document, lines=rows.lines(), by=request.user, seen=seen)
        except Overtaken as overtaken:
            there, seen, rows.error = overtaken.now, actions.version(overtaken.now), str(overtaken)
        except Refused as refused:
            rows.error = str(refused)
        else:
            http.announce(request, _("The lines were saved."))
            return http.redirect(request, document)
    return _page(request, kind, document, rows, seen=seen, typed=True, there=there)


def _picked(request) -> Product | None:
    try:
        return PickForm().fields["pick"].clean(request.POST.get("pick", ""))
    except ValidationError:
        return None


def _page(request, kind, document, rows, *, seen, typed=False, focus=("", ""), there=None):
    """`typed`: something is not saved yet; `focus`: what was pressed, and the row to go on with; `there`: the document
    as somebody else saved it meanwhile."""
    pressed, key = focus
    # Who moves a line goes on moving it; at an end the other way.
    if pressed in ("up", "down") and rows.rows:
        pressed = "down" if key == rows.rows[0].key else "up" if key == rows.rows[-1].key else pressed
    else:
        pressed = "text"
    context = {
        "title": _("Lines of %(name)s") % {"name": document},
        "kind": kind,
        "document": document,
        "rows": rows.rows,
        "error": rows.error,
        "invalid": sum(1 for row in rows.rows if row.errors),
        "totals": rows.totals,
        "rates": [few_places(rate, 2) for rate in rows.rates],
        "charges_vat": document.charges_vat,
        "full": len(rows.rows) >= MOST_LINES,
        "most": MOST_LINES,
        "pick": PickForm(),
        "seen": seen,
        "typed": typed,
        "focus": key,
        "focus_on": pressed,
        "there": there,
        "saved_lines": there.lines.select_related("product") if there else (),
        "save_url": kind.url("lines", document),
        "preview_url": kind.url("preview", document),
    }
    return http.page(request, "sales/lines.html", context)


@require_POST
def preview(request, pk, kind):
    """The sums of what is typed so far, and the amount of each line. Nothing is saved."""
    document = draft(request, KINDS[kind], pk)
    rows = LineSet(document, request.POST)
    rows.judge()
    context = {"rows": rows.rows, "totals": rows.totals, "charges_vat": document.charges_vat, "document": document}
    return HttpResponse(render_to_string("sales/line_sums.html", context, request))


@require_safe
def pick_product(request):
    """?q= finds products of the price list that can still be sold."""
    term = tidy(request.GET.get("q", ""), 200).strip()
    found = matching(Product.objects.visible_to(request.user).active(), term) if term else Product.objects.none()
    return http.picks(found.order_by("name", "pk"), hint=lambda p: f"{p.sku} · {show.money(p.net_price)}")
