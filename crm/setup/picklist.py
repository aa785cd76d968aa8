"""One page for every pick-list: add, rename, colour, order, archive, delete what nothing uses."""

from django import forms
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from crm.core import http
from crm.core.forms import TidyMixin
from crm.core.refusals import Refused
from crm.core.usage import in_use, usage
from crm.setup import actions, pages


class PickListPage:
    """The settings page of one pick-list. A room says what it is and registers it in AppConfig.ready():

        class Sources(PickListPage):
            model = Source
            slug = "sources"                  # /settings/sources/, settings:sources
            title = _("Sources")
            lead = _("Where a lead comes from.")
            label_add = _("New source")

        Sources.register(pages.SALES, _("Inbox"), position=10)

    `tabs` joins several lists into one entry of the navigation: the slugs and labels of all of them, the same in each
    of the classes; only the first is registered with a label. `flags` are the model's further yes/no fields; `marks`
    its fields with choices that are drawn before the name: each value is an icon's name. A colour is one by itself.
    `needed`: the list must keep an active entry.
    """

    model = None
    slug = ""
    title = ""
    lead = ""
    label_add = gettext_lazy("New entry")
    tabs: tuple = ()
    flags: tuple = ()
    marks: tuple = ()
    needed = False

    @classmethod
    def register(cls, group: str | None = None, label=None, *, position: int = 100, help="") -> None:
        """Add the addresses; with `group` also the entry of the navigation."""
        page = cls()
        pages.add_urls(page.urls())
        if group:
            pages.register(
                group,
                label or cls.title,
                f"settings:{cls.slug}",
                cls.model.area,
                position=position,
                help=help or cls.lead,
                also=tuple(f"settings:{slug}" for slug, _label in cls.tabs),
            )

    def urls(self) -> list:
        def at(address, view, name):
            return path(f"{self.slug}/{address}", view, name=f"{self.slug}{name}")

        return [
            at("", require_http_methods(["GET", "HEAD", "POST"])(lambda r: self.index(r)), ""),
            at("order/", require_POST(lambda r: self.order(r)), "-order"),
            at("<int:pk>/", require_POST(lambda r, pk: self.change(r, pk)), "-change"),
            at("<int:pk>/move/", require_POST(lambda r, pk: self.move(r, pk)), "-move"),
            at("<int:pk>/archive/", require_POST(lambda r, pk: self.archive(r, pk)), "-archive"),
            at("<int:pk>/restore/", require_POST(lambda r, pk: self.restore(r, pk)), "-restore"),
            at("<int:pk>/delete/", require_http_methods(["GET", "POST"])(lambda r, pk: self.delete(r, pk)), "-delete"),
        ]

    # ── what is seen ────────────────────────────────────────────────────────────────────────────────
    def url(self, name="", *args) -> str:
        return reverse(f"settings:{self.slug}{name}", args=args)

    @property
    def fields(self) -> list[str]:
        """The fields of a row, in the order in which they are shown."""
        return ["name", *self.drawn, *self.flags]

    @property
    def drawn(self) -> list[str]:
        """The fields that are drawn before the name."""
        return [f.name for f in self.model._meta.fields if f.name == "colour" or f.name in self.marks]

    def marks_of(self, entry) -> list[dict]:
        """What is drawn before the name of an entry, and what it can be changed to."""
        fields = [self.model._meta.get_field(name) for name in self.drawn]
        return [
            {
                "field": field.name,
                "title": field.verbose_name,
                "value": getattr(entry, field.name),
                "label": getattr(entry, f"get_{field.name}_display")(),
                "choices": field.choices,
            }
            for field in fields
        ]

    def form(self, data=None, entry=None):
        """The form of one row, or of the empty one below the list."""

        class EntryForm(TidyMixin, forms.ModelForm):
            class Meta:
                model = self.model
                fields = self.fields

            def clean_name(form):
                name = " ".join(form.cleaned_data["name"].split())
                if not name:
                    raise ValidationError(_("Enter a name."))
                if self.model.objects.filter(name__iexact=name).exclude(pk=form.instance.pk).exists():
                    raise ValidationError(_("“%(name)s” is already in the list."), params={"name": name})
                return name

        form = EntryForm(data, instance=entry, auto_id=f"entry-{entry.pk if entry else 'new'}-%s")
        form.fields["name"].widget.attrs |= {"autocomplete": "off"}
        for name in self.drawn:
            form.fields[name].required = False
        return form

    def show(self, request, *, wrong=None, new=None, status: int = 200):
        """The page. `wrong`: the form of a row with errors; `new`: that of the empty row."""
        user = request.user
        may_change = user.scope(self.model.area, "change") == "all"
        used = usage(self.model, user)
        rows = []
        for entry in self.model.objects.visible_to(user):
            bound = wrong if wrong is not None and wrong.instance.pk == entry.pk else None
            rows.append(
                {
                    "entry": entry,
                    "form": bound or self.form(entry=entry),
                    "marks": self.marks_of(entry),
                    "used": used.get(entry.pk, 0),
                    "change": self.url("-change", entry.pk),
                    "move": self.url("-move", entry.pk),
                    "archive": self.url("-archive", entry.pk),
                    "restore": self.url("-restore", entry.pk),
                    "delete": self.url("-delete", entry.pk),
                }
            )
        context = {
            "title": self.title,
            "lead": self.lead,
            "label_add": self.label_add,
            "tabs": [
                {"label": label, "url": reverse(f"settings:{slug}"), "current": slug == self.slug}
                for slug, label in self.tabs
            ],
            "active": [row for row in rows if row["entry"].is_active],
            "archived": [row for row in rows if not row["entry"].is_active],
            "flags": [self.model._meta.get_field(name).verbose_name for name in self.flags],
            "new": new or self.form(),
            "index_url": self.url(),
            "order_url": self.url("-order"),
            "may_change": may_change,
            "may_create": user.scope(self.model.area, "create") == "all",
            "may_delete": user.scope(self.model.area, "delete") == "all",
        }
        return pages.page(request, "setup/picklist.html", context, status=status)

    def answer(self, request, text=None):
        """After a change: the list as it is now, or for a visitor back to it."""
        if text:
            http.announce(request, text)
        return self.show(request) if http.is_part(request) else http.redirect(request, self.url())

    def refused(self, request, reason: Refused):
        """What cannot be done: said in a message, the list stays."""
        http.announce(request, str(reason), level="bad")
        return self.show(request, status=200) if http.is_part(request) else http.redirect(request, self.url())

    def entry(self, request, pk: int, action="change"):
        """The entry, if the user may do `action` with it; else 404."""
        return get_object_or_404(self.model.objects.visible_to(request.user, action), pk=pk)

    # ── the addresses ───────────────────────────────────────────────────────────────────────────────
    def index(self, request):
        http.require(request.user.may(self.model.area))
        if request.method != "POST":
            return self.show(request)
        http.require(request.user.scope(self.model.area, "create") == "all")
        form = self.form(request.POST)
        if not form.is_valid():
            return self.show(request, new=form, status=422)
        fields = {k: v for k, v in form.cleaned_data.items() if v != ""}
        entry = actions.add_entry(model=self.model, by=request.user, **fields)
        return self.answer(request, _("“%(name)s” was added.") % {"name": entry})

    def change(self, request, pk):
        entry = self.entry(request, pk)
        data = request.POST.copy()
        for name in self.fields:
            # A row sends what was touched; a box that is not ticked says so by its companion.
            if name not in data and f"{name}-shown" not in data and getattr(entry, name):
                data[name] = getattr(entry, name)
        form = self.form(data, entry)
        if not form.is_valid():
            return self.show(request, wrong=form, status=422)
        changed = {name: form.cleaned_data[name] for name in form.changed_data if form.cleaned_data[name] != ""}
        if changed:
            actions.change_entry(entry=self.entry(request, pk), by=request.user, **changed)
        return self.answer(request, _("Saved.") if changed else None)

    def order(self, request):
        http.require(request.user.scope(self.model.area, "change") == "all")
        ids = [int(i) for i in request.POST.getlist("id")[:1000] if i.isdecimal() and len(i) < 19]
        actions.order_entries(model=self.model, by=request.user, ids=ids)
        return self.answer(request)

    def move(self, request, pk):
        step = {"up": -1, "down": 1}.get(request.POST.get("to"))
        http.require(step)
        actions.move_entry(entry=self.entry(request, pk), by=request.user, step=step)
        return self.answer(request)

    def archive(self, request, pk):
        try:
            entry = actions.archive_entry(entry=self.entry(request, pk), by=request.user, needed=self.needed)
        except Refused as reason:
            return self.refused(request, reason)
        return self.answer(request, _("“%(name)s” was archived and is no longer offered.") % {"name": entry})

    def restore(self, request, pk):
        entry = actions.restore_entry(entry=self.entry(request, pk), by=request.user)
        return self.answer(request, _("“%(name)s” is offered again.") % {"name": entry})

    def delete(self, request, pk):
        entry = self.entry(request, pk, "delete")
        if request.method == "GET":
            number = usage(self.model, request.user).get(entry.pk, 0)
            context = {
                "title": _("Delete “%(name)s”?") % {"name": entry},
                "entry": entry,
                "reason": in_use(entry, request.user, _("Archive it instead.")) if number else "",
                "archive_url": self.url("-archive", entry.pk) if entry.is_active else "",
                "back": self.url(),
            }
            return http.dialog(request, "setup/picklist_delete.html", context)
        try:
            actions.delete_entry(entry=entry, by=request.user, needed=self.needed and entry.is_active)
        except Refused as reason:
            http.announce(request, str(reason), level="bad")
            return http.done(request, self.url())
        return http.done(request, self.url(), _("“%(name)s” was deleted.") % {"name": entry})
