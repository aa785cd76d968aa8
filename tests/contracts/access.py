"""The access matrix: every route × method × role × record kind, and what must come back in each cell."""

from collections import Counter
from dataclasses import dataclass, field

from tests.contracts import pageforms
from tests.contracts.routes import Route, all_routes
from tests.contracts.table import ANYONE, METHODS, PUBLIC, ROUTES, Access, accesses
from tests.contracts.visits import Visitor, checksum
from tests.contracts.world import KINDS, MISSING_PK, PERSONAL, ROLES, SCOPED, WORD, WORDS, World, reaches, scope

VISITOR = "visitor"
MISSING = "missing"
REFUSED = (403, 404)


@dataclass(frozen=True)
class Cell:
    """`of_record`: its answer, if denied, is to be compared with that for a record which does not exist."""

    route: Route
    access: Access
    method: str
    role: str
    kind: str
    url: str
    allowed: bool
    of_record: bool

    def __str__(self):
        return f"{self.method.upper()} {self.route.name} as {self.role}, {self.kind} record ({self.url})"


@dataclass
class Report:
    """`cells` counts what was tried, by what was expected; `leaks` says in a sentence each what was wrong."""

    cells: Counter = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.cells.values())


def may(need: str, role: str, label: str, owner: str | None) -> bool:
    """Does the standard give `role` what a method needs, with a record of `owner`?"""
    if need in (ANYONE, PUBLIC):
        return True
    first, *more = [tuple(part.split(".")) for part in need.split(" + ")]
    if any(scope(role, area, action) == "none" for area, action in more):
        return False
    area, action = first
    if label in SCOPED or label in PERSONAL:
        return reaches(role, area, action, owner)
    # Records without an owner are there for all or for none; a list or a form needs any right at all.
    return scope(role, area, action) == "all" if label else scope(role, area, action) != "none"


class Matrix:
    """Runs the cells. `only(route)` and `roles` narrow it; `samples` keeps what is posted for other tests as well."""

    def __init__(self, world: World, *, only=lambda route: True, roles=(*ROLES, VISITOR), samples=None):
        self.world, self.roles, self.report = world, roles, Report()
        found = all_routes()
        self.routes = [route for route in found if only(route) and route.name in ROUTES]
        self.report.uncovered = [route.name for route in found if route.name not in ROUTES]
        self.gone = sorted(set(ROUTES) - {route.name for route in found})
        self.samples: dict = {} if samples is None else samples
        self.admin = self._visitor("admin")

    def _visitor(self, role: str, api: bool = False) -> Visitor:
        if role == VISITOR:
            return Visitor()
        secret = ""
        if api:
            token = self.world.records["accounts.ApiToken", "plain", role]
            secret = self.world.children[token.pk]["secret"]
        return Visitor(self.world.people[role], secret)

    def enter(self, role: str) -> None:
        """From now on `send` asks as this role."""
        self.pages, self.programs = self._visitor(role), self._visitor(role, api=True)
        self.missing: dict = {}

    def allowed(self, role: str, *methods: str) -> list[Cell]:
        """The cells of one's own records, of shared ones, and of no record, that the role may have; enters as it."""
        self.enter(role)
        found = (cell for route in self.routes for cell in self.cells(route, role))
        return [c for c in found if c.allowed and c.method in methods and c.kind in ("no", "own", "shared")]

    def run(self) -> Report:
        for role in self.roles:
            self.enter(role)
            cells = [cell for route in self.routes for cell in self.cells(route, role)]
            before = checksum()
            for cell in cells:
                if not cell.allowed:
                    self.try_denied(cell)
            after = checksum()
            for table in (t for t in after if after[t] != before[t]):
                self.report.leaks.append(f"{role}: what was denied changed the table {table}")
            for cell in cells:
                if cell.allowed:
                    self.try_allowed(cell)
        return self.report

    # ── the cells ───────────────────────────────────────────────────────────────────────────────────
    def cells(self, route: Route, role: str):
        """Every cell of a route for a role."""
        for access in accesses(route.name):
            for method in METHODS if route.is_api else ("get", "post"):
                for kind, right, values in self.addresses(access, method, role):
                    of_record = bool(access.record) and kind != MISSING
                    yield Cell(route, access, method, role, kind, route.url(**values), right, of_record)

    def addresses(self, access: Access, method: str, role: str):
        """(kind, is it allowed, parameters of the address) for each record kind."""
        need = access.need(method)
        seen_as = "rep" if role == VISITOR else role

        def right(owner) -> bool:
            if not need or (role == VISITOR and need != PUBLIC):
                return False
            return may(need, role, access.record, owner)

        if not access.record:
            yield "no", right(None), self.fixed(access, None)
            return
        for kind in self.world.kinds(access.record):
            record, owner = self.world.record(access.record, seen_as, kind)
            values = self.fixed(access, record) | {access.by: record.pk}
            if access.child:
                values[access.child] = self.world.children[record.pk][access.child].pk
            if access.other:
                values[access.other[0]] = self.world.record(access.other[1], seen_as, "own")[0].pk
            first = kind in ("own", "shared")
            if first:
                yield MISSING, False, values | {access.by: MISSING_PK}
            # A field that points at what one may not see is not offered, so that saving does not take it away.
            hidden = kind == "crossed" and access.shows and not reaches(role, SCOPED[access.shows], "view", "stranger")
            yield kind, right(owner) and not hidden, values
            if first and access.child:
                foreign = self.world.record(access.record, seen_as, "foreign")[0]
                child = self.world.children[foreign.pk][access.child].pk
                yield "own, another's child", False, values | {access.child: child}
            if first and access.other:
                name, label = access.other
                for its in KINDS[1:]:
                    other, whose = self.world.record(label, seen_as, its)
                    seen = role != VISITOR and reaches(role, SCOPED[label], "view", whose)
                    yield f"own, with a {its} {name}", right(owner) and seen, values | {name: other.pk}

    def fixed(self, access: Access, record) -> dict:
        return {n: v(self.world, record) if callable(v) else v for n, v in access.fixed.items()}

    # ── what must come back ─────────────────────────────────────────────────────────────────────────
    def leak(self, cell: Cell, text: str) -> None:
        self.report.leaks.append(f"{cell}: {text}")

    def send(self, cell: Cell, *, keep=False, url="", data=None, part=False):
        visitor = self.programs if cell.route.is_api else self.pages
        if data is None and cell.method not in ("get", "delete"):
            data = self.sample(cell)
        as_json = cell.route.is_api and data is not None
        return visitor.visit(cell.method, url or cell.url, data, keep=keep, part=part, as_json=as_json)

    def sample(self, cell: Cell) -> dict:
        """What a POST sends: what the table says, else the form that an admin finds at the same address, filled in."""
        if cell.access.data is not None:
            return cell.access.data
        # Who is not signed in comes no further than the door, whatever is sent.
        form = None if cell.role == VISITOR else self.form(cell)
        return form.data() if form else {}

    def form(self, cell: Cell) -> pageforms.Form | None:
        """The form that a GET of the address shows to an admin, for a record of his own; None where there is none."""
        if cell.access.get is None or cell.route.is_api:
            return None
        place = (cell.route, tuple(cell.access.fixed.items()))
        if place not in self.samples:
            cells = (c for c in self.cells(cell.route, "admin") if c.access == cell.access)
            own = next(c for c in cells if c.method == "get" and c.allowed)
            forms = pageforms.read(self.admin.visit("get", own.url).text, own.url).forms
            mine = [form for form in forms if form.method == "post" and form.action.partition("?")[0] == own.url]
            self.samples[place] = mine[0] if mine else None
            for item in mine[0].fields.values() if mine else ():
                # What the admin's record says is no word of the record that it is posted to.
                item.value = WORDS.sub("Muster", item.value)
        return self.samples[place]

    def try_denied(self, cell: Cell) -> None:
        """The same answer as for a record that does not exist; nothing written; no foreign word."""
        self.report.cells["denied"] += 1
        answer = self.send(cell, keep=True)
        shown = (answer.status, answer.text.replace(cell.url, ""))
        if cell.kind == MISSING:
            self.missing[cell.route, cell.method] = shown
        offered = cell.access.need(cell.method) is not None
        if cell.role == VISITOR:
            wanted = 401 if cell.route.is_api else 302
            if answer.status != wanted and not (not offered and answer.status == 405):
                self.leak(cell, f"{answer.status} for somebody who is not signed in")
            return self.look_closer(cell, answer)
        if not offered and answer.status != 405 and answer.status not in REFUSED:
            self.leak(cell, f"{answer.status}, but the table says that this method is not offered")
        if offered and answer.status != 404:
            self.leak(cell, f"{answer.status} instead of 404 {answer.error}")
        if cell.of_record and shown != self.missing[cell.route, cell.method]:
            self.leak(cell, "differs from the answer for a record that does not exist")
        self.look_closer(cell, answer)

    def look_closer(self, cell: Cell, answer) -> None:
        if answer.writes:
            self.leak(cell, f"wrote although denied: {answer.writes[0]}")
        self.words(cell, answer)

    def words(self, cell: Cell, answer, where="") -> None:
        if bad := self.world.forbidden(cell.role, answer.text):
            self.leak(cell, f"shows what is not to be seen{where}: {', '.join(sorted(bad)[:3])}")

    def try_allowed(self, cell: Cell) -> None:
        """Neither refused nor broken; and no foreign word on the page or behind the links it has to itself."""
        self.report.cells["allowed"] += 1
        # Whole pages for one's own records; for the others the part shows the record as well.
        whole = cell.kind in ("own", "no", "shared")
        answer = self.send(cell, part=not whole)
        if answer.status in REFUSED or answer.status == 405 or answer.status >= 500:
            self.leak(cell, f"{answer.status} although allowed {answer.error}")
        self.words(cell, answer)
        if cell.method != "get" or not answer.is_html or cell.role not in ("rep", "lead"):
            return
        for url in [*pageforms.own_links(answer.text, cell.url), f"{cell.url}?q={WORD}"]:
            self.report.cells["links of a page"] += 1
            more = self.send(cell, url=url)
            if more.status >= 400:
                self.leak(cell, f"{more.status} behind its own link {url} {more.error}")
            self.words(cell, more, f" behind {url}")
