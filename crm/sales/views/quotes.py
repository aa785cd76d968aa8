"""What can be done with a quote, from its menu."""

from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.accounts.scope import Action, Area
from crm.core import http, show
from crm.core.refusals import Refused
from crm.sales import actions, mailing
from crm.sales.actions.quotes import valid_until as default_valid_until
from crm.sales.forms.dialogs import AcceptForm, DeclineForm, SentForm
from crm.sales.views.asking import ask
from crm.sales.views.kinds import KINDS, draft, find, form_view

QUOTE = KINDS["quote"]


def _typed(request):
    return request.POST if request.method == "POST" else None


@form_view
def sent(request, pk):
    """Mark as sent: it went out by another way. From then on it is final."""
    quote = draft(request, QUOTE, pk)
    form = SentForm(_typed(request), initial={"valid_until": quote.valid_until or default_valid_until()})
    if request.method == "POST" and form.is_valid():
        day = form.cleaned_data["valid_until"]
        if day != quote.valid_until:
            quote = actions.update_document(document=quote, by=request.user, valid_until=day)
        actions.send_quote(quote=quote, by=request.user)
        return http.done(request, quote.get_absolute_url(), _("%(number)s is sent.") % {"number": quote})
    return ask(
        request,
        quote,
        title=_("Mark as sent"),
        lead=_("You have sent %(number)s yourself. After that it can only be changed by a new revision.")
        % {"number": quote},
        label=_("Mark as sent"),
        form=form,
    )


@form_view
def accept(request, pk):
    """The customer said yes; the order is offered next."""
    quote = find(request, QUOTE, pk, Action.CHANGE)
    form = AcceptForm(_typed(request), initial={"name": quote.recipient_contact})
    if request.method == "POST" and form.is_valid():
        actions.accept_quote(quote=quote, by=request.user, **form.cleaned_data)
        text = _("%(number)s is accepted. Create the order from the menu.") % {"number": quote}
        return http.done(request, quote.get_absolute_url(), text)
    return ask(
        request,
        quote,
        title=_("Accepted by the customer"),
        lead=_("%(number)s over %(net)s net is accepted.") % {"number": quote, "net": show.money(quote.net_total)},
        label=_("Mark as accepted"),
        form=form,
    )


@form_view
def decline(request, pk):
    """The customer said no, for a reason if we know it."""
    quote = find(request, QUOTE, pk, Action.CHANGE)
    form = DeclineForm(_typed(request), initial={"name": quote.recipient_contact})
    if request.method == "POST" and form.is_valid():
        actions.decline_quote(quote=quote, by=request.user, **form.cleaned_data)
        return http.done(request, quote.get_absolute_url(), _("%(number)s is declined.") % {"number": quote})
    return ask(
        request,
        quote,
        title=_("Declined by the customer"),
        label=_("Mark as declined"),
        form=form,
        level="danger",
    )


@require_POST
def revise(request, pk):
    """The next revision, a draft with the same lines."""
    http.require(request.user.may(Area.SALES, Action.CREATE))
    made = actions.revise_quote(quote=find(request, QUOTE, pk, Action.CHANGE), by=request.user)
    http.announce(request, _("%(number)s is a draft now.") % {"number": made})
    return http.redirect(request, made)


@require_POST
def order(request, pk):
    """An order with the lines of an accepted quote."""
    http.require(request.user.may(Area.SALES, Action.CREATE))
    made = actions.create_order(quote=find(request, QUOTE, pk), by=request.user)
    http.announce(request, _("%(name)s was created as a draft.") % {"name": made})
    return http.redirect(request, made)


# ── the customer's link ─────────────────────────────────────────────────────────────────────────────
@require_POST
def new_link(request, pk):
    """A new private link; its address is shown this once. Older ones end."""
    quote = find(request, QUOTE, pk, Action.CHANGE)
    link, token = actions.create_link(quote=quote, by=request.user)
    context = {
        "title": _("Link for the customer"),
        "address": request.build_absolute_uri(mailing.link_path(token)),
        "link": link,
        "quote": quote,
        "back": f"{quote.get_absolute_url()}?tab=link",
    }
    return http.dialog(request, "sales/link.html", context)


@form_view
def revoke(request, pk):
    """End all links to a quote."""
    quote = find(request, QUOTE, pk, Action.CHANGE)
    back = f"{quote.get_absolute_url()}?tab=link"
    if request.method == "POST":
        if not actions.revoke_links(quote=quote, by=request.user):
            raise Refused(_("There is no link any more."))
        return http.done(request, back, _("The link is revoked."))
    return ask(
        request,
        quote,
        title=_("Revoke the link?"),
        lead=_("Whoever has the link can no longer read %(number)s.") % {"number": quote},
        label=_("Revoke"),
        level="danger",
    )
