"""The duplicate check: what it finds, what it says, and to whom it shows it."""

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contacts.duplicates import Probe, find_companies, find_companies_batch, find_persons
from contacts.models import Company, Person

pytestmark = pytest.mark.django_db

HOEFLE = "Höfle Verpackungstechnik GmbH & Co. KG"


@pytest.fixture
def hoefle(rep):
    return Company.objects.create(
        name=HOEFLE,
        postal_code="71522",
        city="Backnang",
        email="info@hoefle-vt.example",
        website="https://www.hoefle-vt.example",
        phone="+4971915550117",
        vat_id="DE136695976",
        owner=rep,
    )


@pytest.fixture
def kurz(hoefle, rep):
    person = Person.objects.create(
        first_name="Sabine",
        last_name="Kurz",
        email="s.kurz@hoefle-vt.example",
        phone="+4971915550118",
        mobile="+491711234567",
        city="Backnang",
        company=hoefle,
        owner=rep,
    )
    person.further_emails.create(email="sabine.kurz@mail.example")
    return person


@pytest.mark.parametrize(
    ("probe", "reason"),
    [
        (Probe(email="INFO@Hoefle-VT.example"), "same e-mail address"),
        (Probe(vat_id="de 136 695 976"), "same VAT ID"),
        (Probe(phone="(07191) 555-0117"), "same phone number"),
        (Probe(email="einkauf@hoefle-vt.example"), "same e-mail domain"),
        (Probe(website="hoefle-vt.example/kontakt"), "same web domain"),
        (Probe(name="Hoefle Verpackungstechnik"), "same name"),
        (Probe(name="HOFLE VERPACKUNGSTECHNIK AG"), "same name"),
        (Probe(name="Verpackungstechnik Höfle"), "same name"),
        (Probe(name="Höfle Verpakungstechnik", city="backnang"), "same city"),
        (Probe(name="Höfel Verpackungstechnik", postal_code="71522"), "same postal code"),
        (Probe(name="Höfle Verpackung", city="Backnang"), "alike"),
    ],
)
def test_the_company_is_found(hoefle, probe, reason):
    from django.utils import translation

    with translation.override("en"):
        [match] = find_companies(probe)
        assert match.record == hoefle
        assert any(reason in str(r) for r in match.reasons), match.reasons


@pytest.mark.parametrize(
    "probe",
    [
        Probe(),
        Probe(name="Höhle Tiefbau"),
        Probe(name="Thalmann Verpackungstechnik"),
        Probe(name="Höfle Verpackung", city="Emden", postal_code="26721"),
        Probe(email="jemand@gmail.com"),
        Probe(name="GmbH"),
        Probe(phone="12"),
        Probe(name="%_\\ ' \" ; -- 🙂 \u202e"),
        Probe(name="x" * 100_000),
        Probe(name="a\x00b", email="\x00"),
    ],
)
def test_others_are_not_taken_for_it(hoefle, probe):
    assert find_companies(probe) == []


def test_freemail_is_no_company(rep):
    Company.objects.create(name="Kiosk Emden", email="kiosk@gmail.com")
    assert find_companies(Probe(name="Werkstatt Ulm", email="werkstatt@gmail.com")) == []
    assert len(find_companies(Probe(email="kiosk@gmail.com"))) == 1


def test_the_best_comes_first(hoefle):
    far = Company.objects.create(name="Höfle Verpackungstechnik AG", city="Emden")
    found = find_companies(Probe(name="Hoefle Verpackungstechnik", email="x@hoefle-vt.example", city="Backnang"))
    assert [m.record for m in found] == [hoefle, far]
    assert found[0].score > found[1].score
    assert found[0].score <= 100


def test_of_many_of_one_name_the_one_in_the_city_comes_first():
    Company.objects.bulk_create(
        Company(number=f"K-{i}", name="Müller Bau GmbH", city="Ulm" if i == 40 else "Köln") for i in range(60)
    )
    assert find_companies(Probe(name="Mueller Bau", city="ulm"))[0].record.city == "Ulm"


def test_the_one_being_edited_is_not_its_own_duplicate(hoefle):
    assert find_companies(Probe(name=HOEFLE), exclude=hoefle.pk) == []


def test_a_batch_answers_as_one_by_one(hoefle, django_assert_num_queries):
    probes = [
        Probe(name="Hoefle Verpackungstechnik"),
        Probe(name="Nichts davon"),
        Probe(email="info@hoefle-vt.example"),
    ]
    with django_assert_num_queries(1):
        together = find_companies_batch(probes)
    assert together == [find_companies(probe) for probe in probes]
    assert [len(matches) for matches in together] == [1, 0, 1]
    assert find_companies_batch([]) == []


@pytest.mark.parametrize(
    "probe",
    [
        Probe(email="Sabine.Kurz@mail.example"),
        Probe(phone="0171 1234567"),
        Probe(first_name="Sabine", last_name="Kurtz", city="Backnang"),
        Probe(first_name="Kurz", last_name="Sabine", city="Backnang"),
        Probe(first_name="Sabien", last_name="Kurz", name="Höfle Verpackungstechnik"),
        Probe(first_name="S.", last_name="Kurz", email="s.kurz@hoefle-vt.example"),
    ],
)
def test_the_person_is_found(kurz, probe):
    [match] = find_persons(probe)
    assert match.record == kurz


def test_another_first_name_is_somebody_else(kurz):
    assert find_persons(Probe(first_name="Sabrina", last_name="Kurz", city="Backnang")) == []


def test_a_name_alone_elsewhere_is_somebody_else(kurz):
    assert find_persons(Probe(first_name="Sabine", last_name="Kurz", city="Emden")) == []


def test_what_one_may_not_see_is_said_to_exist_and_nothing_else(hoefle, kurz, people):
    probe = Probe(name=HOEFLE, first_name="Sabine", last_name="Kurz", email="s.kurz@hoefle-vt.example", city="Backnang")
    for found in (find_companies(probe, user=people["stranger"]), find_persons(probe, user=people["stranger"])):
        [match] = found
        assert (match.record, match.reasons, match.visible, match.owner) == (None, (), False, "Rep")
    for name in ("rep", "mate", "manager"):
        assert find_companies(probe, user=people[name])[0].visible


# ── any name, any slip ─────────────────────────────────────────────────────────────────────────────
# Without e and ß: "oe" and "ö" are one letter to the check, and "ß" is two, so a slip there is more than one.
letters = st.sampled_from("abdfgiklmnoprstuvwäöü")
# Each letter once in a word: "aaaaaa" is no name, and has too few trigrams to be told from "aaaaa". Words of five
# letters or more: a slip in a shorter one can make a legal form of it (AB, SE, KG), which is then no part of the name.
words = st.lists(letters, min_size=5, max_size=9, unique=True).map("".join)
names = st.lists(words, min_size=1, max_size=3, unique=True).map(" ".join)
forms = st.sampled_from(["", " GmbH", " AG", " GmbH & Co. KG", " e.K.", " UG (haftungsbeschränkt)", " S.A."])
many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@many
@given(names, forms, forms)
def test_any_notation_of_umlauts_and_legal_form(name, form, other):
    Company.objects.all().delete()
    company = Company.objects.create(name=name + form)
    typed = name.upper().replace("Ä", "AE").replace("Ö", "OE").replace("Ü", "UE") + other
    assert company in [match.record for match in find_companies(Probe(name=typed), limit=50)]


@many
@given(names, st.data())
def test_two_letters_swapped(name, data):
    at = data.draw(st.integers(1, len(name) - 2))
    assume(" " not in name[at : at + 2])
    typed = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    Company.objects.all().delete()
    company = Company.objects.create(name=name + " GmbH")
    assert company in [match.record for match in find_companies(Probe(name=typed), limit=50)]


@many
@given(names, st.data())
def test_a_letter_missing_on_either_side(name, data):
    at = data.draw(st.integers(0, len(name) - 1))
    assume(name[at] != " ")
    shorter = name[:at] + name[at + 1 :]
    for stored, typed in ((name, shorter), (shorter, name)):
        Company.objects.all().delete()
        company = Company.objects.create(name=stored)
        assert company in [match.record for match in find_companies(Probe(name=typed), limit=50)], (stored, typed)
