"""The sales organisation of the demo company: teams, users, the lists it has filled in, its web form."""

from crm.accounts.models import Role, Team, User
from crm.core import audit
from crm.core.checks import DEMO_DOMAIN, DEMO_PASSWORD
from crm.demo import words
from crm.lists.models import Source, Tag
from crm.setup.models import Organisation
from inbox.models import WebForm
from opportunities.models import LossReason, Pipeline, Stage

# key: e-mail, name, role, team, password?
USERS = {
    "admin": (f"admin{DEMO_DOMAIN}", "Stefan Rott", "admin", None, True),
    "manager": (f"manager{DEMO_DOMAIN}", "Claudia Hartwig", "manager", None, True),
    "rep": (f"rep{DEMO_DOMAIN}", "Anna Berger", "rep", "Vertrieb Nord", True),
    "rep2": (f"rep2{DEMO_DOMAIN}", "Meltem Yildiz", "rep", "Vertrieb Süd", True),
    "service": (f"service{DEMO_DOMAIN}", "Sabine Maurer", "service", "Service", True),
    "readonly": (f"readonly{DEMO_DOMAIN}", "Gerd Winkler", "readonly", None, True),
    "keller": ("j.keller@rotenfels.example", "Jonas Keller", "rep", "Vertrieb Nord", False),
    "lindner": ("k.lindner@rotenfels.example", "Katrin Lindner", "rep", "Vertrieb Nord", False),
    "schulte": ("t.schulte@rotenfels.example", "Tobias Schulte", "rep", "Vertrieb Süd", False),
    "brandt": ("l.brandt@rotenfels.example", "Lukas Brandt", "rep", "Vertrieb Süd", False),
    "pohl": ("r.pohl@rotenfels.example", "Robert Pohl", "service", "Service", False),
    "haas": ("p.haas@rotenfels.example", "Peter Haas", "rep", "Vertrieb Süd", False),
}
LEADS = {"Vertrieb Nord": "lindner", "Vertrieb Süd": "schulte", "Service": "service"}
LEFT = {"haas"}
# Many more records want more people: with them rep@ owns a twentieth.
PARTNERS = [f"Vertriebspartner {name}" for name in ("Ost", "West", "Mitte", "Alpen", "Küste", "Export")]

SOURCES = [("E-Mail", "blue"), ("Messe", "violet"), ("Empfehlung", "green"), ("Telefon", "grey")]
TAGS = [
    ("A-Kunde", "green"),
    ("Neukunde", "blue"),
    ("Messe", "violet"),
    ("Robotik", "teal"),
    ("Retrofit", "amber"),
    ("Rahmen", "grey"),
]
LOSS_REASONS = ["Lieferzeit", "Projekt gestoppt", "Technik"]
SPARE_STAGES = [("Anfrage", 30), ("Angebot", 60), ("Zusage", 90)]


def hire(*, crowd: bool) -> dict[str, User]:
    """The users by key. `crowd` adds six partners, so that rep@ is one of many."""
    roles = {role.name: role for role in Role.objects.all()}
    teams: dict[str, Team] = {}
    found: dict[str, User] = {}
    cast = dict(USERS)
    if crowd:
        for number, name in enumerate(PARTNERS, 1):
            cast[f"partner{number}"] = (f"partner{number}@rotenfels.example", name, "rep", "Vertriebspartner", False)
    for key, (email, name, role, team, password) in cast.items():
        if team and team not in teams:
            teams[team] = Team.objects.get_or_create(name=team)[0]
        user = User.objects.filter(email=email).first()
        if user is None:
            user = User(email=email, name=name, role=roles[role], team=teams.get(team), is_active=key not in LEFT)
            user.set_password(DEMO_PASSWORD if password else None)
            user.save()
        found[key] = user
    for team, lead in LEADS.items():
        teams[team].lead = found[lead]
        teams[team].save(update_fields=["lead"])
    return found


def furnish(users: dict[str, User]) -> None:
    """What the company has added to the lists of the standard: sources, tags, reasons, a second pipeline, the form."""
    with audit.acting(users["admin"]):
        Organisation.objects.get_or_create(pk=1, defaults=words.SELLER)
        for place, (name, colour) in enumerate(SOURCES, 6):
            Source.objects.get_or_create(name=name, defaults={"colour": colour, "position": place * 10})
        for place, (name, colour) in enumerate(TAGS, 1):
            Tag.objects.get_or_create(name=name, defaults={"colour": colour, "position": place * 10})
        for place, name in enumerate(LOSS_REASONS, 1):
            LossReason.objects.get_or_create(name=name, defaults={"position": 20 + place})
        if not Pipeline.objects.filter(name="Serienantriebe").exists():
            Pipeline.objects.filter(name="Vertrieb", kind="deal").update(name="Serienantriebe")
        spares, made = Pipeline.objects.get_or_create(name="Ersatzteile", kind="deal", defaults={"position": 30})
        if made:
            for place, (name, probability) in enumerate(SPARE_STAGES, 1):
                Stage.objects.create(pipeline=spares, name=name, probability=probability, position=place * 10)
        WebForm.objects.get_or_create(
            name="Kontaktformular",
            defaults={
                "key": "kontaktformular",
                "heading": "Sprechen Sie mit unserem Vertrieb",
                "introduction": "Sagen Sie uns, was Sie bewegen möchten. Wir melden uns innerhalb eines Arbeitstages.",
                "fields": [
                    {"name": name, "required": name in {"last_name", "email", "message"}}
                    for name in ("company_name", "first_name", "last_name", "email", "phone", "message")
                ],
                "consent_text": "Ich bin einverstanden, dass meine Angaben für diese Anfrage gespeichert werden.",
                "thanks": "Vielen Dank. Wir haben Ihre Anfrage erhalten und melden uns bei Ihnen.",
                "source": Source.objects.get(name="Webformular"),
            },
        )
