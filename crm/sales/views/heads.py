"""Beginning a document, changing its head, throwing a draft away."""

from django.utils.translation import gettext as _

from contacts.models import Company, Person
from crm.accounts.scope import Action
from crm.core import http, recordpage
from crm.core.refusals import Overtaken, Refused
from crm.sales import actions
from crm.sales.actions.quotes import valid_until
from crm.sales.forms.heads import PARTIES, difference
from crm.sales.models import Order, OrderStatus
from crm.sales.views.kinds import KINDS, draft, find, form_view, lock_sentence
from opportunities.models import Opportunity

MODELS = {"company": Company, "person": Person, "opportunity": Opportunity}


def prefilled(request) -> dict:
    """What the page one comes from knows: ?company=, ?person=, ?opportunity=; only what the user may see."""
    initial = {}
    for name, model in MODELS.items():
        if (key := http.number(request.GET.get(name, ""))) is not None:
            record = model.objects.visible_to(request.user).filter(pk=key).first()
            if record is None:
                continue
            initial[name] = record.pk
            if name == "opportunity":
                initial |= {"subject": record.title, "owner": record.owner_id}
            for of in {"company", "person"} & {f.name for f in model._meta.fields}:
                seen = MODELS[of].objects.visible_to(request.user).filter(pk=getattr(record, f"{of}_id")).first()
                if seen:
                    initial.setdefault(of, seen.pk)
    return initial


@form_view
def create(request, kind):
    """A new document: for whom, about what; the lines come next."""
    kind = KINDS[kind]
    http.require(request.user.may(kind.area, Action.CREATE))
    initial = prefilled(request)
    if kind.key == "quote":
        initial["valid_until"] = valid_until()
    typed = request.POST if request.method == "POST" else None
    form = kind.form(typed, by=request.user, initial=initial, brief=True)
    if request.method == "POST" and form.is_valid():
        known = form.known()
        if not any(known.get(name) for name in PARTIES):
            form.add_error("company", _("For whom? Choose a company, a person or an opportunity."))
        else:
            made = kind.create(by=request.user, **known)
            http.announce(request, _("%(name)s was created as a draft.") % {"name": made})
            return http.redirect(request, kind.url("lines", made))
    context = {
        "form": form,
        "title": kind.new,
        "back": kind.list_url,
        "crumbs": [(kind.title, kind.list_url), (kind.new, None)],
        "submit_label": _("Continue with the lines"),
    }
    return http.page(request, "components/form_page.html", context)


@form_view
def edit(request, pk, kind):
    """The whole head of a draft."""
    kind = KINDS[kind]
    document = draft(request, kind, pk)
    # A copy for the form: it writes what was typed into its instance, which the page must not show.
    typed = request.POST if request.method == "POST" else None
    form = kind.form(typed, by=request.user, instance=draft(request, kind, pk))
    seen = request.POST.get("seen", "") if request.method == "POST" else actions.version(document)
    if request.method == "POST" and form.is_valid():
        try:
            actions.update_document(document=document, by=request.user, seen=seen, **form.changes())
        except Overtaken as overtaken:
            form.add_error(None, str(overtaken))
            for line in difference(form, overtaken.now):
                form.add_error(None, line)
            form.add_error(None, _("Save again to keep what you have typed."))
            seen = actions.version(overtaken.now)
        else:
            http.announce(request, _("Saved."))
            return http.redirect(request, document)
    form.seen = seen
    context = {
        "form": form,
        "title": _("Edit %(number)s") % {"number": document},
        "back": document.get_absolute_url(),
        "crumbs": [(kind.title, kind.list_url), (str(document), document.get_absolute_url()), (_("Edit"), None)],
    }
    return http.page(request, "sales/form.html", context)


@form_view
def fact(request, pk, field, kind):
    """One field of the head, edited in place; of a confirmed order the day of delivery."""
    kind = KINDS[kind]
    document = find(request, kind, pk, Action.CHANGE)
    promised = isinstance(document, Order) and document.status == OrderStatus.CONFIRMED and field == "delivery_date"
    if not document.is_draft and not promised:
        raise Refused(lock_sentence(document))
    form = kind.form(request.POST if request.method == "POST" else None, by=request.user, instance=document)

    def save(form):
        if promised:
            actions.update_delivery_date(order=document, by=request.user, **form.changes())
        else:
            actions.update_document(document=document, by=request.user, **form.changes())

    return recordpage.edit_fact(
        request, form=form, field=field, save=save, back=document.get_absolute_url(), text=_("Saved.")
    )


@form_view
def delete(request, pk, kind):
    """Throw a draft away."""
    kind = KINDS[kind]
    document = draft(request, kind, pk)
    if request.method == "POST":
        actions.delete_draft(document=document, by=request.user)
        http.announce(request, _("%(name)s was deleted.") % {"name": document})
        return http.redirect(request, kind.list_url)
    context = {
        "title": _("Delete %(name)s?") % {"name": document},
        "lead": _("The draft is deleted with its lines and files. This cannot be undone."),
        "submit_label": _("Delete"),
        "submit_level": "danger",
        "back": document.get_absolute_url(),
    }
    return http.dialog(request, "components/dialog.html", context)
