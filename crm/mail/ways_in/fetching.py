"""Mailboxes are emptied into the journal: one thread for each account, for as long as the command runs.

A mail's row in the journal and how far the folder has been read are one transaction. So whatever is killed: nothing is
skipped, and what is read a second time is known by its bytes. On the server nothing is changed before that is
committed, and what is still to be changed there is kept as `untidied`.
"""

import logging
import threading
import time

from django.db import Error as DatabaseTrouble
from django.db import connection, transaction
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_noop

from crm.core import seal
from crm.mail import journal
from crm.mail.models import Afterwards, MailAccount, Route
from crm.mail.reading import limits
from crm.mail.ways_in import imap
from crm.mail.ways_in.database import living

log = logging.getLogger(__name__)
# How often a folder is looked at, also where the server says by itself when there is something new: connections break
# without a word.
POLL_SECONDS = 60
# After the first failure, the second, …; the last stays.
PAUSES = (5, 10, 20, 40, 80, 160, 300)
# How often the command looks for accounts that were added, changed or switched off.
LOOK_SECONDS = 3
SIZED = 200
# What a connection is made for: when one of them is changed, it ends.
SETTINGS = (
    "host",
    "port",
    "security",
    "user",
    "password_set_at",
    "folder",
    "address_id",
    "afterwards",
    "move_to",
)
PASSWORD_LOST = gettext_noop("The password cannot be read any more, because SECRET_KEY was changed. Enter it again.")
NOT_GIVEN = gettext_noop("The server does not give some mails; they are asked for again.")
BROKEN = gettext_noop("Fetching failed; the log of the server says why.")


class Changed(Exception):
    """The account is not any more what this thread began with."""


def password_of(account: MailAccount) -> str:
    """The password of an account, in the open; sealed anew where an older key was used. Raises imap.Trouble."""
    try:
        password, renewed = seal.unseal(account.password), seal.renewed(account.password)
    except seal.Unsealable:
        raise imap.Trouble(PASSWORD_LOST) from None
    if renewed != account.password:
        MailAccount.objects.filter(pk=account.pk, password=account.password).update(password=renewed)
    return password


class Round:
    """One look at a folder: all that is new goes into the journal, and what is stored is tidied on the server."""

    def __init__(self, account: MailAccount, mailbox: imap.Mailbox, stop: threading.Event | None = None):
        self.account, self.mailbox, self.stop = account, mailbox, stop or threading.Event()
        self.refused, self.new = "", []
        # What was changed meanwhile is begun anew by another thread.
        self.same = {name: getattr(account, name) for name in ("pk", *SETTINGS)} | {"is_active": True}

    def run(self) -> int:
        """How many mails were stored that the journal did not have. Raises imap.Trouble and Changed."""
        self.validity, following = self.mailbox.open()
        last, postponed = self._begin()
        self.new = self.mailbox.uids_after(last, following)
        stored, waiting = 0, [*postponed, *self.new]
        for at in range(0, len(waiting), SIZED):
            if self.stop.is_set():
                break
            some = waiting[at : at + SIZED]
            sizes = self.mailbox.sizes(some)
            for uid in some:
                if self.stop.is_set():
                    break
                stored += self._take(uid, sizes.get(uid))
            self._tidy()
        self._tidy()
        self._done()
        return stored

    def _row(self):
        """The account, locked, as this round knows it. Raises Changed."""
        found = MailAccount.objects.select_for_update(of=("self",)).filter(**self.same, uid_validity=self.validity)
        if (row := found.first()) is None:
            raise Changed
        return row

    def _begin(self) -> tuple[int, list[int]]:
        """(the last UID that was read, those that were postponed). Another UIDVALIDITY makes all UIDs worthless."""
        with living(), transaction.atomic():
            row = MailAccount.objects.select_for_update(of=("self",)).filter(**self.same).first()
            if row is None:
                raise Changed
            if row.uid_validity != self.validity:
                row.uid_validity, row.last_uid, row.untidied, row.postponed = self.validity, 0, [], []
                row.save(update_fields=["uid_validity", "last_uid", "untidied", "postponed"])
            return row.last_uid, row.postponed

    def _take(self, uid: int, size: int | None) -> bool:
        """Store one mail; whether it is new to the journal."""
        whole = size is None or size <= limits.MAIL_BYTES
        try:
            raw = self.mailbox.raw(uid) if whole else self.mailbox.header(uid)
        except imap.NotGiven as error:
            self.refused = str(error)
            self._note(uid, postponed=True)
            return False
        if raw is None:
            # Somebody removed it before it could be read.
            self._note(uid)
            return False
        with living(), transaction.atomic():
            row = self._row()
            to = [row.address.email] if row.address_id else []
            _mail, new = journal.store(raw, route=Route.IMAP, envelope_to=to, size=None if whole else size)
            # What is too large to be kept stays where it is.
            self._advance(row, uid, untidied=whole)
        return new

    def _note(self, uid: int, *, postponed: bool = False) -> None:
        with living(), transaction.atomic():
            self._advance(self._row(), uid, postponed=postponed)

    def _advance(self, row: MailAccount, uid: int, *, untidied: bool = False, postponed: bool = False) -> None:
        left = [one for one in row.postponed if one != uid]
        tidy = untidied and row.afterwards != Afterwards.LEAVE
        MailAccount.objects.filter(pk=row.pk).update(
            last_uid=Greatest("last_uid", uid),
            postponed=[*left, uid] if postponed else left,
            untidied=[*row.untidied, uid] if tidy else row.untidied,
        )

    def _tidy(self) -> None:
        with living():
            uids = MailAccount.objects.filter(**self.same).values_list("untidied", flat=True).first()
        if not uids:
            return
        self.mailbox.tidy(uids)
        with living(), transaction.atomic():
            row = self._row()
            left = [uid for uid in row.untidied if uid not in set(uids)]
            MailAccount.objects.filter(pk=row.pk).update(untidied=left)

    def _done(self) -> None:
        error, detail = (NOT_GIVEN, self.refused) if self.refused else ("", "")
        with living():
            MailAccount.objects.filter(pk=self.account.pk).update(
                fetched_at=timezone.now(), error=error, error_detail=detail
            )


def fetch(account: MailAccount) -> int:
    """Look at an account's folder once; how many mails were new. What goes wrong is noted there, and raised."""
    try:
        with imap.Mailbox(account, password_of(account)) as mailbox:
            return Round(account, mailbox).run()
    except imap.Trouble as trouble:
        _report(account, trouble)
        raise


def _report(account: MailAccount, trouble: imap.Trouble) -> None:
    with living():
        MailAccount.objects.filter(pk=account.pk).update(error=trouble.reason, error_detail=trouble.detail)


class Fetcher(threading.Thread):
    """Keeps one account's folder empty until it is told to stop."""

    def __init__(self, account: MailAccount):
        super().__init__(name=f"mail account {account.pk}", daemon=True)
        self.account, self.stop = account, threading.Event()

    def run(self) -> None:
        failures = 0
        try:
            while not self.stop.is_set():
                began = time.monotonic()
                try:
                    self._stay()
                except Changed:
                    return
                except imap.Trouble as trouble:
                    self._say(trouble)
                except DatabaseTrouble as error:
                    log.warning("mail account %s: the database does not answer: %s", self.account.pk, error)
                except Exception:
                    log.exception("mail account %s", self.account.pk)
                    self._say(imap.Trouble(BROKEN))
                # A connection that held for a while was good.
                failures = 0 if time.monotonic() - began > POLL_SECONDS else failures
                self.stop.wait(PAUSES[min(failures, len(PAUSES) - 1)])
                failures += 1
        finally:
            connection.close()

    def _stay(self) -> None:
        with living():
            password = password_of(self.account)
        with imap.Mailbox(self.account, password) as mailbox:
            while not self.stop.is_set():
                look = Round(self.account, mailbox, self.stop)
                look.run()
                if look.new:
                    # What comes while others are read is told with them, and not again while waiting.
                    continue
                # Accounts may be many, and connections to the database are few.
                connection.close()
                mailbox.wait(self.stop, POLL_SECONDS)

    def _say(self, trouble: imap.Trouble) -> None:
        log.warning("mail account %s: %s", self.account.pk, trouble)
        try:
            _report(self.account, trouble)
        except DatabaseTrouble as error:
            log.warning("mail account %s: the database does not answer: %s", self.account.pk, error)


def stay(stop: threading.Event) -> None:
    """Keep the folders of all active accounts empty, also of those that are added, until `stop` is set."""
    fetchers: dict[tuple, Fetcher] = {}
    while not stop.is_set():
        try:
            with living():
                wanted = {
                    (account.pk, *(getattr(account, name) for name in SETTINGS)): account
                    for account in MailAccount.objects.filter(is_active=True)
                }
            for key in fetchers.keys() - wanted.keys():
                fetchers.pop(key).stop.set()
            for key, account in wanted.items():
                if key not in fetchers or not fetchers[key].is_alive():
                    fetchers[key] = Fetcher(account)
                    fetchers[key].start()
        except DatabaseTrouble as error:
            log.warning("the database does not answer: %s", error)
        stop.wait(LOOK_SECONDS)
    for fetcher in fetchers.values():
        fetcher.stop.set()
    for fetcher in fetchers.values():
        # A server that is slow to answer holds up nobody: what is not committed is read again.
        fetcher.join(timeout=5)
