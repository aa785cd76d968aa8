"""manage.py demo_data: a believable company to look at, or very many records to measure with."""

import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import override

from crm.accounts.models import User
from crm.core.checks import DEMO_DOMAIN, DEMO_PASSWORD
from crm.demo import actions


class Command(BaseCommand):
    help = "Fills an empty installation with a demo company: 36 months of leads, deals and what became of them."

    def add_arguments(self, parser):
        parser.add_argument(
            "--scale",
            type=int,
            metavar="N",
            help="that many opportunities instead of 1,500, with all that belongs to them",
        )
        parser.add_argument("--seed", type=int, default=1, help="another number gives another story (default: 1)")
        parser.add_argument(
            "--force",
            action="store_true",
            help="also where there is data already, and also outside of a local installation",
        )

    def handle(self, *, scale, seed, force, verbosity, **options):
        if not settings.DEBUG and not force:
            raise CommandError(
                "Demo data brings logins with a password that everybody knows; it is only for DEBUG (or --force)."
            )
        if scale is not None and scale < 100:
            raise CommandError("--scale is at least 100.")
        if not actions.is_empty() and not force:
            if User.objects.filter(email=f"admin{DEMO_DOMAIN}").exists():
                self.stdout.write("The demo data is there already; nothing was changed. (--force adds more.)")
                return
            raise CommandError("There are records already; demo data beside them needs --force.")
        began = time.monotonic()
        say = (lambda text: self.stdout.write(f"  {text}")) if scale or verbosity > 1 else (lambda text: None)
        counts = actions.fill(scale=scale, seed=seed, say=say)
        with override("en"):
            found = ", ".join(f"{number:,} {model._meta.verbose_name_plural}" for model, number in counts.items())
        self.stdout.write(f"Demo data: {found}, in {time.monotonic() - began:.0f} s.")
        if verbosity > 1:
            self.stdout.write(
                f"Logins: admin, manager, rep, rep2, service, readonly {DEMO_DOMAIN}; password {DEMO_PASSWORD}"
            )
