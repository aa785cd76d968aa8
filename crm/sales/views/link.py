"""The customer's page of a quote: /q/<token>/. Whoever sees it is not signed in, and gets no cookie.

The token is the only key: who does not know it cannot make a browser post here, so no CSRF cookie is needed. It is
told to nobody else (no referrer), kept by no cache, found by no search engine; wrong ones are counted for each
address, and answered like revoked and expired ones.
"""

from base64 import b64encode
from functools import wraps

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from contacts.salutation import salutation
from crm.api.models import Throttle
from crm.core import clock
from crm.core.address import client_address, neighbourhood
from crm.core.forms import PlainForm
from crm.core.refusals import Refused
from crm.files.serve import attachment
from crm.papers.fetcher import picture_type
from crm.papers.letter import CannotDraw
from crm.sales import arithmetic, customer, keeping, pdf
from crm.sales.actions.links import valid_link
from crm.sales.models import LineKind, Quote, QuoteLink, QuoteStatus

# In one minute, from one address: wrong tokens, and requests in all.
WRONG, ALL = 10, 60


class AcceptForm(PlainForm):
    """Accepting needs a name: who says yes is part of the contract."""

    spans = {"name": 12}
    name = forms.CharField(
        label=gettext_lazy("Your first and last name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class DeclineForm(PlainForm):
    spans = {"reason": 12, "name": 12}
    reason = forms.CharField(
        label=gettext_lazy("Why does the quote not suit you?"), max_length=2000, widget=forms.Textarea
    )
    name = forms.CharField(
        label=gettext_lazy("Your name (optional)"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


def private(view):
    """Finds the link of the token and gives it to the view; all answers are private, and in the quote's language."""

    @csrf_exempt
    @login_not_required
    @wraps(view)
    def answer(request, token):
        caller = f"q:{neighbourhood(client_address(request))}"
        if Throttle.so_far(f"{caller}:wrong") >= WRONG or Throttle.count_up(caller) > ALL:
            response = _problem(request, _("Too many requests. Please try again in a minute."), 429)
        else:
            try:
                link = valid_link(token)
                quote = Quote.objects.select_related("person", "owner").get(pk=link.quote_id)
            except QuoteLink.DoesNotExist:
                Throttle.count_up(f"{caller}:wrong")
                response = _problem(request, _("This link does not work (any more). Please ask us for a new one."), 404)
            else:
                with override(quote.language):
                    response = view(request, link, quote, token)
                response["Content-Language"] = quote.language
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "no-store, private"
        return response

    return answer


def _problem(request, text: str, status: int):
    context = {"title": _("Quote"), "text": text, "language": settings.LANGUAGE_CODE}
    return render(request, "sales/link_problem.html", context, status=status)


@require_safe
@private
def show(request, link, quote, token):
    """The quote as the customer reads it."""
    if request.method == "GET":
        customer.opened(link)
    return _page(request, quote, token)


def _page(request, quote, token, *, accept=None, decline=None, problem="", status=200):
    lines = list(quote.lines.order_by("position", "pk"))
    items = [line for line in lines if line.kind == LineKind.ITEM]
    sender = pdf.sender_of(quote)
    kind = picture_type(sender.logo)
    expired = quote.status == QuoteStatus.EXPIRED or quote.valid_until < clock.today()
    context = {
        "title": pdf.title(quote),
        "language": quote.language,
        "quote": quote,
        "sender": sender,
        "logo": f"data:{kind};base64,{b64encode(sender.logo).decode()}" if kind else "",
        "recipient": pdf.recipient_of(quote),
        "salutation": salutation(quote.person),
        "rows": pdf.rows_of(lines, quote.currency),
        "totals": [
            (rate, pdf.amount(rate.vat, quote.currency))
            for rate in arithmetic.totals((line.vat_rate, line.net_amount) for line in items).rates
            if rate.rate and quote.charges_vat
        ],
        "net": pdf.amount(quote.net_total, quote.currency),
        "gross": pdf.amount(quote.gross_total, quote.currency),
        "expired": expired,
        "replaced": not quote.is_latest,
        "answerable": quote.is_latest and quote.status == QuoteStatus.SENT and not expired,
        "accept": accept or AcceptForm(prefix="accept"),
        "decline": decline or DeclineForm(prefix="decline"),
        "declining": decline is not None,
        "problem": problem,
        "token": token,
    }
    return render(request, "sales/link_quote.html", context, status=status)


def _answer(request, quote, token, form, verb, name: str):
    """Carry out what was answered; the page says what came of it."""
    shown = {name: form}
    if not form.is_valid():
        return _page(request, quote, token, status=422, **shown)
    try:
        verb(token=token, **form.cleaned_data)
    except Refused as refused:
        # Somebody else was faster, or the day has passed: the page shows what stands now.
        quote.refresh_from_db()
        return _page(request, quote, token, problem=str(refused), status=409)
    return HttpResponseRedirect(reverse("quote-link", args=[token]))


@require_POST
@private
def accept(request, link, quote, token):
    """The customer says yes, with a name."""
    form = AcceptForm(request.POST, prefix="accept")
    return _answer(request, quote, token, form, customer.accept, "accept")


@require_POST
@private
def decline(request, link, quote, token):
    """The customer says no, with a reason."""
    form = DeclineForm(request.POST, prefix="decline")
    return _answer(request, quote, token, form, customer.decline, "decline")


@require_safe
@private
def paper(request, link, quote, token):
    """The quote as a PDF."""
    try:
        return attachment(keeping.checked(keeping.keep(quote)))
    except CannotDraw:
        problem = _("The PDF cannot be made at the moment. All that is in it stands on this page.")
        return _page(request, quote, token, problem=problem, status=503)
