"""One folder of a mailbox on another server: its mails' numbers, their bytes, and what is done with them there.

Knows no database. Whatever goes wrong with the server is Trouble, with a sentence for people.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Event

from django.utils.translation import gettext_noop
from imapclient import DELETED, SEEN, IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from crm.mail.models import Afterwards, MailAccount, Security
from crm.mail.reading import limits

CONNECT_SECONDS, READ_SECONDS = 10, 60
# For a page that somebody waits for.
CHECK_SECONDS = 10
# UIDs asked for in one search, and named in one command: both answers and commands have to stay short.
SEARCHED, NAMED = 100_000, 200
UNKNOWN_HOST = gettext_noop("There is no server of this name.")
NO_ANSWER = gettext_noop("The server does not answer.")
UNREACHABLE = gettext_noop("The server cannot be reached.")
CERTIFICATE = gettext_noop("The server's certificate is not valid.")
NO_TLS = gettext_noop("The server does not speak TLS at this port.")
NO_STARTTLS = gettext_noop("The server offers no STARTTLS.")
NO_SERVER = gettext_noop("There is no IMAP server at this port.")
REFUSED = gettext_noop("The server refuses user name or password.")
NO_FOLDER = gettext_noop("There is no such folder.")
NO_TARGET = gettext_noop("The folder to move stored mails to does not exist.")
READ_ONLY = gettext_noop("The folder can only be read: stored mails stay as they are.")
LOST = gettext_noop("The connection broke off.")
ODD = gettext_noop("The server answered with an error.")


class Trouble(Exception):
    """`reason` is an English sentence (a msgid), `detail` the server's own words, if they may be shown."""

    def __init__(self, reason: str, detail: object = ""):
        self.reason, self.detail = reason, _words(detail)
        super().__init__(f"{reason} {self.detail}".strip())


class NotGiven(Exception):
    """The server does not give this one mail; the connection is well."""


def _words(error: object) -> str:
    """A server's words as text: errors of imaplib are the repr of bytes."""
    text = str(error)
    if text[:2] in ("b'", 'b"'):
        text = text[2:-1]
    return " ".join(text.replace("\0", "").split())[:300]


@contextmanager
def _explained() -> Iterator[None]:
    """Errors of the network and of the library as Trouble."""
    try:
        yield
    except TimeoutError as error:
        raise Trouble(NO_ANSWER) from error
    except (IMAPClientAbortError, OSError) as error:
        raise Trouble(LOST) from error
    except IMAPClientError as error:
        raise Trouble(ODD, error) from error


class Mailbox:
    """The folder of an account, through a connection that is open and signed in. Used as a context."""

    def __init__(self, account: MailAccount, password: str, patience: float = READ_SECONDS):
        """Connects and signs in; `patience` in seconds is for each answer. Raises Trouble."""
        self.account = account
        self.client = _connect(account, patience)
        try:
            _sign_in(self.client, account.user, password)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Mailbox":
        return self

    def __exit__(self, *_error) -> None:
        self.close()

    def close(self) -> None:
        with suppress(Exception):
            self.client.logout()

    def open(self) -> tuple[int, int]:
        """Choose the folder; its UIDVALIDITY and the UID that the next new mail gets (0: the server does not say)."""
        reading = self.account.afterwards == Afterwards.LEAVE
        with _explained():
            try:
                found = self.client.select_folder(self.account.folder, readonly=reading)
            except IMAPClientAbortError:
                raise
            except IMAPClientError as error:
                raise Trouble(NO_FOLDER, error) from error
        if not reading and b"READ-ONLY" in found:
            raise Trouble(READ_ONLY)
        if b"UIDVALIDITY" not in found:
            raise Trouble(ODD, "UIDVALIDITY")
        return found[b"UIDVALIDITY"], found.get(b"UIDNEXT", 0)

    def check_target(self) -> None:
        """Is there the folder to move to? Raises Trouble."""
        with _explained():
            if self.account.afterwards == Afterwards.MOVE and not self.client.folder_exists(self.account.move_to):
                raise Trouble(NO_TARGET, self.account.move_to)

    def uids_after(self, last: int, following: int) -> list[int]:
        """The UIDs above `last`, ascending; `following` is the UID that the next new mail gets."""
        found, start = [], last + 1
        with _explained():
            while following - start > SEARCHED:
                found += self.client.search(["UID", f"{start}:{start + SEARCHED - 1}"])
                start += SEARCHED
            found += self.client.search(["UID", f"{start}:*"])
        # "5:*" names the last mail even when its UID is below 5.
        return sorted(uid for uid in set(found) if uid > last)

    def sizes(self, uids: list[int]) -> dict[int, int]:
        """{UID: bytes} of those that are still there."""
        with _explained():
            found = self.client.fetch(uids, ["RFC822.SIZE"])
        return {uid: fields.get(b"RFC822.SIZE", 0) for uid, fields in found.items()}

    def raw(self, uid: int) -> bytes | None:
        """The bytes of a mail; None if it is gone. Leaves it unread. Raises NotGiven."""
        return self._part(uid, "BODY.PEEK[]", b"BODY[]")

    def header(self, uid: int) -> bytes | None:
        """The header alone, as much of it as is read."""
        raw = self._part(uid, "BODY.PEEK[HEADER]", b"BODY[HEADER]")
        return raw if raw is None else raw[: limits.HEADER_BYTES]

    def _part(self, uid: int, asked: str, answered: bytes) -> bytes | None:
        with _explained():
            try:
                found = self.client.fetch([uid], [asked])
            except IMAPClientAbortError:
                raise
            except IMAPClientError as error:
                raise NotGiven(_words(error)) from error
        if uid not in found:
            return None
        raw = found[uid].get(answered)
        if raw is None:
            raise NotGiven(answered.decode())
        return raw

    def tidy(self, uids: Iterable[int]) -> None:
        """Do on the server what the account says is done with stored mails. Those that are gone are passed over."""
        uids = list(uids)
        for at in range(0, len(uids), NAMED):
            with _explained():
                self._tidy(uids[at : at + NAMED])

    def _tidy(self, uids: list[int]) -> None:
        wish, client = self.account.afterwards, self.client
        if wish == Afterwards.SEEN:
            client.add_flags(uids, [SEEN], silent=True)
        elif wish == Afterwards.MOVE and client.has_capability("MOVE"):
            client.move(uids, self.account.move_to)
        elif wish in (Afterwards.MOVE, Afterwards.DELETE):
            if wish == Afterwards.MOVE:
                client.copy(uids, self.account.move_to)
            client.add_flags(uids, [DELETED], silent=True)
            # A plain EXPUNGE would also remove what others marked, be it stored or not.
            if client.has_capability("UIDPLUS"):
                client.uid_expunge(uids)

    def wait(self, stop: Event, seconds: float) -> None:
        """Until something happens in the folder, where the server says so (IDLE); else, and at most, `seconds`."""
        with _explained():
            if not self.client.has_capability("IDLE"):
                stop.wait(seconds)
                return
            self.client.idle()
            until = time.monotonic() + seconds
            while not stop.is_set() and time.monotonic() < until:
                before = time.monotonic()
                news = self.client.idle_check(timeout=1)
                # Readable and nothing to read: the end of the connection, which the next command notices.
                if any(b"EXISTS" in one for one in news) or (not news and time.monotonic() - before < 0.9):
                    break
            self.client.idle_done()


def _connect(account: MailAccount, seconds: float) -> IMAPClient:
    """A connection, encrypted as the account says. Says nothing of what answers there, unless it speaks IMAP."""
    context = ssl.create_default_context()
    direct = account.security == Security.TLS
    patience = SocketTimeout(CONNECT_SECONDS, seconds)
    client = None
    try:
        # The greeting has to come as quickly as the connection.
        client = IMAPClient(
            account.host, account.port, ssl=direct, ssl_context=context if direct else None, timeout=patience
        )
        if account.security == Security.STARTTLS:
            if not client.has_capability("STARTTLS"):
                raise Trouble(NO_STARTTLS)
            client.starttls(context)
        return client
    except ssl.SSLCertVerificationError as error:
        trouble = Trouble(CERTIFICATE, error.verify_message)
    except ssl.SSLError:
        trouble = Trouble(NO_TLS)
    except TimeoutError:
        trouble = Trouble(NO_ANSWER)
    except (socket.gaierror, UnicodeError):
        trouble = Trouble(UNKNOWN_HOST)
    except OSError:
        trouble = Trouble(UNREACHABLE)
    except IMAPClientError:
        trouble = Trouble(NO_SERVER)
    except Trouble as error:
        trouble = error
    if client is not None:
        with suppress(Exception):
            client.shutdown()
    raise trouble


def _sign_in(client: IMAPClient, user: str, password: str) -> None:
    with _explained():
        try:
            if f"{user}{password}".isascii() or not client.has_capability("AUTH=PLAIN"):
                client.login(user, password)
            else:
                # LOGIN knows ASCII only.
                client.plain_login(user, password)
        except (LoginError, UnicodeError) as error:
            raise Trouble(REFUSED, error if isinstance(error, LoginError) else "") from error


def check(account: MailAccount, password: str) -> int:
    """Sign in as the account says, look at its folders, change nothing; how many mails there are. Raises Trouble."""
    with Mailbox(account, password, CHECK_SECONDS) as mailbox:
        _validity, following = mailbox.open()
        mailbox.check_target()
        return len(mailbox.uids_after(0, following))
