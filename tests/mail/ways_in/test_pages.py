"""The settings pages of mail accounts and addresses, for those who administer."""

import datetime

import pytest
from django.utils import timezone

from crm.core import seal
from crm.mail.models import Address, Afterwards, MailAccount, Purpose, Security
from crm.mail.ways_in import imap
from tests.mail.incoming import mail
from tests.mail.ways_in.dovecot import PASSWORD

pytestmark = pytest.mark.django_db
ACCOUNTS, ADDRESSES = "/settings/mail-accounts/", "/settings/mail-addresses/"
TYPED = {
    "host": "IMAP.example.com",
    "port": "993",
    "security": "tls",
    "user": "crm@example.com",
    "password": " geheim ",
    "folder": "INBOX",
    "afterwards": "leave",
    "is_active": "on",
}


@pytest.fixture
def admin(signed_in, people):
    people["admin"].language = "en"
    people["admin"].save()
    return signed_in("admin")


def test_an_account_is_made_and_its_password_is_sealed(admin):
    assert admin.post(f"{ACCOUNTS}new/", TYPED).status_code == 302
    account = MailAccount.objects.get()
    assert (account.host, account.user, account.security) == ("imap.example.com", "crm@example.com", Security.TLS)
    assert seal.unseal(account.password) == " geheim "
    assert "geheim" not in account.password
    assert "not fetched yet" in admin.get(ACCOUNTS).content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"password": ""}, "Please check one field"),
        ({"host": "http://intern/"}, "Enter the name of a server"),
        ({"host": "a b"}, "Enter the name of a server"),
        ({"security": "none"}, "Without encryption only a server on this machine"),
        ({"afterwards": "move"}, "Say to which folder"),
        ({"port": "0"}, "Please check one field"),
    ],
)
def test_what_cannot_be(admin, fields, sentence):
    answer = admin.post(f"{ACCOUNTS}new/", TYPED | fields)
    assert (answer.status_code, MailAccount.objects.count()) == (422, 0)
    assert sentence in answer.content.decode()


def test_a_folder_is_fetched_once(admin):
    admin.post(f"{ACCOUNTS}new/", TYPED)
    answer = admin.post(f"{ACCOUNTS}new/", TYPED)
    assert "already fetched" in answer.content.decode()


def test_a_password_goes_to_no_other_server(admin):
    admin.post(f"{ACCOUNTS}new/", TYPED)
    account = MailAccount.objects.get()
    url = f"{ACCOUNTS}{account.pk}/"
    for fields in ({"host": "else.example.com"}, {"port": "1993"}, {"security": "starttls"}, {"user": "else"}):
        for check in ({}, {"check": "1"}):
            answer = admin.post(url, TYPED | fields | check | {"password": ""})
            assert "Enter the password again" in answer.content.decode()
    assert admin.post(url, TYPED | {"password": "", "folder": "Kunden"}).status_code == 302
    account.refresh_from_db()
    assert (account.folder, seal.unseal(account.password)) == ("Kunden", " geheim ")


def test_another_folder_is_read_from_its_beginning_another_rule_is_for_new_mails(admin):
    admin.post(f"{ACCOUNTS}new/", TYPED)
    account = MailAccount.objects.get()
    url = f"{ACCOUNTS}{account.pk}/"
    read = {"uid_validity": 5, "last_uid": 7, "untidied": [6], "postponed": [3], "error": imap.REFUSED}
    MailAccount.objects.update(**read)
    admin.post(url, TYPED | {"afterwards": Afterwards.DELETE})
    account.refresh_from_db()
    assert (account.last_uid, account.untidied, account.postponed, account.error) == (7, [], [3], "")
    admin.post(url, TYPED | {"folder": "Kunden"})
    account.refresh_from_db()
    assert (account.uid_validity, account.last_uid, account.postponed) == (None, 0, [])


def test_troubles_are_shown_in_the_readers_language(admin, people):
    admin.post(f"{ACCOUNTS}new/", TYPED)
    MailAccount.objects.update(error=imap.REFUSED, error_detail="[AUTH] no")
    assert "The server refuses user name or password. [AUTH] no" in admin.get(ACCOUNTS).content.decode()
    people["admin"].language = "de"
    people["admin"].save()
    for url in (ACCOUNTS, f"{ACCOUNTS}{MailAccount.objects.get().pk}/"):
        assert "Der Server lehnt Benutzername oder Passwort ab. [AUTH] no" in admin.get(url).content.decode()


def test_that_nobody_fetches_is_said(admin):
    admin.post(f"{ACCOUNTS}new/", TYPED)
    long_ago = timezone.now() - datetime.timedelta(hours=1)
    for fields in ({"password_set_at": long_ago}, {"fetched_at": long_ago}):
        MailAccount.objects.update(**fields)
        assert "does not seem to run" in admin.get(ACCOUNTS).content.decode()
    MailAccount.objects.update(fetched_at=timezone.now())
    assert "does not seem to run" not in admin.get(ACCOUNTS).content.decode()


def test_the_connection_is_checked_and_nothing_saved(admin, dovecot):
    dovecot.put("pruefung", mail())
    typed = TYPED | {"host": "127.0.0.1", "port": dovecot.port, "security": "none", "user": "pruefung", "check": "1"}
    answer = admin.post(f"{ACCOUNTS}new/", typed | {"password": PASSWORD})
    assert "The sign-in works. There is 1 mail." in answer.content.decode()
    answer = admin.post(f"{ACCOUNTS}new/", typed | {"password": "falsch"})
    assert "The server refuses user name or password." in answer.content.decode()
    answer = admin.post(f"{ACCOUNTS}new/", typed | {"password": PASSWORD, "afterwards": "move", "move_to": "Nirgends"})
    assert "folder to move stored mails to does not exist" in answer.content.decode()
    assert "falsch" not in answer.content.decode()
    assert MailAccount.objects.count() == 0


def test_an_account_is_deleted_after_a_question(admin):
    admin.post(f"{ACCOUNTS}new/", TYPED)
    url = f"{ACCOUNTS}{MailAccount.objects.get().pk}/delete/"
    assert "What came from there stays" in admin.get(url).content.decode()
    admin.post(url)
    assert MailAccount.objects.count() == 0


@pytest.mark.parametrize("name", ["manager", "rep", "readonly"])
def test_nobody_else_sees_them(signed_in, name):
    address = Address.objects.create(email="crm@example.com")
    client = signed_in(name)
    for url in (ACCOUNTS, f"{ACCOUNTS}new/", ADDRESSES, f"{ADDRESSES}new/", f"{ADDRESSES}{address.pk}/"):
        assert client.get(url).status_code == 404
        assert client.post(url, TYPED).status_code == (405 if url in (ACCOUNTS, ADDRESSES) else 404)


def test_addresses_are_made_changed_and_deleted(admin):
    admin.post(f"{ADDRESSES}new/", {"email": "CRM@example.com", "purpose": "capture", "is_active": "on"})
    address = Address.objects.get()
    assert (address.email, address.purpose) == ("crm@example.com", Purpose.CAPTURE)
    for email, sentence in (("crm@example.com", "already in the list"), ("crm+x@example.com", "Without the plus")):
        answer = admin.post(f"{ADDRESSES}new/", {"email": email, "purpose": "leads"})
        assert sentence in answer.content.decode()
    admin.post(f"{ADDRESSES}{address.pk}/", {"email": "crm@example.com", "purpose": "leads", "is_active": "on"})
    assert Address.objects.get().purpose == Purpose.LEADS
    assert "New leads" in admin.get(ADDRESSES).content.decode()
    admin.post(f"{ADDRESSES}{address.pk}/delete/")
    assert Address.objects.count() == 0


def test_an_address_that_an_account_counts_as_is_kept(admin):
    address = Address.objects.create(email="crm@example.com")
    admin.post(f"{ACCOUNTS}new/", TYPED | {"address": address.pk})
    answer = admin.post(f"{ADDRESSES}{address.pk}/delete/", follow=True)
    assert "Switch it off instead" in answer.content.decode()
    assert Address.objects.count() == 1


def test_the_raw_table_shows_no_password(admin):
    admin.post(f"{ACCOUNTS}new/", TYPED)
    account = MailAccount.objects.get()
    for url in ("/admin/mail/mailaccount/", f"/admin/mail/mailaccount/{account.pk}/change/"):
        answer = admin.get(url)
        assert answer.status_code == 200
        assert account.password not in answer.content.decode()
