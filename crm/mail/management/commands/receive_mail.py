"""`manage.py receive_mail`: takes mail by SMTP or LMTP, for as long as it runs."""

import asyncio

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from crm.mail.ways_in import listener


class Command(BaseCommand):
    help = "Take mail for our own addresses by SMTP, or LMTP, until it is told to end (SIGTERM)."

    def add_arguments(self, parser):
        parser.add_argument("--host", default=settings.MAIL_LISTEN_HOST, help="where to listen (%(default)s)")
        parser.add_argument("--port", type=int, default=settings.MAIL_LISTEN_PORT, help="the port (%(default)s)")
        parser.add_argument("--lmtp", action="store_true", help="speak LMTP instead of SMTP")

    def handle(self, *args, host, port, lmtp, **options):
        def ready():
            self.stdout.write(f"{'LMTP' if lmtp else 'SMTP'} at {host}:{port}")
            self.stdout.flush()

        try:
            asyncio.run(listener.serve(host, port, lmtp=lmtp, ready=ready))
        except OSError as error:
            raise CommandError(f"{host}:{port} cannot be used: {error.strerror or error}") from None
