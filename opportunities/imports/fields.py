"""The columns that a file of leads and deals may have, and the decisions its user takes."""

from django.utils.translation import gettext_lazy

from contacts import imports as contacts
from crm.imports import writing
from crm.imports.targets import Field, Option
from crm.imports.values import words_of
from crm.lists.models import Priority, Source
from opportunities.models import Kind, LossReason, Stage, Status

WON_WORDS = (
    "gewonnen",
    "closed won",
    "closedwon",
    "won",
    "erfolg",
    "erfolgreich",
    "abgeschlossen gewonnen",
    "beauftragt",
    "1",
    "ja",
    "yes",
    "true",
    "wahr",
    "converted",
)
LOST_WORDS = (
    "verloren",
    "closed lost",
    "closedlost",
    "lost",
    "abgesagt",
    "abgelehnt",
    "disqualified",
    "unqualified",
    "dead",
)
OPEN_WORDS = (
    "offen",
    "open",
    "0",
    "nein",
    "no",
    "false",
    "falsch",
    "in bearbeitung",
    "laufend",
    "new",
    "neu",
    "working",
    "in progress",
    "active",
    "aktiv",
)

SOURCE = Field(
    "source",
    gettext_lazy("source"),
    "pick",
    model=Source,
    aliases="herkunft quelle origin leadsource leadquelle kanal channel",
)
PRIORITY = Field("priority", gettext_lazy("priority"), "pick", model=Priority, aliases="prioritaet prio")
BUDGET = Field("expected_budget", gettext_lazy("expected budget"), "money", aliases="budget erwartetesbudget")
STAGE = Field(
    "stage",
    gettext_lazy("stage"),
    "pick",
    model=Stage,
    aliases="phase stufe opportunitystage dealstage vertriebsphase salesstage stagename",
)
LINKS = (
    Field(
        "company",
        gettext_lazy("company"),
        "reference",
        limit=200,
        aliases="firma firmenname companyname account accountname unternehmen kunde customer organisation organization",
    ),
    Field(
        "company_external_id",
        gettext_lazy("external ID of the company"),
        limit=100,
        aliases="companyid accountid firmenid kundennummer",
    ),
    Field(
        "person",
        gettext_lazy("person"),
        "reference",
        limit=200,
        aliases="ansprechpartner kontakt contact contactname kontaktperson",
    ),
    Field(
        "person_email",
        gettext_lazy("e-mail of the person"),
        "email",
        limit=254,
        aliases="email mail emailadresse contactemail",
    ),
    Field(
        "person_external_id",
        gettext_lazy("external ID of the person"),
        limit=100,
        aliases="contactid personid kontaktid ansprechpartnerid",
    ),
)
FIELDS = (
    Field(
        "title",
        gettext_lazy("title"),
        limit=200,
        aliases="titel name bezeichnung betreff subject opportunityname dealname projekt vorhaben opportunity",
    ),
    Field(
        "external_id",
        gettext_lazy("external ID"),
        limit=100,
        aliases="externeid id opportunityid dealid uuid",
    ),
    Field("kind", gettext_lazy("kind"), "choice", words=words_of(Kind), aliases="art leadoderdeal"),
    Field(
        "status",
        gettext_lazy("outcome (open, won, lost)"),
        "choice",
        words={Status.OPEN.value: OPEN_WORDS, Status.WON.value: WON_WORDS, Status.LOST.value: LOST_WORDS},
        aliases="status ergebnis outcome converted iswon gewonnen result",
    ),
    Field("pipeline", gettext_lazy("pipeline"), "reference", limit=80),
    STAGE,
    Field(
        "probability",
        gettext_lazy("probability (%)"),
        "percent",
        aliases="wahrscheinlichkeit probability chance",
    ),
    Field(
        "estimated_value",
        gettext_lazy("estimated value"),
        "money",
        aliases="wert betrag amount value dealvalue umsatz auftragswert volumen estimatedvalue expectedrevenue",
    ),
    BUDGET,
    *LINKS,
    next(f for f in contacts.RECORD if f.key == "owner"),
    SOURCE,
    PRIORITY,
    next(f for f in contacts.RECORD if f.key == "tags"),
    next(f for f in contacts.RECORD if f.key == "created_at"),
    Field(
        "converted_at",
        gettext_lazy("became a deal at"),
        "moment",
        aliases="konvertiertam converteddate convertedat umgewandeltam",
    ),
    Field(
        "won_at",
        gettext_lazy("won at"),
        "moment",
        aliases="gewonnenam wondate datewon abschlussgewonnen auftragsdatum",
    ),
    Field("lost_at", gettext_lazy("lost at"), "moment", aliases="verlorenam lostdate datelost"),
    Field(
        "loss_reason",
        gettext_lazy("loss reason"),
        "pick",
        model=LossReason,
        aliases="verlustgrund lostreason lossreason closedlostreason absagegrund",
    ),
    Field("loss_note", gettext_lazy("note on the loss"), "long", aliases="verlustnotiz"),
    Field("start_date", gettext_lazy("start"), "date", aliases="startdatum beginn startdate"),
    Field(
        "close_date",
        gettext_lazy("closing date"),
        "date",
        aliases="abschlussdatum abschluss closedate closingdate expectedclose closed abgeschlossenam",
    ),
    Field("delivery_date", gettext_lazy("delivery date"), "date", aliases="liefertermin lieferdatum deliverydate"),
    Field(
        "description",
        gettext_lazy("description"),
        "long",
        aliases="beschreibung notizen notes bemerkung kommentar comment details note",
    ),
)
FIELD = {f.key: f for f in FIELDS}
OPTIONS = (
    Option(
        "undated",
        gettext_lazy("Won or lost, but without a date"),
        (("reject", gettext_lazy("Reject the row")), ("now", gettext_lazy("Take the moment of the import"))),
        "reject",
        gettext_lazy("The closing date counts as the date where there is one."),
    ),
    Option(
        "no_reason",
        gettext_lazy("Lost, but without a loss reason"),
        (
            ("reject", gettext_lazy("Reject the row")),
            ("unknown", gettext_lazy("Take the loss reason “Unbekannt (Import)”")),
        ),
        "reject",
    ),
    contacts.COMPANIES_OPTION,
    writing.missing_option(),
    writing.existing_option("update"),
)
