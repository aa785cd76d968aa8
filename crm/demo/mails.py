"""The demo company's mails: they come in as real ones do, and are filed by the same post office."""

import datetime
import random
from email.message import EmailMessage
from email.utils import format_datetime

from contacts.models import Person
from crm.demo import words
from crm.mail import journal, sorting
from crm.mail.models import Address, Purpose, Route, TextTemplate
from opportunities.models import Opportunity

CAPTURE = "crm@rotenfels.example"
ADDRESSES = {
    CAPTURE: Purpose.CAPTURE,
    "anfragen@rotenfels.example": Purpose.LEADS,
    "service@rotenfels.example": Purpose.SERVICE,
}
# How many deals have been written about.
THREADS = 24
TEXTS = {
    "Erstkontakt": (
        "Ihre Anfrage",
        "{salutation}\n\nvielen Dank für Ihre Anfrage. Gern rufe ich Sie in den nächsten Tagen an. Wann passt es Ihnen?"
        "\n\nFreundliche Grüße\n{sender}\n{company}",
    ),
    "Nachfassen zum Angebot": (
        "{title}",
        "{salutation}\n\nvor einigen Tagen haben Sie unser Angebot erhalten. Sind noch Fragen offen?"
        "\n\nFreundliche Grüße\n{sender}\n{company}",
    ),
}
OPENINGS = (
    "wie telefonisch besprochen fasse ich zusammen: {title} für zwei Schichten, Lieferung in acht Wochen.",
    "anbei die Eckdaten zu {title}. Sagen Sie mir bitte, ob das Raster so zu Ihrer Anlage passt.",
    "danke für das offene Gespräch gestern. Zu {title} brauche ich noch die Einbaulage und die Umgebungstemperatur.",
)
ANSWERS = (
    "vielen Dank, das passt soweit. Die Einbaulage ist senkrecht; die Temperatur liegt zwischen 5 und 40 Grad.\n\n"
    "Können Sie den Liefertermin auf die letzte Oktoberwoche legen?",
    "ich habe das intern weitergegeben. Unser Einkauf meldet sich bis Freitag mit der Bestellnummer.",
    "eine Frage noch: Ist die Inbetriebnahme vor Ort im Preis enthalten, oder kommt sie dazu?",
)
CLOSING = "Mit freundlichen Grüßen\n{name}\n\n-- \n{name}\n{company}\nTel. {phone}"


def _mail(*, sender, to, subject, text, at, key, html="", answers="", files=(), **headers) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, subject
    made["Date"] = format_datetime(at)
    made["Message-ID"] = f"<{key}@mail.example>"
    if answers:
        made["In-Reply-To"] = made["References"] = f"<{answers}@mail.example>"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html")
    for name, content in files:
        made.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return bytes(made)


def _arrive(raw: bytes) -> None:
    row, new = journal.store(raw, route=Route.IMAP, envelope_to=[CAPTURE])
    if new:
        sorting.sort(row.pk)


def write(*, seed: int, now: datetime.datetime) -> None:
    """Addresses, text templates, and what was written about open deals in the last weeks. `now` is aware."""
    rng = random.Random(f"mails {seed}")
    for email, purpose in ADDRESSES.items():
        Address.objects.get_or_create(email=email, defaults={"purpose": purpose})
    for name, (subject, body) in TEXTS.items():
        TextTemplate.objects.get_or_create(name=name, defaults={"subject": subject, "body": body})
    deals = Opportunity.objects.open().filter(person__email__gt="", owner__isnull=False, company__isnull=False)
    for place, deal in enumerate(deals.select_related("person", "company", "owner").order_by("-pk")[:THREADS]):
        _thread(rng, deal, place, now)
    _strangers(deals, now)


def _thread(rng, deal, place: int, now) -> None:
    """The rep writes with our address in BCC; the customer answers; sometimes the rep once more."""
    us, them = deal.owner, deal.person
    at = now - datetime.timedelta(days=place + 1, hours=rng.randrange(1, 8), minutes=rng.randrange(60))
    begin = max(deal.created_at + datetime.timedelta(hours=2), at)
    subject = f"{deal.title} [{deal.number}]"
    ours = CLOSING.format(name=us.name, company=words.COMPANY, phone="+49 7225 555-0")
    theirs = CLOSING.format(name=f"{them.first_name} {them.last_name}", company=deal.company.name, phone=them.phone)
    first = (
        f"Guten Tag {them.first_name} {them.last_name},\n\n{rng.choice(OPENINGS).format(title=deal.title)}\n\n{ours}"
    )
    sender, to = f"{us.name} <{us.email}>", f"{them.first_name} {them.last_name} <{them.email}>"
    files = [("Datenblatt.pdf", b"%PDF-1.4\n%%EOF\n")] if place % 5 == 0 else ()
    key = f"demo-{deal.pk}"
    _arrive(_mail(sender=sender, to=to, subject=subject, text=first, at=begin, key=f"{key}-1", files=files))
    if place % 4 == 3:
        return
    answered = min(begin + datetime.timedelta(hours=rng.randrange(2, 20)), now)
    quoted = "\n".join(f"> {line}" for line in first.split("\n"))
    head = f"Am {begin:%d.%m.%Y} um {begin:%H:%M} schrieb {us.name} <{us.email}>:"
    answer = f"Guten Tag {us.name},\n\n{rng.choice(ANSWERS)}\n\n{theirs}\n\n{head}\n{quoted}\n"
    html = ""
    if place % 3 == 0:
        shown = answer.split(head)[0].replace("\n", "<br>")
        logo = '<img src="https://logo.example/logo.png" alt="" width="120">'
        html = f"<html><body><p>{shown}</p><p>{logo}</p><blockquote type='cite'>{first}</blockquote></body></html>"
    _arrive(
        _mail(
            sender=to,
            to=f"{sender}, {CAPTURE}",
            subject=f"AW: {subject}",
            text=answer,
            html=html,
            at=answered,
            key=f"{key}-2",
            answers=f"{key}-1",
        )
    )


def _strangers(deals, now) -> None:
    """Mails that somebody has to file, and one that nobody wrote."""
    known = Person.objects.filter(email__gt="").order_by("pk").values_list("email", flat=True).first()
    for days, deal in enumerate(deals.order_by("pk")[:2], 1):
        _arrive(
            _mail(
                sender="Marek Nowak <m.nowak@polnaped.example>" if days == 2 else "Jens Thiel <jens.thiel@web.example>",
                to=CAPTURE,
                subject=f"Re: {deal.title} [{deal.number}]",
                text="Guten Tag,\n\nHerr Krüger bat mich, Ihnen zu antworten: Der Termin am Donnerstag passt.\n\nGruß",
                at=now - datetime.timedelta(days=days, hours=3),
                key=f"demo-stranger-{days}",
            )
        )
    if known:
        _arrive(
            _mail(
                sender=known,
                to=CAPTURE,
                subject="Automatische Antwort: Ihre Nachricht",
                text="Ich bin bis Montag nicht im Büro.",
                at=now - datetime.timedelta(hours=5),
                key="demo-absent",
                Auto_Submitted="auto-replied",
            )
        )
