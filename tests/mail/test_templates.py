"""Mail templates: the standard, a company's own wording, placeholders, the page with its preview."""

import pytest
from django.utils.translation import gettext_lazy as _

from crm.core.refusals import Refused
from crm.mail import actions, kinds
from crm.mail.models import MailTemplate

pytestmark = pytest.mark.django_db
PAGE = "/settings/mail-templates/quote/de/"


def test_every_kind_fills_its_standard_in_both_languages():
    assert len(kinds.all_kinds()) >= 5
    for kind in kinds.all_kinds():
        for language in ("de", "en"):
            subject, body = kind.standard(language)
            assert kinds.strange(kind.placeholders, subject + body) == [], kind.key
            filled = kinds.fill(body, kind.examples(language))
            assert "{" not in filled, kind.key


def test_a_value_is_never_read_as_a_placeholder():
    assert kinds.fill("{a} {b}", {"a": "{b}", "b": "x"}) == "{b} x"
    assert kinds.fill("{a.__class__} {0} {} {a}", {"a": "x"}) == "{a.__class__} {0} {} x"
    assert kinds.fill("A\n\n{a}\n\nB", {"a": ""}) == "A\n\nB"


def test_a_subject_is_one_line(people):
    manager = people["manager"]
    kind = kinds.get("quote")
    actions.save_template(kind=kind, language="de", subject="{subject}", body="x", by=manager)
    assert kinds.compose("quote", "de", {"subject": "a\nBcc: b@c.example"})[0] == "a Bcc: b@c.example"


def test_own_wording_and_back(people):
    manager, kind = people["manager"], kinds.get("quote")
    actions.save_template(kind=kind, language="de", subject="Angebot {number}", body="Hallo {salutation}", by=manager)
    assert kinds.compose("quote", "de", {"number": "7", "salutation": "Eva"}) == ("Angebot 7", "Hallo Eva")
    assert kinds.words(kind, "en") == kind.standard("en")
    subject, body = kind.standard("de")
    actions.save_template(kind=kind, language="de", subject=subject, body=body, by=manager)
    assert not MailTemplate.objects.exists(), "what equals the standard follows the standard"


def test_only_those_who_set_up_change_them(people):
    for name in ("rep", "readonly", "service"):
        with pytest.raises(MailTemplate.DoesNotExist):
            actions.reset_template(kind=kinds.get("quote"), language="de", by=people[name])


def test_the_page(signed_in):
    client = signed_in("manager")
    assert "{number}" in client.get("/settings/mail-templates/").content.decode()
    page = client.get(PAGE).content.decode()
    assert "{salutation}" in page
    assert "Nordlicht Antriebe" in page, "the preview has the examples"
    assert client.post(PAGE, {"subject": "Neu {number}", "body": "Hallo {salutation}"}).status_code == 302
    assert "Neu {number}" in client.get("/settings/mail-templates/").content.decode()
    wrong = client.post(PAGE, {"subject": "Neu {nummer}", "body": "Hallo"})
    assert wrong.status_code == 422
    assert "{nummer}" in wrong.content.decode()
    shown = client.post(f"{PAGE}preview/", {"subject": "<b>{number}", "body": "x"}).content.decode()
    assert "&lt;b&gt;" in shown
    assert client.post(f"{PAGE}reset/").status_code == 302
    assert not MailTemplate.objects.exists()


@pytest.mark.parametrize("address", ["quote/fr/", "nothing/de/"])
def test_what_does_not_exist(signed_in, address):
    assert signed_in("manager").get(f"/settings/mail-templates/{address}").status_code == 404


def test_a_maker_has_to_be_known(people):
    with pytest.raises(ValueError, match="nobody"):
        actions.send(by=people["rep"], to="a@b.example", subject="x", text="x", maker="nobody", made_of=1)
    with pytest.raises(Refused):
        actions.send(by=people["rep"], to=str(_("nowhere")), subject="x", text="x")
