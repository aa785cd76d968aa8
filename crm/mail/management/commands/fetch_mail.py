"""`manage.py fetch_mail`: empties the mail accounts into the journal, for as long as it runs."""

import signal
import threading

from django.core.management.base import BaseCommand, CommandError

from crm.mail.models import MailAccount
from crm.mail.ways_in import fetching, imap

ENDS = {signal.SIGTERM, signal.SIGINT}


class Command(BaseCommand):
    help = "Fetch the mails of all active mail accounts (IMAP), until it is told to end (SIGTERM)."

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="look at each account once, then end")

    def handle(self, *args, once, **options):
        if once:
            return self._once()
        stop = threading.Event()
        # Waited for, not handled: a handler would run in the midst of anything, also of a lock.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
        fetching_thread = threading.Thread(target=fetching.stay, args=(stop,))
        fetching_thread.start()
        while fetching_thread.is_alive():
            if signal.sigtimedwait(ENDS, 1):
                stop.set()
                fetching_thread.join()
        if not stop.is_set():
            raise CommandError("It ended by itself; the log says why.")

    def _once(self) -> None:
        """Ends with an error where an account could not be read; the others are read nevertheless."""
        failed = []
        for account in MailAccount.objects.filter(is_active=True):
            try:
                self.stdout.write(f"{account}: {fetching.fetch(account)} new")
            except imap.Trouble as trouble:
                failed.append(f"{account}: {trouble}")
        if failed:
            raise CommandError("\n".join(failed))
