"""A mail server that takes mail for our own addresses, by SMTP or LMTP, and says "250" only when it is in the journal.

For a mail server in front (Postfix, Exim, Exchange), which speaks TLS with the world and refuses what is forged; not
for the open internet. When the database is away it answers 451: whoever sends keeps the mail and tries again.

aiosmtpd keeps the dialogue. Its own DATA is replaced: it refuses lines of more than 1,001 bytes, which real mails have,
holds each mail three times in memory, and gives LMTP one answer for all recipients.
"""

import asyncio
import logging
import signal
import socket
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, syntax
from django.db import Error as DatabaseTrouble

from crm.mail import journal, judging
from crm.mail.models import Address, Route
from crm.mail.reading import limits
from crm.mail.ways_in.database import living

log = logging.getLogger(__name__)
# How many may talk to us at once, and for how many recipients a mail may be.
CONNECTIONS, RECIPIENTS = 50, 100
# Mails that are being stored at once: each is in memory for that moment; until then it lies in a file.
STORERS = 4
SPOOLED = 256 * 1024
# Seconds: for a word of the sender, and for a whole mail; for what is under way when we are to end.
PATIENCE, ENDING = 600, 25
LATER = "451 4.3.0 The mail cannot be stored now. Try again later."
TOO_LARGE = "552 5.3.4 The mail is larger than 50 MB."
UNKNOWN = "550 5.1.1 There is no such address here."
MANY_RECIPIENTS = "452 4.5.3 Too many recipients at once."
BUSY = "421 4.3.2 Too many connections. Try again later."
ENDS = "421 4.3.2 The service is ending. Try again later."
TAKEN = "250 2.0.0 It is stored."


class Reception:
    """What the connections share: who is connected, and the threads that talk to the database."""

    def __init__(self):
        self.threads = ThreadPoolExecutor(STORERS, thread_name_prefix="journal")
        self.connections: set[_Dialogue] = set()

    async def ask(self, work, *arguments):
        """The result of `work`, in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, work, *arguments)

    # ── what aiosmtpd asks ──────────────────────────────────────────────────────────────────────────
    async def handle_EHLO(self, server, session, envelope, hostname, answers):
        session.host_name = hostname
        return [*answers[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", answers[-1]]

    async def handle_RCPT(self, server, session, envelope, address, options):
        if len(envelope.rcpt_tos) >= RECIPIENTS:
            return MANY_RECIPIENTS
        if not await self.ask(is_ours, address):
            return UNKNOWN
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_exception(self, error: Exception) -> str:
        """Whatever it is, the sender keeps the mail."""
        if isinstance(error, DatabaseTrouble):
            log.warning("the database does not answer: %s", error)
        else:
            log.exception("a mail could not be taken", exc_info=error)
        return LATER


def is_ours(email: str) -> bool:
    """Is it one of our addresses, with or without something behind a plus?"""
    with living():
        bare = judging.bare(email.lower())
        return Address.objects.filter(is_active=True, email__iexact=bare).exists()


def _store(file, sender: str, recipients: list[str]) -> None:
    """Closes `file`. When it returns, the mail is committed."""
    with file, living():
        file.seek(0)
        journal.store(file.read(), route=Route.SMTP, envelope_from=sender, envelope_to=recipients)


class _Dialogue(SMTP):
    """One connection."""

    # Of the buffer: longer lines come in pieces.
    line_length_limit = 64 * 1024
    taking = False

    def __init__(self, reception: Reception):
        self.reception = reception
        super().__init__(
            reception,
            data_size_limit=limits.MAIL_BYTES,
            enable_SMTPUTF8=True,
            hostname=socket.gethostname(),
            ident="CRM",
            timeout=PATIENCE,
            loop=asyncio.get_running_loop(),
        )

    async def _handle_client(self) -> None:
        if len(self.reception.connections) >= CONNECTIONS:
            await self.say_goodbye(BUSY)
            return
        self.reception.connections.add(self)
        try:
            await super()._handle_client()
        finally:
            self.reception.connections.discard(self)

    async def say_goodbye(self, text: str) -> None:
        """End the connection."""
        if self.transport is not None:
            await self.push(text)
            self.transport.close()

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:
        """Takes the mail into a file, stores it, and answers."""
        if await self.check_helo_needed():
            return
        if not self.envelope.rcpt_tos or arg:
            await self.push("501 5.5.4 Syntax: DATA" if arg else "503 5.5.1 Error: need RCPT command")
            return
        recipients, self.taking = list(self.envelope.rcpt_tos), True
        try:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            self.answer(await self._take(recipients), len(recipients))
            await self._writer.drain()
        finally:
            self.taking = False
            self._set_post_data_state()

    def answer(self, text: str, recipients: int) -> None:
        """One word for the mail."""
        self._writer.write(f"{text}\r\n".encode())

    async def _take(self, recipients: list[str]) -> str:
        """The answer to a mail that is coming in."""
        with ExitStack() as closing:
            file = closing.enter_context(tempfile.SpooledTemporaryFile(SPOOLED))
            if not await self._receive(file):
                return TOO_LARGE
            # From here on the thread closes it, which goes on even when the sender hangs up.
            closing.pop_all()
        try:
            await self.reception.ask(_store, file, self.envelope.mail_from, recipients)
        except Exception as error:
            return await self.reception.handle_exception(error)
        return TAKEN

    async def _receive(self, file) -> bool:
        """Write the mail into `file`, as it was before the dots were doubled; whether it is not too large."""
        size, begins = 0, True
        while True:
            try:
                line = await self._reader.readuntil(b"\r\n")
            except asyncio.LimitOverrunError as error:
                line = await self._reader.readexactly(error.consumed)
            if begins and line == b".\r\n":
                return size <= limits.MAIL_BYTES
            if begins and line.startswith(b"."):
                line = line[1:]
            begins = line.endswith(b"\r\n")
            size += len(line)
            if size <= limits.MAIL_BYTES:
                file.write(line)


class _LocalDialogue(_Dialogue, LMTP):
    """The same for LMTP: each recipient gets an answer."""

    def answer(self, text: str, recipients: int) -> None:
        self._writer.write(f"{text}\r\n".encode() * recipients)


async def serve(host: str, port: int, *, lmtp: bool = False, ready=lambda: None) -> None:
    """Take mail until SIGTERM or SIGINT; then finish what is under way. `ready` is called when we listen."""
    reception, loop, end = Reception(), asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    kind = _LocalDialogue if lmtp else _Dialogue
    server = await loop.create_server(lambda: kind(reception), host, port)
    ready()
    await end.wait()
    server.close()
    until = loop.time() + ENDING
    while reception.connections and loop.time() < until:
        for one in list(reception.connections):
            if not one.taking:
                await one.say_goodbye(ENDS)
        await asyncio.sleep(0.05)
    reception.threads.shutdown()
