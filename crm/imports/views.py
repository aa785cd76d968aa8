"""The pages of an import: file, columns, preview, progress, result. A run belongs to whoever made it."""

from django.core.paginator import Paginator
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts.scope import Action
from crm.core import http
from crm.core.recordpage import Step
from crm.files.serve import attachment
from crm.imports import actions, engine, forms, reading, results, targets
from crm.imports.models import ImportRun, ImportStatus
from crm.setup import pages

STATES = {
    ImportStatus.UPLOADED: "open",
    ImportStatus.READY: "open",
    ImportStatus.RUNNING: "accent",
    ImportStatus.DONE: "ok",
    ImportStatus.FAILED: "bad",
    ImportStatus.UNDOING: "accent",
    ImportStatus.UNDONE: "grey",
}
QUICK_ROWS, MANY_ROWS = 2_000, 50_000
PAGE_SIZE = 50


def _run(request, pk: int) -> ImportRun:
    runs = ImportRun.objects.visible_to(request.user).select_related("file", "created_by")
    run = get_object_or_404(runs, pk=pk)
    run.state = STATES[run.status]
    return run


def _working_on(request, pk: int) -> ImportRun:
    """The run, if its user may still create such records."""
    run = _run(request, pk)
    target = targets.get(run.target)
    http.require(target and request.user.may(target.area, Action.CREATE))
    return run


def _steps(now: int) -> list[Step]:
    """The four steps of an import, of which number `now` (from 0) is the present one."""
    labels = [_("File"), _("Assign columns"), _("Check"), _("Import")]
    states = ["done" if place < now else "current" if place == now else "next" for place in range(4)]
    return [Step(label, state) for label, state in zip(labels, states, strict=True)]


@require_safe
def overview(request):
    """All imports that this user may see, newest first."""
    runs = ImportRun.objects.visible_to(request.user).select_related("file", "created_by")
    page = Paginator(runs, PAGE_SIZE).get_page(request.GET.get("page"))
    for run in page:
        target = targets.get(run.target)
        run.state, run.label = STATES[run.status], target.label if target else run.target
    context = {
        "title": _("Imports"),
        "lead": _("Files on their way in, what became of their rows, and the way back."),
        "page": page,
        "may": bool(targets.open_to(request.user)),
    }
    return pages.page(request, "imports/overview.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request):
    """Step 1: the file, and what is in it."""
    http.require(targets.open_to(request.user))
    initial = {"target": request.GET.get("target", "")}
    form = forms.UploadForm(request.POST or None, request.FILES or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            run = actions.upload(file=form.cleaned_data["file"], target=form.cleaned_data["target"], by=request.user)
        except reading.Unreadable as error:
            form.add_error("file", str(error))
        else:
            return http.redirect(request, "imports:mapping", run.pk)
    context = {"title": _("Import a file"), "bar_title": _("Imports"), "form": form, "steps": _steps(0)}
    return pages.page(request, "imports/new.html", context)


@require_safe
def run(request, pk):
    """Where the import stands: on to the step that is next, progress, or the result."""
    record = _run(request, pk)
    if record.status == ImportStatus.UPLOADED:
        return http.redirect(request, "imports:mapping", pk)
    if record.status == ImportStatus.READY:
        return http.redirect(request, "imports:preview", pk)
    target = targets.get(record.target)
    context = {
        "title": record.file.name,
        "bar_title": _("Imports"),
        "run": record,
        "target": target,
        "steps": _steps(3 if record.status == ImportStatus.RUNNING else 4),
        "kept": record.effects.exclude(kept="").count(),
        "effects": record.effects.count(),
        # An undoing that stopped goes on; there is no second way to the same.
        "may_undo": actions.may_undo(record) and not (record.undone and record.status == ImportStatus.FAILED),
        "may_work": target is not None and request.user.may(target.area, Action.CREATE),
        "reasons": results.commonest_reasons(record) if record.rejected else [],
    }
    return pages.page(request, "imports/run.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def mapping(request, pk):
    """Step 2: how the file is read, and which column goes where."""
    record = _working_on(request, pk)
    if record.status not in (ImportStatus.UPLOADED, ImportStatus.READY):
        return http.redirect(request, "imports:run", pk)
    problems = []
    if request.method == "POST":
        chosen, formats = forms.read_mapping(request.POST, record)
        record = actions.assign(run=record, chosen=chosen, formats=formats, by=request.user)
        if record.status == ImportStatus.READY:
            return http.redirect(request, "imports:preview", pk)
        problems = forms.mapping_context(record)["problems"]
    context = {
        "title": record.file.name,
        "bar_title": _("Imports"),
        "run": record,
        "target": targets.get(record.target),
        "steps": _steps(1),
        "reading": forms.ReadingForm(read=record.reading),
        **forms.mapping_context(record),
        "problems": problems,
    }
    return pages.page(request, "imports/mapping.html", context)


@require_POST
def read_again(request, pk):
    """The file once more, with another encoding, delimiter, sheet, …"""
    record = _working_on(request, pk)
    form = forms.ReadingForm(request.POST, read=record.reading)
    if form.is_valid():
        try:
            actions.read_again(run=record, given=form.given(), by=request.user)
        except reading.Unreadable as error:
            http.announce(request, str(error), "bad")
    else:
        http.announce(request, _("This cannot be chosen for the file."), "bad")
    return http.redirect(request, "imports:mapping", pk)


@require_safe
def preview(request, pk):
    """Step 3: what would happen. Writes nothing."""
    record = _working_on(request, pk)
    if record.status != ImportStatus.READY:
        return http.redirect(request, "imports:run", pk)
    limit = MANY_ROWS if request.GET.get("rows") == "all" else QUICK_ROWS
    try:
        found = engine.preview(record, limit=limit)
    except reading.Unreadable as error:
        http.announce(request, str(error), "bad")
        return http.redirect(request, "imports:mapping", pk)
    names = [
        {"key": engine.CREATED, "label": _("New")},
        {"key": engine.CHANGED, "label": _("Changed")},
        {"key": engine.UNCHANGED, "label": _("Already there")},
        {"key": "rejected", "label": _("Rejected")},
    ]
    for entry in names:
        entry |= {"count": found.counts[entry["key"]], "rows": found.examples[entry["key"]]}
    shown = [c["name"] for c in record.reading["columns"]][:6]
    context = {
        "title": record.file.name,
        "bar_title": _("Imports"),
        "run": record,
        "target": targets.get(record.target),
        "steps": _steps(2),
        "found": found,
        "outcomes": names,
        "columns": shown,
        "many": MANY_ROWS,
        "all": limit == MANY_ROWS,
    }
    return pages.page(request, "imports/preview.html", context)


@require_POST
def start(request, pk):
    """Step 4: off to the worker."""
    record = actions.start(run=_working_on(request, pk), by=request.user)
    return http.redirect(request, "imports:run", record.pk)


@require_POST
def go_on(request, pk):
    """A failed import goes on where it stopped."""
    record = actions.go_on(run=_working_on(request, pk), by=request.user)
    return http.redirect(request, "imports:run", record.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def undo(request, pk):
    """Asks, then takes the whole import back."""
    record = _working_on(request, pk)
    if request.method == "POST":
        actions.undo_import(run=record, by=request.user)
        return http.redirect(request, "imports:run", pk)
    context = {
        "title": _("Undo this import?"),
        "run": record,
        "made": record.effects.filter(before__isnull=True).count(),
        "changed": record.effects.filter(before__isnull=False).count(),
        "back": reverse("imports:run", args=[pk]),
        "submit_label": _("Undo import"),
        "submit_level": "danger",
    }
    return http.dialog(request, "imports/undo.html", context)


@require_POST
def discard(request, pk):
    """Throw away an import that was never started."""
    actions.discard(run=_working_on(request, pk), by=request.user)
    http.announce(request, _("The file was thrown away; nothing was imported."), "info")
    return http.redirect(request, "imports:overview")


@require_safe
def rejected(request, pk):
    """The rejected rows with their reasons, as a CSV file."""
    record = _run(request, pk)
    response = StreamingHttpResponse(results.rejected_rows(record), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="import-{record.pk}-rejected.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
def file(request, pk):
    """The file as it was uploaded."""
    return attachment(_run(request, pk).file)


@require_safe
def records(request, pk):
    """The records that the run made or changed, and those that an undo has kept."""
    record = _run(request, pk)
    effects = record.effects.select_related("record_type").order_by("row", "pk")
    tab = request.GET.get("tab", "")
    if tab == "kept":
        effects = effects.exclude(kept="")
    elif tab == "changed":
        effects = effects.filter(before__isnull=False)
    elif tab == "created":
        effects = effects.filter(before__isnull=True)
    page = Paginator(effects, PAGE_SIZE).get_page(request.GET.get("page"))
    _dress(page, request.user)
    labels = {"": _("All"), "created": _("New"), "changed": _("Changed"), "kept": _("Kept")}
    context = {
        "title": _("Records of this import"),
        "run": record,
        "page": page,
        "tab": tab,
        "tabs": [{"key": key, "label": label, "current": key == tab} for key, label in labels.items()],
    }
    return pages.page(request, "imports/records.html", context)


def _dress(page, user) -> None:
    """Give each effect its record, as far as the user may see it."""
    found = {}
    for kind in {effect.record_type for effect in page}:
        model = kind.model_class()
        ids = [effect.record_id for effect in page if effect.record_type_id == kind.pk]
        seen = model.objects.visible_to(user) if hasattr(model.objects, "visible_to") else model.objects.none()
        found |= {(kind.pk, pk): record for pk, record in seen.in_bulk(ids).items()}
    for effect in page:
        effect.record = found.get((effect.record_type_id, effect.record_id))
        effect.kind = effect.record_type.model_class()._meta.verbose_name
        effect.url = effect.record.get_absolute_url() if hasattr(effect.record, "get_absolute_url") else ""
