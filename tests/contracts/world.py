"""The world of the contract tests: every owner has the same records, and each record carries a word of its own.

A word of a record that somebody may not see must never stand in an answer to him. The rights and the teams are
written down here once more, plainly and without the code they check.
"""

import itertools
import re
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.utils import timezone

from activities.models import ActivityPlan, ActivityType, PlanStep
from contacts.models import Company, Person
from crm.accounts.models import ApiToken, Role, Team, User
from crm.files.models import StoredFile
from crm.imports import mapping, reading
from crm.imports.models import ImportRun
from crm.lists.models import Priority, Source, Tag
from crm.notices.models import Notice
from inbox.models import InboxItem, ProcessingStatus, WebForm
from opportunities.models import LossReason, Opportunity, Pipeline, Stage

WORD = "Zwergpinscher"
WORDS = re.compile(rf"{WORD}\d{{4}}x", re.IGNORECASE)
FOREIGN_MONEY = Decimal("999999937")
MONEY = re.compile(r"999[.,\s\u00a0\u202f']?999[.,\s\u00a0\u202f']?937")
# Far from each other, and from anything the product counts: they stand for nothing but themselves in an answer.
FIRST_PK, MISSING_PK = 81_000_001, 89_999_999

ACTIONS = ("view", "create", "change", "delete", "export")
ALL = dict.fromkeys(ACTIONS, "all")
VIEW = {"view": "all"}
REP = {"view": "team", "create": "own", "change": "own", "export": "own"}
RECORDS = ("inbox", "opportunities", "contacts", "sales", "invoices", "activities")
# "ledger" is no area of the roles: what asks for everybody's invoices (the bank, DATEV).
# What the standard's roles may do: {role: {area: {action: scope}}}. `lead` leads the team of `rep` and `mate`.
RIGHTS = {
    "admin": dict.fromkeys((*RECORDS, "ledger", "settings", "administration"), ALL),
    "manager": dict.fromkeys((*RECORDS, "ledger", "settings"), ALL),
    "rep": dict.fromkeys(RECORDS, REP),
    "lead": dict.fromkeys(RECORDS, REP),
    "service": dict.fromkeys(RECORDS, VIEW) | {"contacts": ALL},
    "readonly": dict.fromkeys(RECORDS, VIEW),
}
ROLES = tuple(RIGHTS)
TEAM = {"rep": {"rep", "mate", "lead"}, "lead": {"rep", "mate", "lead"}}
# Record kinds, seen from a role; "crossed" is one's own record that points at a stranger's.
KINDS = ("own", "crossed", "team", "foreign", "unassigned")
SCOPED = {
    "contacts.Company": "contacts",
    "contacts.Person": "contacts",
    "opportunities.Opportunity": "opportunities",
    "inbox.InboxItem": "inbox",
    "activities.Activity": "activities",
    **{f"sales.{name}{state}": "sales" for name in ("Quote", "Order") for state in ("", "/left")},
    **{f"sales.Invoice{state}": "invoices" for state in ("", "/left")},
}
# Records of one user: he and the administrators reach them.
SCOPED["mail.Message"] = "mailbox"
PERSONAL = (
    "accounts.ApiToken",
    "imports.ImportRun",
    "imports.ImportRun/ready",
    "mail.OutgoingMail",
    "mail.ExcludedAddress",
    "notices.Notice",
)


def scope(role: str, area: str, action: str) -> str:
    return RIGHTS.get(role, {}).get(area, {}).get(action, "none")


def reaches(role: str, area: str, action: str, owner: str | None) -> bool:
    """May `role` do `action` in `area` with a record of `owner` (a name of the cast; None: unassigned)?

    The area "personal" is for what belongs to one user: he reaches it, and those who administer. "private" is for what
    he alone reaches. "mailbox" is for mails that are filed with nothing.
    """
    if area == "private":
        return owner == role
    if area == "personal":
        return owner == role or scope(role, "administration", action) == "all"
    if area == "mailbox":
        # A mail that is filed with nothing: its owner's, else as the inbox.
        return owner == role or reaches(role, "inbox", action, owner)
    reach = scope(role, area, action)
    if reach == "team":
        return owner is None or owner in TEAM.get(role, {role})
    return reach == "all" or (reach == "own" and owner in (role, None))


@dataclass
class World:
    """`records[label, variant, owner]`; `words[word] = (area, owner)`; `children[pk]`: what hangs on a record."""

    people: dict
    records: dict = field(default_factory=dict)
    words: dict = field(default_factory=dict)
    children: dict = field(default_factory=dict)
    shared: dict = field(default_factory=dict)
    pks: itertools.count = field(default_factory=lambda: itertools.count(FIRST_PK))

    def word(self, area: str, owner: str | None) -> str:
        """A new word, of a record of `owner` in `area`."""
        text = f"{WORD}{len(self.words) + 1:04d}x"
        self.words[text] = (area, owner)
        return text

    def forbidden(self, role: str, text: str) -> set[str]:
        """Words in `text` that stand on records which `role` may not see, and foreign money."""
        found = {word.capitalize() for word in WORDS.findall(text)}
        bad = {word for word in found if not reaches(role, self.words[word][0], "view", self.words[word][1])}
        if role in TEAM and (money := MONEY.search(text)):
            bad.add(money.group())
        return bad

    def record(self, label: str, role: str, kind: str):
        """The record of `kind` as seen from `role`, and its owner's name."""
        if label in self.shared:
            return self.shared[label], None
        owner = {"own": role, "crossed": role, "team": "mate", "foreign": "stranger", "unassigned": None}[kind]
        return self.records[label, "crossed" if kind == "crossed" else "plain", owner], owner

    def kinds(self, label: str) -> tuple[str, ...]:
        """The kinds of records that there are of a model."""
        if label in SCOPED:
            return KINDS
        return ("own", "foreign") if label in PERSONAL else ("shared",)


def build(people) -> World:
    """All records; needs an empty database with the standard's rows, and MEDIA_ROOT of the test."""
    world = World(people)
    _shared(world)
    # The stranger first: others point at her records.
    for owner in ["stranger", *(name for name in people if name != "stranger"), None]:
        _own(world, owner)
    for owner in people:
        _crossed(world, owner)
    return world


def _shared(world) -> None:
    source = Source.objects.first() or Source.objects.create(name="Messe")
    for position in range(2):
        Tag.objects.create(pk=next(world.pks), name=f"Anliegen {position}")
    form = WebForm.objects.create(
        pk=next(world.pks),
        name="Kontakt",
        source=source,
        fields=[{"name": "email", "required": True}, {"name": "message", "required": False}],
    )
    # A user and a role that nobody uses, so that pages about users have something to act upon.
    spare = User.objects.create(
        pk=next(world.pks), email="spare@example.com", name="Spare", role=world.people["rep"].role, password="!"
    )
    world.shared = {
        "lists.Source": source,
        "lists.Priority": Priority.objects.first() or Priority.objects.create(name="Hoch"),
        "lists.Tag": Tag.objects.first(),
        "inbox.ProcessingStatus": ProcessingStatus.objects.first(),
        "inbox.WebForm": form,
        "opportunities.LossReason": LossReason.objects.first(),
        "opportunities.Pipeline": Pipeline.objects.get(kind="lead", is_default=True),
        "opportunities.Stage": Stage.objects.filter(pipeline__kind="lead").first(),
        "accounts.User": spare,
        "accounts.Role": Role.objects.create(pk=next(world.pks), name="aushilfe"),
        "accounts.Team": Team.objects.create(pk=next(world.pks), name="Mitte"),
        **_plans(world),
        **_paperwork().shared(world),
        **_ledger().shared(world),
        **_letters().shared(world),
        **_agenda().shared(world),
    }


def _plans(world) -> dict:
    """An activity plan with a step on the first pipeline, and the type of the step."""
    pipeline = Pipeline.objects.get(kind="lead", is_default=True)
    call = ActivityType.objects.first()
    plan = ActivityPlan.objects.create(pk=next(world.pks), name="Erstkontakt", pipeline=pipeline)
    PlanStep.objects.create(pk=next(world.pks), plan=plan, title="Anrufen", type=call)
    return {"activities.ActivityPlan": plan, "activities.ActivityType": call}


def _keep(world, record, area, owner):
    """A file at `record`, with a word as its name."""
    word = world.word(area, owner)
    file = StoredFile.keep(ContentFile(word.encode(), name=f"{word}.txt"), by=world.people.get(owner))
    record.files.add(file)
    world.children[record.pk] = {"file": file}


def _contact(world, owner, **more) -> dict:
    word = world.word("contacts", owner)
    return {
        "pk": next(world.pks),
        "owner": world.people.get(owner),
        "street": f"{word}weg 1",
        "city": word,
        "postal_code": "89073",
        "email": f"post@{word.lower()}.example",
        "phone": "+49731555123",
        "word": word,
        **more,
    }


def company(world, owner, **more):
    fields = _contact(world, owner, **more)
    word = fields.pop("word")
    record = Company.objects.create(name=f"{word} GmbH", website=f"https://{word.lower()}.example", **fields)
    _keep(world, record, "contacts", owner)
    record.tags.add(world.shared["lists.Tag"])
    return record


def person(world, owner, **more):
    fields = _contact(world, owner, **more)
    word = fields.pop("word")
    record = Person.objects.create(first_name="Erika", last_name=word, function=f"Leitung {word}", **fields)
    record.further_emails.create(email=f"privat@{word.lower()}.example")
    _keep(world, record, "contacts", owner)
    record.tags.add(world.shared["lists.Tag"])
    return record


def opportunity(world, owner, **more):
    word = world.word("opportunities", owner)
    money = FOREIGN_MONEY if owner == "stranger" else Decimal("5000")
    record = Opportunity.objects.create(
        **{
            "pk": next(world.pks),
            "title": f"Auftrag {word}",
            "description": f"Notiz {word}",
            "owner": world.people.get(owner),
            "pipeline": world.shared["opportunities.Pipeline"],
            "stage": world.shared["opportunities.Stage"],
            "estimated_value": money,
            "expected_budget": money,
            "source": world.shared["lists.Source"],
            **more,
        }
    )
    _keep(world, record, "opportunities", owner)
    record.tags.add(world.shared["lists.Tag"])
    return record


def item(world, owner, **more):
    word = world.word("inbox", owner)
    record = InboxItem.objects.create(
        **{
            "pk": next(world.pks),
            "title": f"Anfrage {word}",
            "company_name": f"{word} AG",
            "first_name": "Max",
            "last_name": word,
            "email": f"anfrage@{word.lower()}.example",
            "message": f"Guten Tag, {word}",
            "owner": world.people.get(owner),
            "status": world.shared["inbox.ProcessingStatus"],
            "source": world.shared["lists.Source"],
            "expected_budget": FOREIGN_MONEY if owner == "stranger" else Decimal("700"),
            **more,
        }
    )
    _keep(world, record, "inbox", owner)
    return record


def _remember(world, variant, owner, *records) -> None:
    for record in records:
        world.records[record._meta.label, variant, owner] = record


def _own(world, owner) -> None:
    """What everybody has: a company with a person, a lead, an inbox item; and one's own token and import."""
    firm = company(world, owner)
    human = person(world, owner, company=firm)
    _remember(world, "plain", owner, firm, human)
    lead = opportunity(world, owner, company=firm, person=human)
    inquiry = item(world, owner)
    _remember(world, "plain", owner, lead, inquiry)
    _letters().own(world, owner, lead, inquiry, firm, human)
    _agenda().own(world, owner, lead, inquiry, firm, human)
    _paperwork().own(world, owner, "plain", company=firm, person=human, opportunity=lead)
    if owner is not None:
        _personal(world, owner)


def _paperwork():
    # Imported late: it is made with the words of this world.
    from tests.contracts import paperwork

    return paperwork


def _letters():
    from tests.contracts import letters

    return letters


def _agenda():
    from tests.contracts import agenda

    return agenda


def _ledger():
    from tests.contracts import ledger

    return ledger


def _personal(world, owner) -> None:
    _ledger().personal(world, owner)
    user = world.people[owner]
    word = world.word("personal", owner)
    secret = f"crm_{word}"
    token = ApiToken.objects.create(
        pk=next(world.pks),
        user=user,
        name=f"Schlüssel {word}",
        hash=ApiToken.digest(secret),
        hint="crm_test",
        # Not older than a minute for as long as a test may take, so that using it writes nothing.
        last_used_at=timezone.now() + timedelta(days=1),
    )
    world.children[token.pk] = {"secret": secret}
    notice = Notice.objects.create(
        pk=next(world.pks), user=user, key="world", text=f"Erinnerung {world.word('private', owner)}", url="/help/"
    )
    run = _import(world, user, word, status="done", rejected=1)
    run.rejections.create(row=2, cells=[word, "Ulm"], reason=f"Nein, {word}")
    _remember(world, "plain", owner, token, run, notice)
    world.records["imports.ImportRun/ready", "plain", owner] = _import(world, user, word, status="ready")
    # It made a company of mine, and one that is a stranger's by now.
    kind = ContentType.objects.get_for_model(Company)
    for row, whose in enumerate((owner, "stranger"), 2):
        made = world.records.get(("contacts.Company", "plain", whose))
        if made is not None and not run.effects.filter(record_id=made.pk).exists():
            run.effects.create(row=row, record_type=kind, record_id=made.pk)


def _import(world, user, word, **fields):
    """A file of one company on its way in."""
    file = ContentFile(f"Firma;Ort\n{word};Ulm\n".encode(), name=f"{word}.csv")
    read = reading.inspect(file)
    file.seek(0)
    kept = StoredFile.keep(file, by=user)
    run = ImportRun(pk=next(world.pks), target="companies", file=kept, reading=read, total=1, created_by=user, **fields)
    mapping.recall(run, user)
    run.status = fields["status"]
    run.save()
    return run


def _crossed(world, owner) -> None:
    """One's own records that point at a stranger's, and the other way round: visible is only the one side."""
    theirs = {label: world.records[label, "plain", "stranger"] for label in ("contacts.Company", "contacts.Person")}
    company_, person_ = theirs["contacts.Company"], theirs["contacts.Person"]
    firm = company(world, owner, parent=company_)
    human = person(world, owner, company=company_)
    lead = opportunity(world, owner, company=company_, person=person_)
    mine = item(world, owner, company=company_, person=person_)
    _remember(world, "crossed", owner, firm, human, lead, mine)
    _paperwork().crossed(world, owner, firm, human, lead)
    _letters().crossed(world, owner)
    _agenda().crossed(world, owner, firm, human, lead)
    # What strangers hang on my company: a child company, a person, a deal, an inbox item.
    company(world, "stranger", parent=firm)
    visitor = person(world, "stranger", company=firm)
    deal = opportunity(world, "stranger", company=firm, person=human)
    now = timezone.now()
    item(world, "stranger", company=firm, person=visitor, opportunity=deal, qualified_at=now)
    # An item of mine that became a stranger's lead.
    item(
        world,
        owner,
        company=firm,
        opportunity=opportunity(world, "stranger", company=company_),
        qualified_at=now,
    )
