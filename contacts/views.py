"""The pages of companies and persons. Both kinds share every page; what differs is said in KINDS."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from contacts import actions, duplicates, tabs
from contacts.forms import CompanyForm, PersonForm
from contacts.lists import STATUS_COLOUR, find
from contacts.models import (
    Company,
    CompanyFileEvent,
    CompanyTagEvent,
    Person,
    PersonFileEvent,
    PersonTagEvent,
)
from crm.accounts.scope import Action, Area, allows
from crm.core import http, recordpage, timeline
from crm.core.forms import tidy
from crm.core.refusals import Overtaken
from crm.files.forms import UploadForm
from crm.files.models import StoredFile
from crm.files.serve import attachment
from crm.mail import showing as mails

form_view = require_http_methods(["GET", "HEAD", "POST"])
# How many of a company's persons its page shows at once; the overview has fewer entries of the history than its tab.
PERSONS = 50
LATEST = 12


@dataclass(frozen=True)
class Kind:
    """What differs between companies and persons."""

    key: str
    model: type
    form: type
    create: Callable
    update: Callable
    look: Callable
    tabs: tabs.Tabs
    tag_events: type
    file_events: type
    new: str
    edit: str
    exists: str
    icon: str
    plural: str
    list_tab: str

    def crumbs(self) -> list[tuple]:
        """The way to a page of this kind: all contacts, those of the kind."""
        contacts = reverse("contacts:list")
        return [(_("Contacts"), contacts), (self.plural, f"{contacts}?tab={self.list_tab}")]


KINDS = {
    "company": Kind(
        "company",
        Company,
        CompanyForm,
        actions.create_company,
        actions.update_company,
        duplicates.find_companies,
        tabs.companies,
        CompanyTagEvent,
        CompanyFileEvent,
        gettext_lazy("New company"),
        gettext_lazy("Edit company"),
        gettext_lazy("This company probably exists already."),
        "building",
        gettext_lazy("Companies"),
        "companies",
    ),
    "person": Kind(
        "person",
        Person,
        PersonForm,
        actions.create_person,
        actions.update_person,
        duplicates.find_persons,
        tabs.persons,
        PersonTagEvent,
        PersonFileEvent,
        gettext_lazy("New person"),
        gettext_lazy("Edit person"),
        gettext_lazy("This person probably exists already."),
        "user",
        gettext_lazy("Persons"),
        "persons",
    ),
}


def found(request, kind: Kind, pk: int, action=Action.VIEW):
    """The record with which the user may do `action`; else 404."""
    related = ("owner", "parent" if kind.key == "company" else "company")
    return get_object_or_404(kind.model.objects.visible_to(request.user, action).select_related(*related), pk=pk)


# ── the record page ─────────────────────────────────────────────────────────────────────────────────
@require_safe
def record(request, pk, kind):
    """The page of a company or person; ?tab= chooses the tab."""
    kind = KINDS[kind]
    contact = found(request, kind, pk)
    user, address = request.user, contact.get_absolute_url()
    own = {"overview": _("Overview")}
    if kind.key == "company":
        own["persons"] = _("Persons")
    brought = {tab.key: tab for tab in kind.tabs.seen_by(user)}
    ends = {"mails": _("E-mails"), "files": _("Files"), "history": _("History")}
    labels = own | {key: tab.label for key, tab in brought.items()} | ends
    current = request.GET.get("tab") if request.GET.get("tab") in labels else "overview"
    counts = {key: tab.count(user, contact) for key, tab in brought.items() if tab.count}
    counts["files"] = contact.files.count()
    counts["mails"] = mails.count(kind.key, contact.pk, user)
    if kind.key == "company":
        counts["persons"] = contact.persons.visible_to(user).count()
    may_change = allows(user, Action.CHANGE, contact)
    context = {
        "title": str(contact),
        "bar_title": str(contact),
        "contact": contact,
        "kind": kind,
        "may_change": may_change,
        "edit": _edit_addresses(kind, contact) if may_change else {},
        "actions": _menu(request, kind, contact, may_change),
        "related": _related(user, contact),
        "edit_name": f"contacts:edit-{kind.key}",
        "site": _site(contact),
        "further_emails": contact.further_emails.order_by("email") if kind.key == "person" else (),
        "status_colour": STATUS_COLOUR.get(getattr(contact, "status", ""), "grey"),
        "all_tags": list(contact.tags.all()),
        "tabs": [
            {
                "label": label,
                "url": address if key == "overview" else f"{address}?tab={key}",
                "current": key == current,
                "count": counts.get(key),
            }
            for key, label in labels.items()
        ],
        "content": _brought(request, brought[current].url(contact))
        if current in brought
        else OWN_TABS[current](request, kind, contact),
    }
    return http.page(request, f"contacts/{kind.key}.html", context)


def _site(contact) -> str:
    """The web address as it is shown, without its scheme; empty if it is none that may be linked."""
    scheme, _mark, rest = getattr(contact, "website", "").partition("://")
    return rest.removeprefix("www.") if scheme in {"http", "https"} else ""


def _edit_addresses(kind, contact) -> dict[str, str]:
    return {
        name: reverse(f"contacts:fact-{kind.key}", args=[contact.pk, name])
        for name in [*kind.form.Meta.fields, "further_emails"]
    }


def _related(user, contact) -> dict:
    """The company a person works for, or to which a company belongs: {"there", "record"}, the latter if visible."""
    other = contact.company if isinstance(contact, Person) else contact.parent
    return {
        "there": other is not None,
        "record": other if other is not None and allows(user, Action.VIEW, other) else None,
    }


def _menu(request, kind, contact, may_change) -> list:
    user, key = request.user, kind.key
    entries = []
    if key == "company" and user.may(Area.CONTACTS, Action.CREATE):
        url = f"{reverse('contacts:new-person')}?company={contact.pk}"
        entries += [recordpage.Action(_("Add person …"), "user-plus", url, dialog=True), None]
    elif key == "person" and user.may(Area.CONTACTS, Action.CREATE) and not contact.company_id and may_change:
        url = f"{reverse('contacts:new-company')}?person={contact.pk}"
        entries += [recordpage.Action(_("Create company …"), "building-plus", url, dialog=True), None]
    if may_change:
        url = reverse(f"contacts:active-{key}", args=[contact.pk])
        label = _("Set inactive") if contact.is_active else _("Set active")
        entries.append(recordpage.Action(label, "archive" if contact.is_active else "archive-off", url, post=True))
    if allows(user, Action.DELETE, contact):
        url = reverse(f"contacts:delete-{key}", args=[contact.pk])
        entries.append(recordpage.Action(_("Delete …"), "trash", url, dialog=True, css="bad"))
    return entries


# ── tabs ────────────────────────────────────────────────────────────────────────────────────────────
def _brought(request, url) -> str:
    """A tab whose content another room gives: fetched by its address."""
    return render_to_string("contacts/tab_brought.html", {"url": url}, request)


def _history(request, kind, contact, *, before=None, limit=timeline.PAGE) -> timeline.Page:
    links = [
        timeline.Link(
            kind.tag_events,
            {f"{kind.key}_id": contact.pk},
            "tag",
            lambda: _("%(who)s added the tag %(what)s"),
            lambda: _("%(who)s removed the tag %(what)s"),
        ),
        timeline.Link(
            kind.file_events,
            {f"{kind.key}_id": contact.pk},
            "storedfile",
            lambda: _("%(who)s added the file %(what)s"),
            lambda: _("%(who)s removed the file %(what)s"),
            "paperclip",
        ),
    ]
    letters = mails.entries(kind.key, contact.pk, user=request.user, before=before, limit=limit)
    return timeline.of(contact, user=request.user, before=before, limit=limit, links=links, extra=letters)


def overview_tab(request, kind, contact) -> str:
    page = _history(request, kind, contact, limit=LATEST)
    context = {"contact": contact, "kind": kind, "page": page, "related": _related(request.user, contact)}
    if kind.key == "company":
        context["persons"] = contact.persons.visible_to(request.user).order_by("sort_name", "pk")[:5]
    return render_to_string("contacts/tab_overview.html", context, request)


def persons_tab(request, kind, contact) -> str:
    persons = contact.persons.visible_to(request.user).select_related("owner").order_by("sort_name", "pk")
    page = Paginator(persons, PERSONS).get_page(http.number(request.GET.get("page", "")) or 1)
    context = {
        "contact": contact,
        "page": page,
        "may_create": request.user.may(Area.CONTACTS, Action.CREATE),
    }
    return render_to_string("contacts/tab_persons.html", context, request)


def files_tab(request, kind, contact) -> str:
    context = {
        "contact": contact,
        "kind": kind,
        "files": [
            {
                "file": file,
                "url": reverse(f"contacts:file-{kind.key}", args=[contact.pk, file.pk]),
                "remove": reverse(f"contacts:remove-file-{kind.key}", args=[contact.pk, file.pk]),
            }
            for file in contact.files.select_related("uploaded_by")
        ],
        "may_change": allows(request.user, Action.CHANGE, contact),
        "upload": reverse(f"contacts:upload-{kind.key}", args=[contact.pk]),
        "form": UploadForm(),
    }
    return render_to_string("contacts/tab_files.html", context, request)


def history_tab(request, kind, contact) -> str:
    try:
        before = parse_datetime(request.GET.get("before", ""))
    except ValueError:
        before = None
    before = before if before is not None and before.tzinfo is not None else None
    page = _history(request, kind, contact, before=before)
    return render_to_string("contacts/tab_history.html", {"contact": contact, "page": page, "later": before}, request)


def mails_tab(request, kind, contact) -> str:
    return mails.tab(request, kind.key, contact)


OWN_TABS = {
    "overview": overview_tab,
    "persons": persons_tab,
    "mails": mails_tab,
    "files": files_tab,
    "history": history_tab,
}


# ── enter and edit ──────────────────────────────────────────────────────────────────────────────────
def _seen(request, kind, form, exclude=None) -> tuple[list, list[str]]:
    """(the records that look like what was typed, the marks of all warnings that have been shown)."""
    matches = kind.look(form.probe(), user=request.user, exclude=exclude)
    return matches, [match.mark for match in matches]


@form_view
def create(request, kind):
    """A new company or person. What looks like it is named before a second one is made."""
    kind = KINDS[kind]
    http.require(request.user.may(Area.CONTACTS, Action.CREATE))
    form = kind.form(request.POST or None, by=request.user, initial=_prefilled(request, kind))
    matches, marks, label = [], [], _("Create")
    if request.method == "POST":
        matches, marks = _seen(request, kind, form)
        warned = set(marks) <= set(request.POST.getlist("warned"))
        if form.is_valid() and warned:
            made = kind.create(by=request.user, **form.values())
            _link_back(request, kind, made)
            http.announce(request, _("“%(name)s” was created.") % {"name": made})
            return http.redirect(request, made)
        if matches and not form.errors:
            label = _("Create anyway")
    context = {
        "form": form,
        "kind": kind,
        "title": kind.new,
        "matches": matches,
        "check_url": reverse(f"contacts:check-{kind.key}"),
        "submit_label": label,
        "crumbs": [*kind.crumbs(), (kind.new, None)],
        "back": reverse("contacts:list"),
        "wide": True,
    }
    return http.dialog(request, "contacts/form.html", context)


def _prefilled(request, kind) -> dict:
    """What the page one comes from already knows: ?company= for a person, ?person= for a company."""
    key = http.number(request.GET.get("company" if kind.key == "person" else "person", ""))
    if kind.key == "person":
        company = Company.objects.visible_to(request.user).filter(pk=key).first()
        names = ("street", "postal_code", "city", "country")
        return {"company": company.pk} | {n: getattr(company, n) for n in names} if company else {}
    person = Person.objects.visible_to(request.user).filter(pk=key).first()
    return {n: getattr(person, n) for n in ("street", "postal_code", "city", "country")} if person else {}


def _link_back(request, kind, made) -> None:
    """A company made from a person's page becomes that person's."""
    key = http.number(request.GET.get("person", ""))
    if kind.key == "company" and key is not None:
        person = Person.objects.visible_to(request.user, Action.CHANGE).filter(pk=key, company=None).first()
        if person:
            actions.update_person(person=person, by=request.user, company=made)


@form_view
def edit(request, pk, kind):
    """All fields at once."""
    kind = KINDS[kind]
    contact = found(request, kind, pk, Action.CHANGE)
    url = contact.get_absolute_url()
    form = kind.form(request.POST or None, instance=contact, by=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            kind.update(**{kind.key: contact}, by=request.user, seen=form.seen, **form.values())
        except Overtaken as overtaken:
            form.show_conflict(overtaken.now)
        else:
            return http.done(request, url, _("Saved."))
    context = {
        "form": form,
        "kind": kind,
        "title": kind.edit,
        "matches": [],
        "check_url": f"{reverse(f'contacts:check-{kind.key}')}?except={pk}",
        "crumbs": [*kind.crumbs(), (str(contact), url), (_("Edit"), None)],
        "back": url,
        "wide": True,
    }
    return http.dialog(request, "contacts/form.html", context)


@form_view
def fact(request, pk, field, kind):
    """One field, in its place."""
    kind = KINDS[kind]
    contact = found(request, kind, pk, Action.CHANGE)
    form = kind.form(request.POST or None, instance=contact, by=request.user)
    http.require(field != "version")

    def save(bound):
        kind.update(**{kind.key: contact}, by=request.user, **bound.values())

    return recordpage.edit_fact(request, form=form, field=field, save=save, back=contact.get_absolute_url())


@require_POST
def check(request, kind):
    """The live duplicate check: the warning for what has been typed so far."""
    kind = KINDS[kind]
    http.require(request.user.may(Area.CONTACTS, Action.CREATE) or request.user.may(Area.CONTACTS, Action.CHANGE))
    form = kind.form(request.POST, by=request.user)
    key = request.GET.get("except", "")
    exclude = int(key) if key.isascii() and key.isdigit() and len(key) < 19 else None
    matches, _marks = _seen(request, kind, form, exclude)
    return HttpResponse(render_to_string("contacts/duplicates.html", {"matches": matches, "kind": kind}, request))


@require_POST
def active(request, pk, kind):
    """Set inactive, or active again."""
    kind = KINDS[kind]
    contact = found(request, kind, pk, Action.CHANGE)
    kind.update(**{kind.key: contact}, by=request.user, is_active=not contact.is_active)
    text = _("“%(name)s” is inactive now.") if contact.is_active else _("“%(name)s” is active again.")
    return http.done(request, contact.get_absolute_url(), text % {"name": contact})


@form_view
def delete(request, pk, kind):
    """Ask, then delete; what uses the record is named instead."""
    kind = KINDS[kind]
    contact = found(request, kind, pk, Action.DELETE)
    if request.method == "POST":
        name = str(contact)
        actions.delete(contact=contact, by=request.user)
        http.announce(request, _("“%(name)s” was deleted.") % {"name": name})
        return http.redirect(request, "contacts:list")
    context = {
        "title": _("Delete “%(name)s”?") % {"name": contact},
        "lead": _("The record and its files are deleted. What happened stays in the history."),
        "submit_label": _("Delete"),
        "submit_level": "danger",
        "back": contact.get_absolute_url(),
    }
    return http.dialog(request, "components/dialog.html", context)


# ── files ───────────────────────────────────────────────────────────────────────────────────────────
@require_POST
def upload(request, pk, kind):
    kind = KINDS[kind]
    contact = found(request, kind, pk, Action.CHANGE)
    back = f"{contact.get_absolute_url()}?tab=files"
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return http.done(request, back, " ".join(form.errors["files"]), level="bad")
    actions.attach(contact=contact, uploads=form.cleaned_data["files"], by=request.user)
    return http.done(request, back, _("Saved."))


@require_safe
def download(request, pk, file, kind):
    """A file of a record that the user may see."""
    return attachment(get_object_or_404(found(request, KINDS[kind], pk).files, pk=file))


@require_POST
def remove_file(request, pk, file, kind):
    contact = found(request, KINDS[kind], pk, Action.CHANGE)
    stored: StoredFile = get_object_or_404(contact.files, pk=file)
    actions.detach(contact=contact, file=stored, by=request.user)
    return http.done(
        request, f"{contact.get_absolute_url()}?tab=files", _("“%(name)s” was removed.") % {"name": stored}
    )


# ── pickers of other rooms' forms ───────────────────────────────────────────────────────────────────
@require_safe
def pick_company(request):
    """Companies for a picker: ?q= are words of the name, number, mail or place."""
    term = tidy(request.GET.get("q", ""), 200)
    companies = find(Company.objects.visible_to(request.user), term).order_by("-is_active", "sort_name", "pk")
    return http.picks(companies, hint=lambda company: " · ".join(filter(None, [company.number, company.city])))


@require_safe
def pick_person(request):
    """Persons for a picker."""
    term = tidy(request.GET.get("q", ""), 200)
    persons = find(Person.objects.visible_to(request.user), term).order_by("-is_active", "sort_name", "pk")
    return http.picks(persons, hint=lambda person: " · ".join(filter(None, [person.function, person.city])))
