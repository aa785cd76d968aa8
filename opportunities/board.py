"""The board: open opportunities of one pipeline by stage. Heads count all cards, columns load them as one scrolls."""

import datetime
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.db.models import Count, DateTimeField, DecimalField, Q, Sum, Value, Window
from django.db.models.functions import Coalesce, RowNumber
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from crm.accounts.scope import Action, Area, allows
from crm.core import clock, http, offers, show
from crm.core.listing import ListPage
from opportunities.browse import NOTHING, CardFilters, views_switch
from opportunities.models import Kind, Opportunity, Pipeline, Stage

# Cards of a column that come at once.
CARDS = 20
MONEY = DecimalField(max_digits=18, decimal_places=2)


@dataclass
class Head:
    """A column: its stage, the figures over all of its cards, and those cards that are loaded."""

    stage: Stage
    shade: str
    count: int = 0
    value: object = NOTHING
    weighted: object = NOTHING
    cards: list = field(default_factory=list)
    more: str = ""


@dataclass(frozen=True)
class Card:
    record: Opportunity
    company: str
    due: str
    due_css: str
    due_icon: str
    may_change: bool


def shade(percent: int) -> str:
    """The colour of a stage that has none of its own: the likelier, the deeper."""
    return f"r{min(5, max(1, (percent + 19) // 20))}"


def in_order(queryset):
    """By the next step: overdue, today, none, later. The key of the order is (place, id)."""
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    # A step of the whole day is due at midnight: what has no step comes just after that.
    none = clock.midnight(tomorrow, timezone.get_current_timezone()) + datetime.timedelta(microseconds=1)
    place = Coalesce("next_step_at", Value(none, output_field=DateTimeField()))
    return queryset.annotate(place=place).order_by("place", "pk")


def after(queryset, place: datetime.datetime, pk: int):
    """What follows that card in the order."""
    return queryset.filter(Q(place__gt=place) | Q(place=place, pk__gt=pk))


def card_of(record, user) -> Card:
    """What a card shows. Without a company that the user may see: the person."""
    company = record.company
    name = short_name(company) if company else str(record.person or "")
    step = next_step(record) if user.may(Area.ACTIVITIES) else ("", "", "calendar")
    return Card(record, name, *step, may_change=allows(user, Action.CHANGE, record))


def next_step(record) -> tuple[str, str, str]:
    """(text, class, icon) for the moment at which the next activity is due."""
    due = record.next_step_at
    if due is None:
        return _("No activity"), "warn", "calendar-off"
    # Of a whole day the due moment is the midnight after it.
    local = timezone.localtime(due - datetime.timedelta(microseconds=1))
    if due < timezone.now():
        return _("Overdue since %(day)s") % {"day": show.short_day(local.date())}, "bad", "alarm"
    if local.date() > timezone.localdate():
        return show.short_day(local.date()), "dim", "calendar"
    is_day = timezone.localtime(due).time() == datetime.time()
    return _("Today") if is_day else _("today %(time)s") % {"time": show.clock(due)}, "accent", "clock"


def short_name(company) -> str:
    """The company's name without its legal form, where that is known."""
    name, form = company.name, company.legal_form.strip()
    if form and name.casefold().endswith(f" {form.casefold()}"):
        return name[: -len(form)].rstrip(" ,")
    words = name.split()
    while len(words) > 1 and words[-1].strip(".,()").casefold() in LEGAL_WORDS:
        words.pop()
    return " ".join(words).rstrip(" ,&") or name


LEGAL_WORDS = {"gmbh", "mbh", "ggmbh", "co", "kg", "kgaa", "ag", "se", "ug", "ohg", "gbr", "eg", "&", "+", "und"}
LEGAL_WORDS |= {
    "inc",
    "llc",
    "ltd",
    "plc",
    "corp",
    "b.v",
    "bv",
    "n.v",
    "nv",
    "s.a",
    "sa",
    "sarl",
    "sas",
    "s.r.l",
    "srl",
}
LEGAL_WORDS |= {"e.k", "ek", "e.v", "ev", "partg", "partgmbb", "haftungsbeschränkt", ""}


class Board(ListPage):
    """/opportunities/board/. Filters, search, kind and pipeline are in the address."""

    model = Opportunity
    title = gettext_lazy("Opportunities")
    template = "opportunities/board.html"
    filterset_class = CardFilters
    main_filters = ("owner", "tags")
    create_url = "opportunities:new"
    create_label = gettext_lazy("Opportunity")
    search_hint = gettext_lazy("Search the board")
    head_template = "components/views_switch.html"

    def search(self, queryset, term):
        return queryset.search(self.request.user, term)

    # ── which pipeline ──────────────────────────────────────────────────────────────────────────────
    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        pipelines = list(Pipeline.objects.visible_to(request.user).filter(is_active=True)) if request.user.pk else []
        wish = self.query.get("pipeline", "")
        self.pipeline = next((p for p in pipelines if str(p.pk) == wish), None)
        kind = self.query.get("kind")
        self.kind = self.pipeline.kind if self.pipeline else kind if kind in Kind.values else Kind.DEAL
        self.pipelines = sorted(
            (p for p in pipelines if p.kind == self.kind), key=lambda p: (not p.is_default, p.position, p.name)
        )
        self.pipeline = self.pipeline or next(iter(self.pipelines), None)

    def base(self, action="view"):
        """The open cards of the pipeline that the user may see."""
        return super().base(action).open().filter(pipeline=self.pipeline)

    # ── columns ─────────────────────────────────────────────────────────────────────────────────────
    def heads(self, stages=None) -> list[Head]:
        """The columns with their figures, over all cards that filters and search find; one query for all."""
        found = {
            row["stage"]: row
            for row in self.narrowed(self.base())
            .with_chance()
            .order_by()
            .values("stage")
            .annotate(
                cards=Count("pk"),
                value=Coalesce(Sum("estimated_value"), NOTHING, output_field=MONEY),
                weighted=Coalesce(Sum("weighted_value"), NOTHING, output_field=MONEY),
            )
        }
        columns = []
        for stage in self.pipeline.stages.all() if self.pipeline else ():
            # A stage that was taken off is a column as long as cards are left on it.
            if not stage.is_active and stage.pk not in found:
                continue
            head = Head(stage, f"colour-{stage.colour}" if stage.colour else shade(stage.probability))
            row = found.get(stage.pk)
            if row:
                head.count, head.value, head.weighted = row["cards"], row["value"], row["weighted"]
            columns.append(head)
        return columns

    def fill(self, heads: list[Head]) -> None:
        """The first cards of all columns: their ids in one query, their data in a fixed number of others."""
        first = in_order(self.narrowed(self.base())).annotate(
            nth=Window(RowNumber(), partition_by="stage_id", order_by=["place", "pk"])
        )
        ids = list(first.filter(nth__lte=CARDS).order_by().values_list("pk", flat=True))
        by_stage: dict[int, list] = {}
        for record in in_order(Opportunity.objects.filter(pk__in=ids)).for_display(self.request.user):
            by_stage.setdefault(record.stage_id, []).append(record)
        for head in heads:
            self._show(head, by_stage.get(head.stage.pk, []), left=head.count)

    def _show(self, head: Head, records: list, left: int) -> None:
        head.cards = [card_of(record, self.request.user) for record in records]
        if left > len(records) and records:
            last = records[-1]
            mark = f"{last.place.isoformat()}~{last.pk}"
            query = self.query_of(after=mark)
            head.more = f"{reverse('opportunities:column', args=[head.stage.pk])}?{query}"

    def query_of(self, **more: str) -> str:
        """This board's filters as a query, with the pipeline said."""
        pairs = [(k, v) for k, v in self._kept() if k not in ("after", "pipeline", "kind")]
        return urlencode([*pairs, ("pipeline", self.pipeline.pk if self.pipeline else ""), *more.items()])

    # ── the answer ──────────────────────────────────────────────────────────────────────────────────
    def context(self):
        heads = self.heads()
        self.fill(heads)
        main, more, chips = self.filters()
        return {
            "view": self,
            "title": self.title,
            "heads": heads,
            "total": totals(heads),
            "board_query": self.query_of(),
            "kinds": [
                {"label": label, "url": self.address(kind=key, pipeline=None), "current": key == self.kind}
                for key, label in ((Kind.LEAD, _("Leads")), (Kind.DEAL, _("Deals")))
            ],
            "pipelines": [
                {"pipeline": p, "url": self.address(pipeline=str(p.pk), kind=None), "current": p == self.pipeline}
                for p in self.pipelines
            ],
            "pipeline": self.pipeline,
            "main_filters": main,
            "more_filters": more,
            "more_on": any(f["on"] for f in more),
            "chips": chips,
            "term": self.term,
            "reset_url": self.address(q=None, **{k: None for f in main + more for k in f["keys"]}),
            "narrowed": bool(chips or self.term),
            "kept": self._kept(),
            "kept_plain": self._kept("q", *(k for f in main + more for k in f["keys"])),
            "create": self._create(),
            "self_url": self.address(),
            **views_switch(self, "board"),
        }

    def _create(self):
        if not self.request.user.may(self.model.area, Action.CREATE):
            return None
        return f"{reverse('opportunities:new')}?kind={self.kind}"


class Column(Board):
    """/opportunities/board/<stage>/: the next cards of a column, for those who scroll."""

    def get(self, request, stage):
        http.require(request.user.may(self.model.area))
        stage = get_object_or_404(Stage.objects.visible_to(request.user), pk=stage, pipeline=self.pipeline)
        cards = in_order(self.narrowed(self.base()).filter(stage=stage))
        mark = self.mark()
        if mark:
            cards = after(cards, *mark)
        records = list(cards.for_display(request.user)[: CARDS + 1])
        head = Head(stage, "")
        # One more than shown says whether there are more.
        self._show(head, records[:CARDS], left=len(records))
        context = {"head": head, "board_query": self.query_of(), "title": self.title}
        return http.page(request, "opportunities/cards.html", context)

    def mark(self):
        """Where the last part ended: (moment, id); None if the address says nothing sensible."""
        place, _tilde, pk = self.query.get("after", "").partition("~")
        try:
            moment = datetime.datetime.fromisoformat(place)
            return (moment, min(int(pk), 2**62)) if timezone.is_aware(moment) else None
        except ValueError:
            return None


def totals(heads: list[Head]) -> dict:
    """The figures of the whole board."""
    return {
        "count": sum(h.count for h in heads),
        "value": sum((h.value for h in heads), NOTHING),
        "weighted": sum((h.weighted for h in heads), NOTHING),
    }


def _board_of(request) -> Board:
    """The board as its page shows it, from the query that a card's action carries along."""
    view = Board()
    view.setup(request)
    return view


def moved(request, record) -> HttpResponse:
    """The answer to a move on the board: the heads and the total, to be put in place of the old ones."""
    view = _board_of(request)
    heads = view.heads()
    context = {"heads": heads, "total": totals(heads), "view": view, "swap": True}
    http.announce(request, _("%(number)s: %(stage)s") % {"number": record.number, "stage": record.stage})
    return HttpResponse(render_to_string("opportunities/board_heads.html", context, request))


@require_safe
def card_menu(request, pk):
    """What can be done with a card, as a dialog: open, move, win, lose. For the keyboard and the phone."""
    record = get_object_or_404(Opportunity.objects.visible_to(request.user).for_display(request.user), pk=pk)
    may_change = not record.is_closed and allows(request.user, Action.CHANGE, record)
    context = {
        "title": record.title,
        "opportunity": record,
        "may_change": may_change,
        "stages": [s for s in record.pipeline.stages.all() if s.is_active or s.pk == record.stage_id],
        "back": record.get_absolute_url(),
        "offers": offers.of(request, record),
    }
    return http.dialog(request, "opportunities/card_menu.html", context)
