"""Mails come in while worker, listener and clock are killed, the broker is emptied, and PostgreSQL crashes."""

import os
import queue
import random
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import quote

from django.apps import apps
from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import connection

from crm.local import servers
from crm.mail import tasks
from crm.mail.models import IncomingMail, IncomingState, Message
from inbox.models import InboxItem
from tests.chaos.mails import LEAD, Cast, Sent

SENDERS = 4
SETTLED = (IncomingState.PROCESSED, IncomingState.REVIEW, IncomingState.IGNORED)
# The longest time from the last fault until all is settled.
PATIENCE = 300
LINKS = {
    "opportunity": ("opportunities", "OpportunityMessage"),
    "person": ("contacts", "PersonMessage"),
    "company": ("contacts", "CompanyMessage"),
    "item": ("inbox", "InboxItemMessage"),
}


class Child:
    """A process of the CRM that is started again whenever it ended."""

    def __init__(self, name: str, command: list[str], folder: Path, environment: dict):
        self.name, self.command, self.environment = name, command, environment
        self.log = (folder / f"{name}.log").open("ab")
        self.lock, self.ended = threading.Lock(), False
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *self.command],
            cwd=settings.BASE_DIR,
            env=self.environment,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def look(self) -> None:
        with self.lock:
            if not self.ended and self.process.poll() is not None:
                self.start()

    def kill(self) -> None:
        with self.lock:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def end(self) -> None:
        self.ended = True
        self.kill()


class Sender(threading.Thread):
    """A mail server that keeps each mail until it hears 250."""

    def __init__(self, port: int, waiting: queue.Queue, counts: Counter):
        super().__init__(daemon=True)
        self.port, self.waiting, self.counts, self.client = port, waiting, counts, None

    def run(self) -> None:
        while True:
            sent = self.waiting.get()
            while not self._deliver(sent):
                self.counts["tries again"] += 1
                time.sleep(0.3)
            self.counts["taken"] += 1
            self.waiting.task_done()

    def _deliver(self, sent: Sent) -> bool:
        try:
            if self.client is None:
                self.client = smtplib.SMTP("127.0.0.1", self.port, timeout=30)
            self.client.sendmail(sent.sender, [sent.to], sent.raw)
            return True
        except smtplib.SMTPRecipientsRefused as refused:
            codes = {code for code, _text in refused.recipients.values()}
        except smtplib.SMTPResponseException as refused:
            codes = {refused.smtp_code}
        except (OSError, smtplib.SMTPException):
            codes = set()
        if any(code >= 500 for code in codes):
            # A real mail server would return it to its writer now.
            self.counts["refused for good"] += 1
            return True
        self.client = None
        return False


class Storm:
    """`run` gives the figures, and a sentence for each mail that did not become what it should."""

    def __init__(self, mails: int, faults: int, seed: int, folder: str):
        self.count, self.faults, self.folder = mails, faults, Path(folder)
        self.dice, self.counts = random.Random(seed), Counter()

    def run(self) -> tuple[dict, list[str]]:
        cast = Cast()
        self.sent = [cast.write(number) for number in range(self.count)]
        began = time.monotonic()
        self._start()
        try:
            self._storm()
            sent = time.monotonic()
            settled = self._calm()
        finally:
            self.over.set()
            for child in self.children.values():
                child.end()
        figures = {
            "mails": self.count,
            "journal": IncomingMail.objects.count(),
            "settled": IncomingMail.objects.filter(state__in=SETTLED).count(),
            "messages": Message.objects.count(),
            "faults": {name.removeprefix("fault "): n for name, n in self.counts.items() if name.startswith("fault ")},
            "taken at another try": self.counts["tries again"],
            "seconds of the storm": round(sent - began, 1),
            "seconds from the last fault until all was settled": settled and round(settled - self.last_fault, 1),
            "attempts": self._attempts(),
        }
        return figures, self._wrong()

    # ── before ──────────────────────────────────────────────────────────────────────────────────────
    def _start(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        name, host = connection.settings_dict["NAME"], quote(str(servers.socket_dir(servers.root())))
        environment = {
            **os.environ,
            "DATABASE_URL": f"postgres://{servers.USER}@/{name}?host={host}",
            "REDIS_URL": servers.redis_url(),
            "MEDIA_ROOT": str(self.folder),
        }
        self._broker("FLUSHALL")
        worker = ["-m", "celery", "-A", "crm.celery", "worker", "--pool", "threads", "--concurrency", "4"]
        beat = ["-m", "celery", "-A", "crm.celery", "beat", "--pidfile=", "--schedule", str(self.folder / "beat")]
        self.children = {
            "listener": Child("listener", ["manage.py", "receive_mail", "--port", str(port)], self.folder, environment),
            "worker": Child("worker", [*worker, "--without-gossip", "--without-mingle"], self.folder, environment),
            "beat": Child("beat", beat, self.folder, environment),
        }
        self.over = threading.Event()
        threading.Thread(target=self._keep_alive, daemon=True).start()
        self.waiting: queue.Queue[Sent] = queue.Queue()
        for _sender in range(SENDERS):
            Sender(port, self.waiting, self.counts).start()

    def _keep_alive(self) -> None:
        while not self.over.wait(0.05):
            for child in self.children.values():
                child.look()

    # ── the storm ───────────────────────────────────────────────────────────────────────────────────
    def _storm(self) -> None:
        """A share of the mails, a fault, the next share, …; the kinds as evenly as their number allows."""
        kinds = ["worker"] * (self.faults - 2)
        kinds[1::4] = ["listener"] * len(kinds[1::4])
        kinds[3::8] = ["beat"] * len(kinds[3::8])
        self.dice.shuffle(kinds)
        kinds.insert(len(kinds) // 3, "broker")
        kinds.insert(len(kinds) * 2 // 3, "database")
        shares = [self.sent[at :: len(kinds)] for at in range(len(kinds))]
        for kind, share in zip(kinds, shares, strict=True):
            for sent in share:
                self.waiting.put(sent)
            self._until_busy(kind)
            # In the midst of the share, as a worker settles some dozens of mails a second.
            time.sleep(self.dice.uniform(0, len(share) / 60))
            self._fault(kind)
        self.waiting.join()

    def _until_busy(self, kind: str) -> None:
        """Killed while it starts, nothing is at stake: wait until what is to be killed has done something."""
        before, until = self._progress(kind), time.monotonic() + 20
        while time.monotonic() < until and self._progress(kind) <= before:
            time.sleep(0.02)

    def _progress(self, kind: str) -> int:
        if kind == "listener":
            return self.counts["taken"]
        return self._asked(lambda: IncomingMail.objects.filter(state__in=SETTLED).count())

    def _fault(self, kind: str) -> None:
        if kind == "broker":
            self._broker("FLUSHALL")
        elif kind == "database":
            self._crash_the_database()
        else:
            self.children[kind].kill()
        self.counts[f"fault {kind}"] += 1
        self.last_fault = time.monotonic()

    def _broker(self, command: str) -> None:
        with socket.socket(socket.AF_UNIX) as talk:
            talk.connect(str(servers.socket_dir(servers.root()) / "valkey"))
            talk.sendall(f"{command}\r\n".encode())
            assert talk.recv(10) == b"+OK\r\n"

    def _crash_the_database(self) -> None:
        """Stopped at once, as by a crash: nothing is finished, nothing is written that was not committed."""
        data = servers.root() / "postgres"
        pid = int((data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        while servers.alive(pid):
            time.sleep(0.02)
        time.sleep(1)
        servers.ensure()

    def _asked(self, question):
        """The answer, when the database gives one."""
        while True:
            try:
                return question()
            except DatabaseTrouble:
                connection.close()
                time.sleep(0.1)

    # ── after ───────────────────────────────────────────────────────────────────────────────────────
    def _calm(self) -> float | None:
        """When all was settled; None if that did not come."""
        while time.monotonic() < self.last_fault + PATIENCE:
            if self._asked(lambda: IncomingMail.objects.filter(state__in=SETTLED).count()) >= self.count:
                return time.monotonic()
            if self.faults < 10:
                # The short run has no time for the clock.
                tasks.sweep_journal.delay()
            time.sleep(0.5)
        return None

    def _attempts(self) -> dict:
        return dict(sorted(Counter(IncomingMail.objects.values_list("attempts", flat=True)).items()))

    def _wrong(self) -> list[str]:
        """Every mail is looked at: its bytes, its state, the records it is filed with, and nothing beside."""
        rows = {bytes(row.raw): row for row in IncomingMail.objects.select_related("message")}
        links = {key: self._links(key) for key in LINKS}
        wrong = [f"{self.counts['refused for good']} refused for good"] if self.counts["refused for good"] else []
        if len(rows) != IncomingMail.objects.count() or IncomingMail.objects.count() != self.count:
            wrong.append(f"{IncomingMail.objects.count()} rows in the journal for {self.count} mails")
        for sent in self.sent:
            row = rows.get(sent.raw)
            if row is None:
                wrong.append(f"mail {sent.number} is lost")
                continue
            if row.state != sent.state:
                wrong.append(f"mail {sent.number} ({sent.sort}) is {row.state}: {row.reason}")
            found = {key: links[key].get(row.message_id, []) for key in LINKS}
            wanted = {key: [sent.places[key]] if sent.places.get(key) else [] for key in LINKS}
            if sent.sort == LEAD:
                wanted["item"] = found["item"][:1] or [0]
            if found != wanted:
                wrong.append(f"mail {sent.number} ({sent.sort}) is filed with {found} instead of {wanted}")
        leads = sum(sent.sort == LEAD for sent in self.sent)
        kept = sum(sent.state != IncomingState.IGNORED for sent in self.sent)
        for what, number, wish in (
            ("inbox items", InboxItem.objects.count(), leads),
            ("messages", Message.objects.count(), kept),
        ):
            if number != wish:
                wrong.append(f"{number} {what} instead of {wish}")
        return wrong

    def _links(self, key: str) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for message, record in apps.get_model(*LINKS[key]).objects.values_list("message_id", f"{key}_id"):
            found.setdefault(message, []).append(record)
        return found
