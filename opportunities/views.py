"""The page of an opportunity, its form, and what can be done with it."""

import datetime
from urllib.parse import urlencode

from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts.scope import Action, Area, allows
from crm.core import http, recordpage, show
from crm.core.normalise import phone_shown
from crm.core.refusals import Overtaken, Refused
from crm.files.forms import UploadForm
from crm.files.models import StoredFile
from crm.files.serve import attachment
from crm.mail import showing as mails
from opportunities import actions, board, menu, story, tabs
from opportunities.forms import LoseForm, OpportunityForm, difference, prefilled
from opportunities.models import Kind, Opportunity, Stage, Status

# What the overview tells; the tab History has it all.
RECENT = 15
STATUS_STYLE = {Status.OPEN: "accent", Status.WON: "ok", Status.LOST: "bad"}
form_view = require_http_methods(["GET", "HEAD", "POST"])


def find(request, pk, action=Action.VIEW) -> Opportunity:
    """The opportunity, if the user may do `action` with it; else 404."""
    return get_object_or_404(Opportunity.objects.visible_to(request.user, action).for_display(request.user), pk=pk)


# ── the record page ─────────────────────────────────────────────────────────────────────────────────
@require_safe
def opportunity(request, pk):
    """The record page; ?tab= chooses the tab."""
    record = find(request, pk)
    shown = tabs.seen_by(request)
    current = next((t for t in shown if t.key == request.GET.get("tab")), shown[0])
    address = record.get_absolute_url()
    context = {
        "title": record.title,
        "bar_title": record.number,
        "opportunity": record,
        "status_style": STATUS_STYLE[record.status],
        "lock": lock_sentence(record),
        "may_edit": not record.is_closed and allows(request.user, Action.CHANGE, record),
        "may_write": allows(request.user, Action.CHANGE, record),
        "subscribed": record.subscriptions.filter(user=request.user).exists(),
        "actions": menu.of(request, record),
        "steps": steps(request, record),
        "tabs": [
            {
                "label": tab.label,
                "url": address if tab is shown[0] else f"{address}?tab={tab.key}",
                "current": tab is current,
                "count": tab.count(request, record) if tab.count else None,
            }
            for tab in shown
        ],
        "content": current.render(request, record),
        "chance": chance(record),
        "inbox_item": inbox_item(request, record),
        "phone": phone(record),
    }
    return http.page(request, "opportunities/opportunity.html", context)


def chance(record) -> int:
    """The probability that counts now: won 100, lost 0, else its own or the stage's."""
    if record.is_closed:
        return 100 if record.status == Status.WON else 0
    return record.stage.probability if record.probability is None else record.probability


def phone(record) -> dict | None:
    """The number to ring: the person's, else the company's."""
    contacts = (record.person, "phone"), (record.person, "mobile"), (record.company, "phone")
    number = next(filter(None, (getattr(who, name, "") for who, name in contacts)), "")
    return {"number": number, "shown": phone_shown(number)} if number else None


def inbox_item(request, record):
    """The inbox item it came from, if the user may see that; the inbox lies above, so it is asked by its relation."""
    item = Opportunity._meta.get_field("inbox_item").related_model
    return item.objects.visible_to(request.user).filter(opportunity=record).first()


def lock_sentence(record) -> str:
    """Since when and why a closed one cannot be changed."""
    if record.status == Status.WON:
        return _("Won on %(day)s. The data can no longer be changed.") % {"day": show.day(record.won_at)}
    if record.status == Status.LOST:
        return _("Lost on %(day)s: %(reason)s. The data can no longer be changed.") % {
            "day": show.day(record.lost_at),
            "reason": record.loss_reason,
        }
    return ""


def steps(request, record) -> list[recordpage.Step]:
    """The stages with the days spent on each; a click moves."""
    spent, since = days_spent(record)
    stages = [s for s in record.pipeline.stages.all() if s.is_active or s.pk == record.stage_id]
    place = next(i for i, s in enumerate(stages) if s.pk == record.stage_id)
    movable = not record.is_closed and allows(request.user, Action.CHANGE, record)
    result = []
    for i, stage in enumerate(stages):
        state = "done" if i < place else "current" if i == place else "next"
        note = ""
        if state == "current" and not record.is_closed:
            note = (
                ngettext("for %(n)s day", "for %(n)s days", since) % {"n": show.number(since)}
                if since
                else _("since today")
            )
        elif spent.get(stage.pk):
            days = spent[stage.pk]
            note = ngettext("%(n)s day", "%(n)s days", days) % {"n": show.number(days)}
        url = None
        if movable and state != "current":
            url = reverse("opportunities:move", args=[record.pk, stage.pk])
        result.append(recordpage.Step(stage.name, state, note, url))
    return result


def days_spent(record) -> tuple[dict[int, int], int]:
    """({stage's id: days on it, over all visits}, days since the last change)."""
    changes = list(record.stage_changes.values_list("to_stage_id", "changed_at"))
    end = record.won_at or record.lost_at or timezone.now()
    spent: dict[int, int] = {}
    moments = [timezone.localdate(at) for _stage, at in changes] + [timezone.localdate(end)]
    for (stage, _at), begin, finish in zip(changes, moments, moments[1:], strict=False):
        spent[stage] = spent.get(stage, 0) + max(0, (finish - begin).days)
    return spent, max(0, (moments[-1] - moments[-2]).days) if changes else 0


# ── tabs ────────────────────────────────────────────────────────────────────────────────────────────
def overview_tab(request, record) -> str:
    """What it is about, and what happened."""
    may_edit = not record.is_closed and allows(request.user, Action.CHANGE, record)
    latest = story.of(record, user=request.user, limit=RECENT)
    context = {
        "opportunity": record,
        "may_edit": may_edit,
        "edit": reverse("opportunities:fact", args=[record.pk, "description"]) if may_edit else None,
        "parts": tabs.parts(request, record),
        "entries": latest.entries,
        "more_url": f"{record.get_absolute_url()}?tab=history" if latest.more else "",
    }
    return render_to_string("opportunities/tab_overview.html", context, request)


def history_tab(request, record) -> str:
    """Who changed what when, page by page; ?before= is where a page begins."""
    page = story.of(record, user=request.user, before=_moment(request.GET.get("before", "")))
    address = f"{record.get_absolute_url()}?tab=history"
    more = f"{address}&{urlencode({'before': page.more.isoformat()})}" if page.more else ""
    context = {"entries": page.entries, "more_url": more}
    return render_to_string("opportunities/tab_history.html", context, request)


def _moment(text: str):
    """The moment of ?before=; None if it makes no sense."""
    try:
        moment = datetime.datetime.fromisoformat(text[:40])
    except ValueError:
        return None
    return moment if timezone.is_aware(moment) and 1900 <= moment.year <= 2200 else None


def mails_tab(request, record) -> str:
    """The mails filed with an opportunity."""
    return mails.tab(request, "opportunity", record)


def mails_count(request, record) -> int:
    return mails.count("opportunity", record.pk, request.user)


def files_tab(request, record) -> str:
    """The files of an opportunity; also a closed one takes new ones."""
    context = {
        "opportunity": record,
        "files": record.files.select_related("uploaded_by"),
        "may_attach": allows(request.user, Action.CHANGE, record),
        "may_detach": not record.is_closed and allows(request.user, Action.CHANGE, record),
        "form": UploadForm(),
    }
    return render_to_string("opportunities/tab_files.html", context, request)


# ── the form ────────────────────────────────────────────────────────────────────────────────────────
def _form_page(request, form, *, title, back, crumbs, lead="", status=None):
    form.reload_on_change(request.get_full_path())
    if status is None:
        status = 422 if form.is_bound and form.errors else 200
    context = {"form": form, "title": title, "back": back, "crumbs": crumbs, "lead": lead}
    return http.page(request, "opportunities/form.html", context, status=status)


@form_view
def create(request):
    """A new opportunity, a lead by default; ?kind=, ?company= and ?person= fill in."""
    http.require(request.user.may(Area.OPPORTUNITIES, Action.CREATE))
    reload = request.method == "POST" and "reload" in request.POST
    form = OpportunityForm(
        request.POST if request.method == "POST" else None, by=request.user, initial=prefilled(request)
    )
    if request.method == "POST" and not reload and form.is_valid():
        try:
            made = actions.create_opportunity(by=request.user, **form.changes())
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            http.announce(request, _("%(number)s was created.") % {"number": made.number})
            return http.redirect(request, made)
    if reload:
        form.without_errors()
    crumbs = [(_("Opportunities"), reverse("opportunities:list")), (_("New opportunity"), None)]
    return _form_page(
        request,
        form,
        title=_("New opportunity"),
        back=reverse("opportunities:list"),
        crumbs=crumbs,
        status=200 if reload else None,
    )


@form_view
def edit(request, pk):
    """All business data of an open opportunity."""
    record = find(request, pk, Action.CHANGE)
    if record.is_closed:
        raise Refused(lock_sentence(record), back=record.get_absolute_url())
    reload = request.method == "POST" and "reload" in request.POST
    # A copy for the form: it writes what was typed into its instance, which the page must not show.
    typed = request.POST if request.method == "POST" else None
    form = OpportunityForm(typed, by=request.user, instance=find(request, pk, Action.CHANGE))
    seen = request.POST.get("seen", "")
    if request.method == "POST" and not reload and form.is_valid():
        try:
            actions.update_opportunity(opportunity=record, by=request.user, seen=seen, **form.changes())
        except Overtaken as overtaken:
            form.add_error(None, str(overtaken))
            for line in difference(form, overtaken.now):
                form.add_error(None, line)
            form.add_error(None, _("Save again to keep what you have typed."))
            record, seen = overtaken.now, actions.version(overtaken.now)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            http.announce(request, _("Saved."))
            return http.redirect(request, record)
    if reload:
        form.without_errors()
    form.seen = seen if request.method == "POST" else actions.version(record)
    crumbs = [
        (_("Opportunities"), reverse("opportunities:list")),
        (record.number, record.get_absolute_url()),
        (_("Edit"), None),
    ]
    return _form_page(
        request,
        form,
        title=_("Edit %(number)s") % {"number": record.number},
        back=record.get_absolute_url(),
        crumbs=crumbs,
        status=200 if reload else None,
    )


@form_view
def fact(request, pk, field):
    """One field, edited in place."""
    record = find(request, pk, Action.CHANGE)
    if record.is_closed:
        raise Refused(lock_sentence(record), back=record.get_absolute_url())
    form = OpportunityForm(request.POST if request.method == "POST" else None, by=request.user, instance=record)
    http.require(field not in {"kind", "pipeline", "stage"})

    def save(form):
        actions.update_opportunity(opportunity=record, by=request.user, **form.changes())

    return recordpage.edit_fact(
        request, form=form, field=field, save=save, back=record.get_absolute_url(), text=_("Saved.")
    )


# ── verbs ───────────────────────────────────────────────────────────────────────────────────────────
@require_POST
def move(request, pk, stage):
    """To another stage. From the board (with the stage it was seen on) the answer brings the columns' heads along."""
    record = find(request, pk, Action.CHANGE)
    target = get_object_or_404(Stage.objects.visible_to(request.user), pk=stage)
    seen = Stage.objects.filter(pk=http.number(request.POST.get("seen", ""))).first()
    moved = actions.move(opportunity=record, stage=target, by=request.user, seen=seen)
    if "board" in request.POST:
        return board.moved(request, moved)
    text = _("Stage: %(stage)s") % {"stage": target}
    return http.done(request, moved.get_absolute_url(), text)


@require_POST
def convert(request, pk):
    record = actions.convert_to_deal(opportunity=find(request, pk, Action.CHANGE), by=request.user)
    return http.done(request, record.get_absolute_url(), _("%(number)s is a deal now.") % {"number": record.number})


@require_POST
def subscribe(request, pk):
    record = find(request, pk)
    actions.subscribe(opportunity=record, by=request.user)
    text = _("You will be told of changes to %(number)s.") % {"number": record.number}
    return http.done(request, record.get_absolute_url(), text)


@require_POST
def unsubscribe(request, pk):
    record = find(request, pk)
    actions.unsubscribe(opportunity=record, by=request.user)
    text = _("You will no longer be told of changes to %(number)s.") % {"number": record.number}
    return http.done(request, record.get_absolute_url(), text)


def _ask(request, record, *, title, lead, label, form=None, level="primary", status=200):
    context = {
        "title": title,
        "lead": lead,
        "form": form or "",
        "submit_label": label,
        "submit_level": level,
        "back": record.get_absolute_url(),
    }
    return http.dialog(request, "components/dialog.html", context, status=status)


def _changeable(request, pk) -> Opportunity:
    """The opportunity, if it is open and the user may change it."""
    record = find(request, pk, Action.CHANGE)
    if record.is_closed:
        raise Refused(lock_sentence(record), back=record.get_absolute_url())
    return record


@form_view
def win(request, pk):
    """Asks once, then wins."""
    record = _changeable(request, pk)
    if request.method == "POST":
        actions.win(opportunity=record, by=request.user)
        return http.done(request, record.get_absolute_url(), _("%(number)s is won.") % {"number": record.number})
    if record.company:
        lead = _("%(company)s becomes a customer. After that the data of %(number)s can no longer be changed.")
    else:
        lead = _("After that the data of %(number)s can no longer be changed.")
    return _ask(
        request,
        record,
        title=_("Mark as won?"),
        lead=lead % {"company": record.company, "number": record.number},
        label=_("Mark as won"),
    )


@form_view
def lose(request, pk):
    """Asks for the reason, then loses."""
    record = _changeable(request, pk)
    form = LoseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        actions.lose(opportunity=record, by=request.user, **form.cleaned_data)
        return http.done(request, record.get_absolute_url(), _("%(number)s is lost.") % {"number": record.number})
    return _ask(
        request,
        record,
        title=_("Mark as lost"),
        lead=_("After that the data of %(number)s can no longer be changed.") % {"number": record.number},
        label=_("Mark as lost"),
        form=form,
        level="danger",
        status=422 if form.errors else 200,
    )


@form_view
def reopen(request, pk):
    """For admins: take the outcome back."""
    http.require(actions.may_reopen(request.user))
    record = find(request, pk, Action.CHANGE)
    if request.method == "POST":
        actions.reopen(opportunity=record, by=request.user)
        return http.done(request, record.get_absolute_url(), _("%(number)s is open again.") % {"number": record.number})
    return _ask(
        request,
        record,
        title=_("Reopen?"),
        lead=_("The outcome and its moment are taken back; the history keeps them. The company's status stays."),
        label=_("Reopen"),
    )


@form_view
def delete(request, pk):
    record = find(request, pk, Action.DELETE)
    if record.is_closed:
        raise Refused(lock_sentence(record), back=record.get_absolute_url())
    if request.method == "POST":
        actions.delete_opportunity(opportunity=record, by=request.user)
        http.announce(request, _("%(number)s was deleted.") % {"number": record.number})
        return http.redirect(request, "opportunities:list")
    return _ask(
        request,
        record,
        title=_("Delete %(number)s?") % {"number": record.number},
        lead=_("“%(title)s” is deleted with its subscriptions and stage history. This cannot be undone.")
        % {"title": record.title},
        label=_("Delete"),
        level="danger",
    )


# ── files ───────────────────────────────────────────────────────────────────────────────────────────
@require_POST
def attach(request, pk):
    """Keep uploads with the opportunity."""
    record = find(request, pk, Action.CHANGE)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        raise Refused(" ".join(error for errors in form.errors.values() for error in errors))
    for upload in form.cleaned_data["files"]:
        actions.attach(opportunity=record, upload=upload, by=request.user)
    n = len(form.cleaned_data["files"])
    text = ngettext("%(n)s file was added.", "%(n)s files were added.", n) % {"n": n}
    return http.done(request, f"{record.get_absolute_url()}?tab=files", text)


@require_safe
def file(request, pk, file):
    """Download a file, by way of its opportunity."""
    return attachment(get_object_or_404(find(request, pk).files, pk=file))


@form_view
def detach(request, pk, file):
    """Take a file off."""
    record = _changeable(request, pk)
    stored: StoredFile = get_object_or_404(record.files, pk=file)
    if request.method == "POST":
        actions.detach(opportunity=record, file=stored, by=request.user)
        text = _("“%(name)s” was removed.") % {"name": stored}
        return http.done(request, f"{record.get_absolute_url()}?tab=files", text)
    return _ask(
        request,
        record,
        title=_("Remove file?"),
        lead=_("“%(name)s” is removed from %(number)s.") % {"name": stored, "number": record.number},
        label=_("Remove"),
        level="danger",
    )


# ── the menu's entries of this room ─────────────────────────────────────────────────────────────────
def _entry(name, label, icon, *, right=Action.CHANGE, closed=True, css="", **how):
    """A builder of a menu entry: grey with the reason where the record is closed or the right is missing."""

    def build(request, record):
        reason = ""
        if closed and record.is_closed:
            reason = _("is won") if record.status == Status.WON else _("is lost")
        elif not allows(request.user, right, record):
            reason = _("no right")
        return recordpage.Action(
            str(label), icon, reverse(f"opportunities:{name}", args=[record.pk]), reason, css=css, **how
        )

    return build


def convert_entry(request, record):
    action = _entry("convert", gettext_lazy("Convert to deal"), "arrow-big-up", post=True)(request, record)
    if record.kind == Kind.DEAL:
        return recordpage.Action(action.label, action.icon, reason=_("is a deal already"))
    return action


def subscribe_entry(request, record):
    if record.subscriptions.filter(user=request.user).exists():
        url = reverse("opportunities:unsubscribe", args=[record.pk])
        return recordpage.Action(_("End subscription"), "bell-off", url, post=True)
    return recordpage.Action(_("Subscribe"), "bell", reverse("opportunities:subscribe", args=[record.pk]), post=True)


def reopen_entry(request, record):
    if not actions.may_reopen(request.user):
        return None
    action = _entry("reopen", gettext_lazy("Reopen …"), "lock-open", closed=False, dialog=True)(request, record)
    return action if record.is_closed else recordpage.Action(action.label, action.icon, reason=_("is open"))


def delete_entry(request, record):
    if not request.user.may(Area.OPPORTUNITIES, Action.DELETE):
        return None
    return _entry("delete", gettext_lazy("Delete …"), "trash", right=Action.DELETE, dialog=True)(request, record)


def register_menu() -> None:
    """This room's own entries; called once, when the application starts."""
    menu.register(menu.CONVERT, convert_entry)
    menu.register(menu.SUBSCRIBE, subscribe_entry)
    menu.register(menu.WON, _entry("win", gettext_lazy("Mark as won"), "trophy", css="ok", dialog=True))
    menu.register(menu.LOST, _entry("lose", gettext_lazy("Mark as lost …"), "circle-x", css="bad", dialog=True))
    menu.register(menu.REOPEN, reopen_entry)
    menu.register(menu.DELETE, delete_entry)
