"""Sending a document by mail: the text can be changed before it leaves; the worker attaches the PDF."""

from django.utils.translation import gettext as _

from crm.accounts.scope import Action
from crm.core import http
from crm.core.refusals import Refused
from crm.sales import mailing
from crm.sales.forms.dialogs import MailForm
from crm.sales.models import Quote
from crm.sales.views.asking import ask
from crm.sales.views.kinds import KINDS, find, form_view


@form_view
def mail(request, pk, kind):
    """The mail as it would leave; a quote that is a draft is sent by it."""
    document = find(request, KINDS[kind], pk, Action.CHANGE)
    if document.is_draft and not isinstance(document, Quote):
        raise Refused(_("A draft is not sent by mail."))
    if request.method == "POST":
        form = MailForm(request.POST)
        if form.is_valid():
            mailing.send_document(
                document=document, by=request.user, site=request.build_absolute_uri("/"), **form.cleaned_data
            )
            text = _("The mail to %(to)s is on its way.") % {"to": form.cleaned_data["to"]}
            return http.done(request, document.get_absolute_url(), text)
    else:
        to, subject, text = mailing.written(document, request.user)
        form = MailForm(initial={"to": to, "subject": subject, "text": text})
    return ask(
        request,
        document,
        title=_("Send %(name)s by mail") % {"name": document},
        lead=_lead(document),
        label=_("Send"),
        form=form,
        wide=True,
    )


def _lead(document) -> str:
    if not isinstance(document, Quote):
        return _("The PDF is attached.")
    if document.is_draft:
        return _("The PDF is attached; {link} becomes the customer's private link. After that the quote is final.")
    return _("The PDF is attached; {link} becomes a new private link, and an earlier one ends.")
