"""36 months of a sales department, day by day, seeded random: who asked, who was called, what was won and lost.

Time is in seconds since the first day's midnight here. The same seed gives the same story, relative to today.
"""

import datetime
import heapq
import math
from array import array
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random

from contacts.models import Company, Person
from crm.accounts.models import User
from crm.demo import words
from crm.demo.load import Table
from crm.demo.world import World, ascii_of
from crm.lists.models import Priority, Source, Tag
from inbox.models import InboxItem, ProcessingStatus
from opportunities.models import LossReason, Opportunity, OpportunityTag, Pipeline, StageChange

DAYS = 3 * 365 + 1
DAY = 86_400
# For each opportunity: companies, persons for each company, inbox items.
COMPANIES, PERSONS, ITEMS = 1 / 3, 1.8, 0.84
LONG_AGO = 0.45  # the part of the companies that was there at the beginning
SEASON = [0.95, 1.0, 1.15, 1.05, 1.0, 1.0, 0.85, 0.7, 1.15, 1.2, 1.1, 0.65]
ITEM_SOURCES = {
    "Webformular": 30, "E-Mail": 20, "Lead Agentur": 12, "Kaltakquise": 10, "csv Datei": 8, "Facebook": 7, "Messe": 7,
    "Empfehlung": 6,
}  # fmt: skip
DEAL_REASONS = {
    "Preis": 32, "Lieferzeit": 20, "Wettbewerber": 18, "Projekt gestoppt": 14, "Technik": 8, "Zeitpunkt": 5,
    "Sonstiges": 3,
}  # fmt: skip
LEAD_REASONS = {"Kein Bedarf": 33, "Kein Budget": 23, "Nicht erreicht": 20, "Wettbewerber": 14, "Sonstiges": 10}
HAAS_LEFT = DAYS - 430


# First persons of known companies who write again: their mail finds them.
_ALREADY_KNOWN = {
    place: (first, last, "ms" if first in words.FEMALE or first == "Carina" else "mr")
    for _title, _company, place, first, last, *_rest in words.WAITING
    if place in {4, 7, 16}
}


@dataclass
class Path:
    """A pipeline: its id, the ids of its stages, how many days a stage takes."""

    pk: int
    stages: list[int]
    days: float


@dataclass
class Life:
    """What became of an opportunity, as far as it is known today."""

    path: Path
    steps: list[tuple]
    status: str = "open"
    converted: int | None = None
    ended: int | None = None
    reason: int | None = None
    priority: int | None = None
    last: int = field(default=0)

    @property
    def stage(self) -> int:
        return self.steps[-1][1]


class Draw:
    """A weighted choice among the ids of named records."""

    def __init__(self, weights: dict):
        self.values = list(weights)
        self.heights = list(accumulate(weights.values()))

    def __call__(self, rng: Random):
        return rng.choices(self.values, cum_weights=self.heights)[0]


def _ids(model) -> dict[str, int]:
    return dict(model.objects.values_list("name", "pk"))


def _next_id(model) -> int:
    return (model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1


def _path(name: str, days: float) -> Path:
    pipeline = Pipeline.objects.get(name=name)
    return Path(pipeline.pk, list(pipeline.stages.order_by("position").values_list("pk", flat=True)), days)


class Story:
    """Writes `size` opportunities with all that belongs to them into the tables."""

    def __init__(self, *, size: int, seed: int, users: dict[str, User], now: datetime.datetime):
        self.size, self.rng, self.world = size, Random(seed), World(seed)
        self.today = now.date()
        self.now = now
        self.first_day = self.today - datetime.timedelta(days=DAYS)
        self.end = DAYS * DAY  # today's midnight: what would come later has not happened yet
        self.dates = [(self.first_day + datetime.timedelta(days=n)).isoformat() for n in range(DAYS + 400)]
        self.weekdays = [(self.first_day.weekday() + n) % 7 for n in range(DAYS + 400)]
        self._know(users)
        self._prepare_tables()

    def _know(self, users) -> None:
        self.users = {key: user.pk for key, user in users.items()}
        partners = {self.users[key]: 12 for key in users if key.startswith("partner")}
        own = {key: self.users[key] for key in ("rep", "keller", "lindner", "rep2", "schulte", "brandt")}
        if partners:
            # rep@ owns a twentieth, her team three.
            shares = {"rep": 5, "keller": 5, "lindner": 5, "rep2": 4.5, "schulte": 4.5, "brandt": 4}
            crowd = Draw({own[key]: share for key, share in shares.items()} | partners)
            self.sellers = {"n": crowd, "s": crowd}
        else:
            self.sellers = {
                "n": Draw({own["rep"]: 40, own["keller"]: 33, own["lindner"]: 27}),
                "s": Draw({own["rep2"]: 38, own["schulte"]: 34, own["brandt"]: 28}),
            }
        self.crowd = bool(partners)
        sources, reasons, tags = _ids(Source), _ids(LossReason), _ids(Tag)
        self.sources = sources
        self.item_sources = Draw({sources[name]: weight for name, weight in ITEM_SOURCES.items()})
        self.own_sources = Draw(
            {sources[n]: w for n, w in {"Kaltakquise": 4, "Empfehlung": 3, "Messe": 3, "Telefon": 5}.items()}
        )
        self.deal_reasons = Draw({reasons[name]: weight for name, weight in DEAL_REASONS.items()})
        self.lead_reasons = Draw({reasons[name]: weight for name, weight in LEAD_REASONS.items()})
        self.tags = Draw(
            {tags[n]: w for n, w in {"A-Kunde": 4, "Messe": 2, "Robotik": 2, "Retrofit": 3, "Rahmen": 2}.items()}
        )
        self.new_customer, self.a_customer = tags["Neukunde"], tags["A-Kunde"]
        priorities = _ids(Priority)
        self.priority_ids = priorities
        self.priorities = Draw({priorities["Hoch"]: 2, priorities["Mittel"]: 5, priorities["Niedrig"]: 2, None: 2})
        self.statuses = list(ProcessingStatus.objects.values_list("pk", flat=True))
        self.done = ProcessingStatus.objects.filter(is_done=True).values_list("pk", flat=True)[0]
        self.leads = _path("Leads", 12)
        self.series = _path("Serienantriebe", 12.5)
        self.spares = _path("Ersatzteile", 6)

    def _prepare_tables(self) -> None:
        self.company = Table(
            Company,
            "id number name legal_form street postal_code city country email phone website vat_id industry_code size "
            "status customer_since payment_terms_days owner_id is_active created_at updated_at",
        )
        self.person = Table(
            Person,
            "id salutation title first_name last_name function email phone mobile street postal_code city country "
            "company_id owner_id is_active created_at updated_at",
        )
        self.item = Table(
            InboxItem,
            "id title source_id priority_id kind status_id owner_id company_name street postal_code city country "
            "first_name last_name email phone message expected_budget company_id person_id opportunity_id "
            "created_at qualified_at archived_at archive_reason updated_at",
        )
        self.opportunity = Table(
            Opportunity,
            "id number title kind status company_id person_id owner_id source_id priority_id pipeline_id stage_id "
            "probability estimated_value expected_budget start_date close_date delivery_date description entered_as "
            "converted_at won_at lost_at loss_reason_id loss_note created_at updated_at",
        )
        self.change = Table(StageChange, "opportunity_id from_stage_id to_stage_id changed_by_id changed_at")
        self.tagged = Table(OpportunityTag, "opportunity_id tag_id")
        self.company_tagged = Table(Company.tags.through, "company_id tag_id")
        self.tables = [
            self.company, self.person, self.item, self.opportunity, self.change, self.tagged, self.company_tagged,
        ]  # fmt: skip
        # Companies: by their place; their first id; when they came, who looks after them, their first person.
        self.company_id, self.person_id = _next_id(Company), _next_id(Person)
        self.item_id, self.opportunity_id = _next_id(InboxItem), _next_id(Opportunity)
        self.opportunity_begin = self.opportunity_id
        self.since, self.owner, self.persons = array("q"), array("q"), array("q")
        self.won: dict[int, int] = {}
        self.numbers = _numbers_given()

    # ── time ────────────────────────────────────────────────────────────────────────────────────────
    def at(self, seconds: int) -> str:
        day, rest = divmod(seconds, DAY)
        return f"{self.dates[day]} {rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"

    def work_time(self) -> int:
        """A second between 7:30 and 17:30, mostly around noon."""
        return 27_000 + int(18_000 * (self.rng.random() + self.rng.random()))

    def later(self, moment: int, days: float) -> int:
        """A moment of a working day, about `days` after `moment`; sometimes much later."""
        gap = self.rng.lognormvariate(math.log(days) - 0.32, 0.8)
        day = moment // DAY + int(gap)
        if self.weekdays[min(day, DAYS + 390)] > 4:
            day += 2
        second = day * DAY + self.work_time()
        return second if second > moment else moment + 900 + int(self.rng.random() * 7200)

    def days(self, total: int) -> list[int]:
        """How many of `total` fall on each day: growing, with seasons, not on week-ends."""
        weights = [
            0.0
            if self.weekdays[n] > 4
            else (1 + 0.45 * n / DAYS) * SEASON[int(self.dates[n][5:7]) - 1] * (0.8 + 0.4 * self.rng.random())
            for n in range(DAYS)
        ]
        shares = list(accumulate(weights))
        marks = [round(total * share / shares[-1]) for share in shares]
        return [b - a for a, b in zip([0, *marks], marks, strict=False)]

    # ── the story ───────────────────────────────────────────────────────────────────────────────────
    def tell(self) -> None:
        """Write everything."""
        companies = max(len(words.KNOWN), round(self.size * COMPANIES))
        for number in range(max(len(words.KNOWN), round(companies * LONG_AGO))):
            self.found_company(number % 5 * DAY + 30_000 + number % 20_000)
        newcomers = self.days(companies - len(self.since))
        entries, arrivals = self.days(self.size), self.days(round(self.size * ITEMS))
        due: list[tuple] = []
        left, first = 0, self.opportunity_id
        for day in range(DAYS):
            fresh = []
            for _n in range(newcomers[day]):
                moment = day * DAY + self.work_time()
                fresh.append(self.found_company(moment))
            for moment in sorted(day * DAY + 21_600 + int(self.rng.random() * 61_200) for _n in range(arrivals[day])):
                self.arrive(moment, due, fresh)
            tasks = []
            while due and due[0][0] < (day + 1) * DAY:
                tasks.append(heapq.heappop(due))
            # Those that came through the inbox count among the day's entries; the rest are entered by hand.
            left += entries[day] - len(tasks)
            while left > 0:
                left -= 1
                tasks.append((day * DAY + self.work_time(), 0, None))
            # On the last days more may have been decided than entries are left; those wait beyond today.
            room = first + self.size - self.opportunity_id
            for moment, _key, item in sorted(tasks, key=lambda task: task[:2])[:room]:
                self.enter(moment, item, fresh)
        self.wait()
        self.write_companies()
        for table in self.tables:
            table.flush()

    def found_company(self, moment: int) -> int:
        """A new company with its persons; gives its place."""
        place = len(self.since)
        firm = self.world.firm(place)
        self.since.append(moment)
        self.owner.append(self.sellers[firm.region](self.rng))
        self.persons.append(self.person_id)
        count = 1 + (self.world.mix(place, 4) % 5 > 1) + (self.world.mix(place, 5) % 5 == 0)
        for n in range(count):
            human = self.human(place, firm, self.person_id, n)
            came = moment if n < 2 else min(self.end - 3600, moment + (20 + self.person_id % 300) * DAY)
            self.person.add(
                self.person_id, human.salutation, human.title, human.first_name, human.last_name, human.function,
                human.email, human.phone, human.mobile, firm.street, firm.postal_code, firm.city, firm.country,
                self.company_id + place, self.owner[place], "f" if self.person_id % 41 == 0 else "t",
                self.at(came), self.at(came),
            )  # fmt: skip
            self.person_id += 1
        return place

    def human(self, place: int, firm, number: int, n: int):
        """The n-th person of a company."""
        if n == 0 and place in _ALREADY_KNOWN:
            return self.world.named(number, firm, 11, *_ALREADY_KNOWN[place])
        return self.world.human(number, firm, 11 + n)

    def some_company(self, moment: int, fresh: list[int]) -> int:
        """A company that is there: a new one of today, else rather one of the old regulars."""
        if fresh and self.rng.random() < 0.5:
            return fresh.pop()
        place = int(len(self.since) * self.rng.random() ** 2.4)
        return place if self.since[place] <= moment else 0

    def arrive(self, moment: int, due: list, fresh: list[int]) -> None:
        """Something comes into the inbox: it is converted, or archived; what is still undecided today waits."""
        rng = self.rng
        number, self.item_id = self.item_id, self.item_id + 1
        decided = self.later(moment, 1.4 if rng.random() < 0.85 else 6)
        if decided >= self.end:
            self.item_id -= 1
            return
        source = self.item_sources(rng)
        if rng.random() < 0.6:
            place = self.some_company(moment, fresh)
            # Numbers grow with time: the opportunity gets its own when its moment comes.
            heapq.heappush(due, (decided, number, (number, moment, place, source)))
            return
        firm = self.world.firm(len(self.since) + 1_000_000 + number)
        human = self.world.human(9_000_000 + number, firm, 10)
        owner = self.sellers[firm.region](rng) if rng.random() < 0.9 else self.users["manager"]
        thing = self.thing(firm.industry)
        self.item.add(
            number, thing, source, self.priorities(rng), "cold" if rng.random() < 0.7 else "mql", self.done, owner,
            self.as_written(firm), firm.street, firm.postal_code, firm.city, firm.country, human.first_name,
            human.last_name, human.email, human.phone, rng.choice(words.MESSAGES).format(thing=thing),
            None, None, None, None, self.at(moment), None, self.at(decided), rng.choice(words.ARCHIVE_REASONS),
            self.at(decided),
        )  # fmt: skip

    def as_written(self, firm) -> str:
        """A company's name as people type it: with or without legal form, with or without umlauts."""
        dice = self.rng.random()
        if dice < 0.45:
            return firm.name
        return firm.short if dice < 0.9 else firm.short.replace("ö", "oe").replace("ä", "ae").replace("ü", "ue")

    def thing(self, industry: int) -> str:
        rng = self.rng
        base = rng.choice(words.INDUSTRIES[industry][3])
        return base + rng.choice(words.TITLE_ADDITIONS).format(
            year=self.today.year + rng.randrange(2), n=rng.randrange(2, 48)
        )

    def enter(self, moment: int, item, fresh: list[int]) -> None:
        """An opportunity begins, from an inbox item or by hand, and goes its way."""
        rng = self.rng
        number, self.opportunity_id = self.opportunity_id, self.opportunity_id + 1
        if item:
            item_id, arrived, place, source = item
        else:
            place, source = self.some_company(moment, fresh), self.own_sources(rng)
        firm = self.world.firm(place)
        owner = self.owner[place] if rng.random() < 0.88 else self.sellers[firm.region](rng)
        person = self.persons[place]
        spare = rng.random() < 0.22
        lead = rng.random() < (0.85 if item else 0.4) and not spare
        title = rng.choice(words.SPARES).format(year=self.today.year) if spare else self.thing(firm.industry)
        value = round(rng.lognormvariate(8.4 if spare else 10.35, 0.75) / 100) * 100 + 1200
        value = min(value, 240_000 + 100 * rng.randrange(500))
        life = self.live(moment, lead, spare)
        if not self.crowd and life.ended and life.ended < HAAS_LEFT * DAY and firm.region == "s" and rng.random() < 0.3:
            owner = self.users["haas"]
        self.write_opportunity(number, title, place, person, owner, source, value, lead, life, moment)
        if item:
            human = self.human(place, firm, person, 0)
            self.item.add(
                item_id, title, source, life.priority, "sql" if rng.random() < 0.5 else "mql", self.done,
                owner, self.as_written(firm), firm.street, firm.postal_code, firm.city, firm.country, human.first_name,
                human.last_name, human.email, human.phone, rng.choice(words.MESSAGES).format(thing=title),
                value if rng.random() < 0.4 else None, self.company_id + place, person, number, self.at(arrived),
                self.at(moment), None, "", self.at(moment),
            )  # fmt: skip

    def live(self, start: int, lead: bool, spare: bool) -> Life:
        """The way over the stages: how far, how long, with what end. What lies after today has not happened."""
        rng = self.rng
        path = self.leads if lead else self.spares if spare else self.series
        life = Life(path, [(None, path.stages[0], start)], priority=self.priorities(rng), last=start)
        if lead:
            dice = rng.random()
            if not self.walk(life, -1 if dice < 0.56 else rng.choice((0, 0, 1, 1, 2))):
                return life
            if dice >= 0.56:
                won = dice > 0.985
                life.status, life.ended = ("won" if won else "lost"), life.last
                life.reason = None if won else self.lead_reasons(rng)
                return life
            life.converted, life.path = life.last, self.series
            life.steps.append((life.stage, self.series.stages[0], life.last))
        won = rng.random() < (0.8 if spare else 0.6)
        if self.walk(life, -1 if won else rng.choice((0, 1, 1, 2, 3))):
            life.status, life.ended = ("won" if won else "lost"), life.last
            life.reason = None if won else self.deal_reasons(rng)
        return life

    def walk(self, life: Life, stop: int) -> bool:
        """Over the stages up to the one at place `stop` (-1: the last), and a while in it. False: today came first."""
        stages = life.path.stages
        target = len(stages) - 1 if stop < 0 else min(stop, len(stages) - 1)
        for place in range(1, target + 1):
            # Some stages are skipped, never the last one.
            if place < target and self.rng.random() < 0.18:
                continue
            moment = self.later(life.last, life.path.days)
            if moment >= self.end:
                return False
            life.steps.append((life.stage, stages[place], moment))
            life.last = moment
        moment = self.later(life.last, life.path.days)
        if moment >= self.end:
            return False
        life.last = moment
        return True

    def write_opportunity(self, number, title, place, person, owner, source, value, lead, life, moment) -> None:
        rng = self.rng
        year = int(self.dates[moment // DAY][:4])
        self.numbers[year] = count = self.numbers.get(year, 0) + 1
        is_deal = life.path is not self.leads
        closed = life.status != "open"
        if closed:
            close = life.ended // DAY + rng.randrange(-12, 13)
        elif rng.random() < 0.13:
            close = max(moment // DAY + 5, DAYS - rng.randrange(2, 30))
        else:
            close = DAYS + rng.randrange(4, 120)
        close = min(max(close, moment // DAY + 2), DAYS + 380)
        delivery = (
            self.dates[min(close + 30 + rng.randrange(70), DAYS + 395)] if is_deal and rng.random() < 0.7 else None
        )
        if life.status == "won" and (place not in self.won or self.won[place] > life.ended):
            self.won[place] = life.ended
        self.opportunity.add(
            number, f"OPP-{year}-{count:06d}", title, "deal" if is_deal else "lead", life.status,
            self.company_id + place, person, owner, source, life.priority, life.path.pk, life.stage,
            rng.choice((15, 30, 45, 60, 75, 85, 95)) if is_deal and not closed and rng.random() < 0.1 else None,
            value if is_deal or rng.random() < 0.5 else None,
            round(value * rng.uniform(0.85, 1.1), -2) if rng.random() < 0.5 else None,
            self.dates[moment // DAY] if rng.random() < 0.6 else None, self.dates[close], delivery,
            rng.choice(words.DESCRIPTIONS) if rng.random() < 0.6 else "",
            "lead" if lead else "deal",
            self.at(life.converted) if life.converted else None,
            self.at(life.ended) if life.status == "won" else None,
            self.at(life.ended) if life.status == "lost" else None,
            life.reason,
            rng.choice(words.LOSS_NOTES) if life.status == "lost" and rng.random() < 0.4 else "",
            self.at(moment), self.at(life.last),
        )  # fmt: skip
        for before, after, when in life.steps:
            self.change.add(number, before, after, owner, self.at(when))
        marks = set()
        if rng.random() < 0.34:
            marks.add(self.tags(rng))
        if rng.random() < 0.1:
            marks.add(self.new_customer)
        for tag in sorted(marks):
            self.tagged.add(number, tag)

    def write_companies(self) -> None:
        """At the end, when it is known who became a customer."""
        old = round(len(self.since) * LONG_AGO)
        since_ever = {"customer": 9, "former": 2, "partner": 2, "supplier": 2}
        states = [state for state, weight in since_ever.items() for _n in range(weight)]
        first = _numbers_of_companies()
        for place, since in enumerate(self.since):
            firm, h = self.world.firm(place), self.world.mix(place, 6)
            status, customer_since, changed = "prospect", None, since
            if place < old and h % 5 < 2:
                status = states[h // 5 % len(states)]
                if status in {"customer", "former"}:
                    day = self.first_day - datetime.timedelta(days=30 + h // 60 % 3000)
                    customer_since = day.isoformat()
            if place in self.won:
                status = "customer"
                if customer_since is None:
                    customer_since, changed = self.dates[self.won[place] // DAY], self.won[place]
            self.company.add(
                self.company_id + place, f"K-{first + place}", firm.name, firm.legal_form, firm.street,
                firm.postal_code, firm.city, firm.country, f"info@{firm.domain}", firm.phone, f"https://www.{firm.domain}",
                firm.vat_id if h % 4 else "", words.INDUSTRIES[firm.industry][2], firm.size, status, customer_since,
                (14, 30, 30, 30, 60)[h // 7 % 5], self.owner[place],
                "f" if h % 53 == 0 and place not in self.won else "t",
                self.at(since), self.at(changed),
            )  # fmt: skip
            if place < 12 or h % 31 == 0:
                self.company_tagged.add(self.company_id + place, self.a_customer)

    def wait(self) -> None:
        """What is in the inbox now, written by hand: some of it from firms that are known already."""
        minutes = iter((228, 163, 87, 12))
        for title, company, known, first, last, source, kind, priority, status, owner, budget, ago, message in reversed(
            words.WAITING
        ):
            if ago:
                moment = self.at((DAYS - ago) * DAY + self.work_time())
            else:
                # Counted from now, to the minute: these are of today.
                local = self.now - datetime.timedelta(minutes=next(minutes))
                moment = local.strftime("%Y-%m-%d %H:%M:%S")
            street, postal_code, city, domain = self.address(company, known)
            self.item.add(
                self.item_id, title, self.sources[source], self.priority_ids[priority], kind, self.statuses[status],
                self.users[owner] if owner else None, company, street, postal_code, city, "DE", first, last,
                f"{ascii_of(first.removeprefix('Dr. '))[:1]}.{ascii_of(last)}@{domain}.example",
                f"{words.PHONES['n'][0]}{self.item_id % 1000:03d}", message, budget, None, None, None, moment, None,
                None, "", moment,
            )  # fmt: skip
            self.item_id += 1

    def address(self, company: str, known: int | None) -> tuple[str, str, str, str]:
        """(street, postal code, town, domain): of the known firm, or of a town that the name names."""
        if known is not None:
            firm = words.KNOWN[known]
            return firm[3], firm[4], firm[5], firm[6]
        h = self.world.mix(len(company) * 1009 + ord(company[0]), 7)
        postal_code, city, _region = next(
            (town for town in words.TOWNS if town[1] in company), words.TOWNS[h % len(words.TOWNS)]
        )
        street = f"{words.STREETS[h // 199 % len(words.STREETS)]} {1 + h // 7919 % 60}"
        return street, postal_code, city, ascii_of(company)


def _numbers_given() -> dict[int, int]:
    """{year: the highest number of an opportunity so far}"""
    found: dict[int, int] = {}
    for number in Opportunity.objects.values_list("number", flat=True).iterator():
        _prefix, year, count = number.split("-")
        found[int(year)] = max(found.get(int(year), 0), int(count))
    return found


def _numbers_of_companies() -> int:
    """The first number of a company that is free."""
    given = [int(number.partition("-")[2]) for number in Company.objects.values_list("number", flat=True)]
    return max([10_000, *given]) + 1
