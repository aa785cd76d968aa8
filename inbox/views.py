"""The pages of the inbox: an item beside its list or as a page of its own, and what can be done with it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.timezone import is_aware
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from contacts import duplicates
from contacts.models import Company, Person
from crm.accounts.scope import Action, Area, allows
from crm.core import http, timeline
from crm.core.recordpage import Step, edit_fact
from crm.core.refusals import Overtaken
from crm.files.forms import UploadForm
from crm.files.models import StoredFile
from crm.files.serve import attachment
from crm.mail import showing as mails
from inbox import actions
from inbox.forms import ArchiveForm, ItemForm, NewItemForm
from inbox.models import InboxItem, ProcessingStatus

# How many records that look alike are named.
MOST_MATCHES = 3
# How much of the history is shown at first.
SHOWN = 20
REFERRED = ("source", "priority", "status", "owner", "company__owner", "person__owner", "opportunity")


def found(request, pk: int, action=Action.VIEW) -> InboxItem:
    """The item with which the user may do `action`; else 404."""
    return get_object_or_404(InboxItem.objects.visible_to(request.user, action).select_related(*REFERRED), pk=pk)


def posted(request) -> tuple:
    """Data and files for a form; nothing while it is only shown."""
    return (request.POST, request.FILES) if request.method == "POST" else ()


# ── an item ─────────────────────────────────────────────────────────────────────────────────────────
@require_safe
def item(request, pk):
    """The item: the part beside the list for htmx, a page for a visitor."""
    record = found(request, pk)
    user = request.user
    may_change = allows(user, Action.CHANGE, record)
    works = may_change and record.is_waiting
    may_create_contacts = user.may(Area.CONTACTS, Action.CREATE)
    contacts = [
        _contact(record, "company", user, works, may_create_contacts),
        _contact(record, "person", user, works, may_create_contacts),
    ]
    context = {
        "item": record,
        "title": record.title,
        "bar_title": _("Inbox"),
        "kicker": _("Inbox item"),
        "list_label": _("Inbox"),
        "list_url": reverse("inbox:list"),
        "record_url": record.get_absolute_url(),
        "record_id": record.pk,
        "works": works,
        "may_change": may_change,
        "may_convert": works and user.may(Area.OPPORTUNITIES, Action.CREATE),
        "may_open": bool(record.opportunity_id) and allows(user, Action.VIEW, record.opportunity),
        "asks": works and record.status.is_done,
        "steps": _steps(record, works),
        "contacts": contacts,
        "both": record.company_id and record.person_id and record.person.company_id == record.company_id,
        "warnings": [contact for contact in contacts if contact["matches"]],
        "edit": {name: reverse("inbox:edit-fact", args=[record.pk, name]) for name in actions.EDITABLE if works},
        "files": record.files.all(),
        "mails": mails.tab(request, "item", record) if mails.count("item", record.pk, user) else "",
        "may_write": may_change and bool(record.email),
    } | _history(request, record)
    return http.page(request, "inbox/item.html", context)


def _history(request, record, before=None) -> dict:
    """What happened to the item, the latest first, and where the next page of it is."""
    letters = mails.entries("item", record.pk, user=request.user, before=before, limit=SHOWN)
    page = timeline.of(record, user=request.user, before=before, limit=SHOWN, extra=letters)
    more = urlencode({"before": page.more.isoformat()}) if page.more else ""
    return {"history": page, "more_url": f"{reverse('inbox:history', args=[record.pk])}?{more}"}


@require_safe
def history(request, pk):
    """A page of the history: what happened before ?before=."""
    record = found(request, pk)
    try:
        before = parse_datetime(request.GET.get("before", ""))
    except ValueError:
        before = None
    http.require(before is None or is_aware(before))
    context = {"title": record.title, "record": record, **_history(request, record, before)}
    return http.page(request, "inbox/history.html", context)


def _steps(record, works: bool) -> list[Step]:
    """The processing statuses; those that can be clicked have an address."""
    statuses = list(ProcessingStatus.objects.filter(is_active=True))
    if record.status not in statuses:
        statuses.append(record.status)
    place = statuses.index(record.status)
    return [
        Step(
            status.name,
            "current" if i == place else "done" if i < place else "next",
            url=reverse("inbox:status", args=[record.pk, status.pk]) if works and i != place else None,
        )
        for i, status in enumerate(statuses)
    ]


def _contact(record, what: str, user, works: bool, may_create: bool) -> dict:
    """What the page says about the item's company or person: linked, to be created, or probably there already."""
    linked = getattr(record, what)
    named = bool(record.company_name if what == "company" else record.contact_name or record.email)
    return {
        "what": what,
        "linked": linked,
        "seen": linked is not None and allows(user, Action.VIEW, linked),
        "created": linked is not None and linked.created_at >= record.created_at,
        "may_create": works and may_create and named and linked is None,
        "matches": _matches(record, what, user) if works and linked is None else [],
    }


def _matches(record, what: str, user) -> list:
    """The existing companies or persons that look like the item's, the most alike first."""
    probe = duplicates.Probe(
        name=record.company_name,
        first_name=record.first_name,
        last_name=record.last_name,
        email=record.email,
        phone=record.phone,
        postal_code=record.postal_code,
        city=record.city,
        country=record.country.code,
    )
    find = duplicates.find_companies if what == "company" else duplicates.find_persons
    return find(probe, user=user, limit=MOST_MATCHES)


def _mark(match) -> str:
    """A name for a match, so that a post can say which warnings were seen; it tells nothing about the record."""
    record = f"{match.record._meta.label}:{match.record.pk}" if match.visible else f"{match.owner}:{match.score}"
    return salted_hmac("inbox.duplicate", record).hexdigest()[:20]


@require_safe
def link_mark(request, pk):
    """The mark in the list: on to the opportunity, or the word that there is none yet."""
    record = found(request, pk)
    if record.opportunity_id and allows(request.user, Action.VIEW, record.opportunity):
        return http.redirect(request, record.opportunity)
    if record.opportunity_id:
        text = _("This inbox lead became an opportunity that you may not see.")
    else:
        text = _("This inbox lead is not yet qualified.")
    http.announce(request, text, level="info")
    return HttpResponse(status=204) if http.is_part(request) else http.redirect(request, "inbox:list")


# ── enter and edit ──────────────────────────────────────────────────────────────────────────────────
@require_http_methods(["GET", "HEAD", "POST"])
def create(request):
    """A lead entered by hand."""
    user = request.user
    http.require(user.may(Area.INBOX, Action.CREATE))
    form = NewItemForm(*posted(request), user=user)
    if request.method == "POST" and form.is_valid():
        files = [StoredFile.keep(upload, by=user) for upload in form.cleaned_data["files"]]
        record = actions.receive(by=user, files=files, **form.values())
        http.announce(request, _("The lead “%(title)s” was added.") % {"title": record})
        return http.redirect(request, f"{reverse('inbox:list')}?open={record.pk}")
    context = {
        "form": form,
        "title": _("Add lead"),
        "submit_label": _("Add lead"),
        "crumbs": [(_("Inbox"), reverse("inbox:list")), (_("Add lead"), None)],
        "back": reverse("inbox:list"),
        "wide": True,
    }
    return http.dialog(request, "inbox/form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, pk):
    """All fields at once."""
    record = found(request, pk, Action.CHANGE)
    url = record.get_absolute_url()
    form = ItemForm(*posted(request), instance=record, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit(item=record, by=request.user, seen=form.seen, **form.values())
        except Overtaken as overtaken:
            form.show_conflict(overtaken.now)
        else:
            return http.done(request, url, _("Saved."))
    context = {
        "form": form,
        "title": _("Edit inbox item"),
        "crumbs": [(_("Inbox"), reverse("inbox:list")), (str(record), url), (_("Edit"), None)],
        "back": url,
        "wide": True,
    }
    return http.dialog(request, "inbox/form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_one(request, pk, field):
    """One field, in its place."""
    record = found(request, pk, Action.CHANGE)
    form = ItemForm(*posted(request), instance=record, user=request.user)
    http.require(field in actions.EDITABLE)

    def save(bound):
        actions.edit(item=record, by=request.user, **bound.values())

    return edit_fact(request, form=form, field=field, save=save, back=record.get_absolute_url())


@require_POST
def set_status(request, pk, status):
    record = found(request, pk, Action.CHANGE)
    chosen = get_object_or_404(ProcessingStatus.objects.visible_to(request.user), pk=status)
    actions.set_status(item=record, status=chosen, by=request.user)
    return http.done(request, record.get_absolute_url())


# ── company and person ──────────────────────────────────────────────────────────────────────────────
CREATE = {"company": actions.create_company, "person": actions.create_person}
MODELS = {"company": Company, "person": Person}


@require_POST
def create_contact(request, pk, what):
    """ "Firma anlegen", "Person anlegen": only once the user has seen which existing records look alike."""
    record = found(request, pk, Action.CHANGE)
    http.require(what in CREATE and request.user.may(Area.CONTACTS, Action.CREATE))
    url = record.get_absolute_url()
    if record.is_waiting and getattr(record, f"{what}_id") is None:
        matches = _matches(record, what, request.user)
        warned = set(request.POST.getlist("warned"))
        if any(_mark(match) not in warned for match in matches):
            company = what == "company"
            context = {
                "title": _("Does this company exist already?") if company else _("Does this person exist already?"),
                "item": record,
                "contact": {"what": what, "matches": matches, "may_create": True},
                "marks": [_mark(match) for match in matches],
                "submit_label": _("Create anyway"),
                "back": url,
            }
            return http.dialog(request, "inbox/duplicates.html", context)
    created = CREATE[what](item=record, by=request.user)
    text = _("The company was created.") if what == "company" else _("The person was created.")
    if created.company_id and created.person_id:
        text = format_html("{} {}", text, _("Company and person are linked."))
    return http.done(request, url, text)


@require_POST
def link_contact(request, pk, what, contact):
    """ "Vorhandene übernehmen"."""
    record = found(request, pk, Action.CHANGE)
    http.require(what in MODELS)
    existing = get_object_or_404(MODELS[what].objects.visible_to(request.user), pk=contact)
    actions.link(item=record, by=request.user, **{what: existing})
    undo = reverse("inbox:unlink", args=[record.pk, what])
    text = _("“%(name)s” was linked.") % {"name": existing}
    return http.done(request, record.get_absolute_url(), text, undo_url=undo)


@require_POST
def unlink_contact(request, pk, what):
    record = found(request, pk, Action.CHANGE)
    actions.unlink(item=record, what=what, by=request.user)
    return http.done(request, record.get_absolute_url(), _("The link was removed."))


@require_safe
def compare(request, pk, what, contact):
    """What the lead says beside what the existing record says."""
    record = found(request, pk, Action.CHANGE)
    http.require(what in MODELS)
    records = MODELS[what].objects.visible_to(request.user)
    existing = get_object_or_404(records.select_related("company") if what == "person" else records, pk=contact)
    names = ["street", "postal_code", "city", "email", "phone"]
    if what == "company":
        rows = [(_("Company"), record.company_name, existing.name)]
    else:
        rows = [(pgettext("person", "Name"), record.contact_name, str(existing))]
        company = existing.company
        seen = company is not None and allows(request.user, Action.VIEW, company)
        rows.append((_("Company"), record.company_name, company if seen else ""))
        names = ["email", "phone"]
    for name in names:
        label = InboxItem._meta.get_field(name).verbose_name
        rows.append((label, getattr(record, name), getattr(existing, name)))
    context = {
        "title": _("Compare"),
        "rows": [{"label": label, "ours": ours, "theirs": theirs} for label, ours, theirs in rows],
        "existing": existing,
        "action": reverse("inbox:link", args=[record.pk, what, existing.pk]),
        "submit_label": _("Use the existing company") if what == "company" else _("Use the existing person"),
        "back": record.get_absolute_url(),
        "wide": True,
    }
    return http.dialog(request, "inbox/compare.html", context)


# ── what becomes of it ──────────────────────────────────────────────────────────────────────────────
@require_POST
def convert(request, pk):
    """Make a lead or a deal of it."""
    record = found(request, pk, Action.CHANGE)
    kind = request.POST.get("kind")
    http.require(kind in ("lead", "deal") and request.user.may(Area.OPPORTUNITIES, Action.CREATE))
    opportunity = actions.convert(item=record, by=request.user, kind=kind)
    text = _("Converted into the lead %(number)s.") if kind == "lead" else _("Converted into the deal %(number)s.")
    return http.done(request, record.get_absolute_url(), text % {"number": opportunity.number})


@require_http_methods(["GET", "HEAD", "POST"])
def archive(request, pk):
    """Asks for the reason."""
    record = found(request, pk, Action.CHANGE)
    url = record.get_absolute_url()
    form = ArchiveForm(*posted(request))
    if request.method == "POST" and form.is_valid():
        actions.archive(item=record, by=request.user, reason=form.cleaned_data["reason"])
        undo = reverse("inbox:unarchive", args=[record.pk])
        return http.done(request, url, _("“%(title)s” was archived.") % {"title": record}, undo_url=undo)
    context = {
        "form": form,
        "title": _("Archive inbox item"),
        "lead": _("It leaves the list of open leads and can be brought back at any time."),
        "submit_label": _("Archive"),
        "back": url,
    }
    return http.dialog(request, "components/dialog.html", context, status=422 if form.errors else 200)


@require_POST
def unarchive(request, pk):
    record = found(request, pk, Action.CHANGE)
    actions.unarchive(item=record, by=request.user)
    return http.done(request, record.get_absolute_url(), _("“%(title)s” is back in the inbox.") % {"title": record})


# ── files ───────────────────────────────────────────────────────────────────────────────────────────
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request, pk):
    record = found(request, pk, Action.CHANGE)
    url = record.get_absolute_url()
    form = UploadForm(*posted(request))
    if request.method == "POST" and form.is_valid():
        actions.attach(item=record, uploads=form.cleaned_data["files"], by=request.user)
        return http.done(request, url, _("The files were added."))
    context = {"form": form, "title": _("Add files"), "submit_label": _("Upload"), "back": url}
    return http.dialog(request, "components/dialog.html", context, status=422 if form.errors else 200)


@require_safe
def download(request, pk, file):
    """A file of the item, as a download."""
    return attachment(get_object_or_404(found(request, pk).files.all(), pk=file))


@require_POST
def remove_file(request, pk, file):
    record = found(request, pk, Action.CHANGE)
    actions.detach(item=record, file=get_object_or_404(record.files.all(), pk=file), by=request.user)
    return http.done(request, record.get_absolute_url(), _("The file was removed."))
