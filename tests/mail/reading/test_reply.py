"""What is new in a mail, where its signature begins, and who that is."""

import pytest

from crm.mail.reading import Address, read, reply
from crm.mail.reading.contact import from_signature, split_name
from tests.mail.reading.mails import html, mail

OLD = "Guten Tag,\nwann kommt das Angebot?"
QUOTED = "> Guten Tag,\n> wann kommt das Angebot?"


@pytest.mark.parametrize(
    "history",
    [
        f"Am Do., 1. Jan. 2026 um 10:00 Uhr schrieb Eva Klein <eva@x.example>:\n\n{QUOTED}",
        f"Am Do., 1. Jan. 2026 um 10:00 Uhr schrieb Eva Klein <\neva@x.example>:\n\n{QUOTED}",
        f"Am 01.01.2026 um 10:00 schrieb Eva Klein:\n{QUOTED}",
        f"On Thu, Jan 1, 2026 at 10:00 AM Eva Klein <eva@x.example> wrote:\n{QUOTED}",
        f"Eva Klein <eva@x.example> schrieb am Do., 1. Jan. 2026\num 10:00:\n\n{QUOTED}",
        f"Le jeu. 1 janv. 2026 à 10:00, Eva Klein <eva@x.example> a écrit :\n{QUOTED}",
        f"Eva Klein schrieb:\n{QUOTED}",
        f"-----Ursprüngliche Nachricht-----\nVon: Eva Klein\nGesendet: heute\nAn: Hans\nBetreff: x\n\n{OLD}",
        f"-----Original Message-----\nFrom: Eva\nSent: today\nTo: Hans\nSubject: x\n\n{OLD}",
        f"____________________\nVon: Eva Klein <e@x.example>\nGesendet: heute\nAn: Hans\nBetreff: x\n\n{OLD}",
        f"*Von:* Eva Klein\n*Gesendet:* Donnerstag, 1. Januar 2026 10:00\n*An:* Hans\n*Betreff:* x\n\n{OLD}",
        QUOTED,
    ],
)
def test_the_history_is_left_out(history):
    found = read(mail(f"Heute noch.\n\nGruß\nHans\n\n{history}"))
    assert found.reply == "Heute noch.\n\nGruß\nHans"
    assert found.text.endswith("kommt das Angebot?")


def test_history_in_html():
    quoted = "<div>Ja.</div><div class=gmail_quote>Am 1.1.2026 um 10:00 schrieb Eva &lt;e@x.example&gt;:<br>"
    assert html(f"{quoted}<blockquote class=gmail_quote>Kommt ihr?</blockquote></div>").reply == "Ja."
    assert html("<p>Ja.</p><blockquote type=cite>Kommt ihr?</blockquote>").reply == "Ja."
    outlook = (
        "<p>Ja.</p><hr><div id=divRplyFwdMsg><b>Von:</b> Eva<br><b>Gesendet:</b> 1<br><b>An:</b> H<br><b>Betreff:</b> x"
    )
    assert html(f"{outlook}</div><div>Kommt ihr?</div>").reply == "Ja."


def test_answers_between_and_below_quotes_are_kept():
    between = "Am 1.1.2026 um 10:00 schrieb Eva <e@x.example>:\n> Wann?\n\nMorgen.\n\n> Wo?\n\nHier."
    assert reply.split(f"Siehe unten.\n\n{between}")[0].endswith("Wann?\n\nMorgen.\n\n> Wo?\n\nHier.")
    assert reply.split("Am 1.1.2026 um 10:00 schrieb Eva <e@x.example>:\n> Wann?\n\nMorgen.")[0] == "Morgen."


@pytest.mark.parametrize(
    "text",
    [
        "Er schrieb mir drei Dinge:\n- eins\n- zwei",
        "Von: hier bis dort\nist es weit.",
        "Am Montag kommen wir. Bitte beachten:\n- Uhrzeit 10:00",
        "Bericht\n\n------------------\n\nZahlen\n" + "\n".join(f"Zeile {i}" for i in range(30)),
        "> nur ein Zitat",
    ],
)
def test_what_only_looks_like_it_stays(text):
    assert reply.split(text) == (text, "")


@pytest.mark.parametrize(
    ("end", "signature"),
    [
        ("-- \nHans Müller\nHöfle GmbH", "Hans Müller\nHöfle GmbH"),
        ("--\nHans Müller", "Hans Müller"),
        ("Von meinem iPhone gesendet", "Von meinem iPhone gesendet"),
        ("Sent from my iPhone", "Sent from my iPhone"),
        ("Gesendet von Outlook für Android", "Gesendet von Outlook für Android"),
    ],
)
def test_signatures(end, signature):
    assert reply.split(f"Ja.\n\n{end}") == ("Ja.", signature)


SIGNATURE = (
    "Hans Müller\nVertriebsleiter\n\nHöfle Maschinenbau GmbH & Co. KG\nTel.: +49 7191 555-0117\nFax: +49 7191 5559"
)


def test_a_signature_that_nothing_announces():
    new, signature = reply.split(f"Ja, gern.\n\nMit freundlichen Grüßen\n\n{SIGNATURE}")
    assert (new, signature) == ("Ja, gern.\n\nMit freundlichen Grüßen\n\nHans Müller", SIGNATURE)


def test_the_end_of_a_letter_alone_is_no_signature():
    text = "Ja, gern.\n\nMit freundlichen Grüßen\nHans Müller"
    assert reply.split(text) == (text, "")


def test_long_texts_are_looked_through_once():
    lines = "\n".join(["Ja."] * reply.LINES)
    assert reply.split(f"{lines}\n-- \nHans")[1] == ""
    assert reply.split("\n".join(["-- ", "wrote:", "Von: x", "> y"] * 5_000))


def contact(signature, name="", text=""):
    return tuple(from_signature(text, signature, Address(name, "a@x.example")).values())


def test_who_writes():
    assert contact(SIGNATURE) == ("Hans", "Müller", "Höfle Maschinenbau GmbH & Co. KG", "+4971915550117")
    assert contact("Acme Ltd.\nPhone: 030 1234567", "Müller, Dr. Hans") == (
        "Hans",
        "Müller",
        "Acme Ltd.",
        "+49301234567",
    )
    text = "Hallo\n\nViele Grüße\ni. A. Anna-Lena von der Heide\nStadtwerke Backnang eG | Markt 1\nMobil 0171 1234567"
    assert contact("", text=text) == ("Anna-Lena", "von der Heide", "Stadtwerke Backnang eG", "+491711234567")
    assert contact("Mobil: 0171 1234567\nTel. (0 71 91) 55 50 11")[3] == "+497191555011"
    assert contact("T +49 (0)7191 555011 | M +49 171 1234567")[3] == "+497191555011"


def test_what_is_not_plain_stays_empty():
    nothing = ("", "", "", "")
    assert contact("", "info", "Guten Tag, wir brauchen 500 Stück.") == nothing
    assert contact("Ihr Team vom Kundenservice\nFax: 030 1234567", "Support Team") == nothing
    assert contact("Alpha GmbH\nein Unternehmen der\nBeta AG")[2] == ""
    assert contact("USt-IdNr. DE123456789\nHRB 123456 Stuttgart")[3] == ""
    assert contact("Wir suchen eine GmbH oder AG, die liefert")[2] == ""


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Jean-Luc Picard", "Jean-Luc", "Picard"),
        ("MÜLLER Hans", "Hans", "Müller"),
        ("HANS MÜLLER", "Hans", "Müller"),
        ("Hans Müller (Höfle GmbH)", "Hans", "Müller"),
        ("Prof. Dr. Eva van der Berg", "Eva", "van der Berg"),
        ("Klein Eva (Extern)", "", ""),
        ("Klein Eva (DE-UL3)", "", ""),
        ("Klein, Eva (Extern)", "Eva", "Klein"),
        ("hans", "", ""),
        ("Höfle GmbH", "", ""),
        ("a@x.example", "", ""),
        ("=HYPERLINK(1)", "", ""),
    ],
)
def test_names(name, first, last):
    assert split_name(name) == (first, last)


@pytest.mark.parametrize("name", ["Klein Eva (Extern)", "Eva Klein (Extern)", "Klein Eva", "Eva Klein", "Klein, Eva"])
def test_the_address_says_which_name_is_which(name):
    assert split_name(name, "eva.klein@x.example") == ("Eva", "Klein")
    assert split_name("Müller Jörg (Intern)", "joerg.mueller@x.example") == ("Jörg", "Müller")
