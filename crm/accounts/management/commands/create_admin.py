from getpass import getpass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from crm.accounts.models import Role, User


class Command(BaseCommand):
    help = "Make the first administrator of a new installation; asks for the password."

    def add_arguments(self, parser):
        parser.add_argument("email")
        parser.add_argument("--name", default="")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def handle(self, *, email, name, password_stdin, **options):
        password = input() if password_stdin else getpass("Password: ")
        try:
            validate_email(email)
            user = User(email=email.strip().lower(), name=name or email.partition("@")[0])
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if User.objects.filter(email__iexact=user.email).exists():
            raise CommandError(f"{user.email} exists already.")
        user = User.objects.create_user(user.email, password, name=user.name, role=Role.objects.get(name="admin"))
        self.stdout.write(f"{user.email} can sign in now.")
