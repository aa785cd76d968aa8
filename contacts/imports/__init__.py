"""Companies and persons from a file, and how other rooms' imports find or make them by name."""

from django.utils.translation import gettext_lazy

from contacts.imports import companies, persons
from contacts.imports.fields import (
    ADDRESS,
    COMPANIES_OPTION,
    COMPANY_FIELDS,
    DUPLICATES,
    EMAIL,
    PERSON_FIELDS,
    PHONE,
    RECORD,
)
from contacts.imports.names import find_companies, find_persons, split_name
from contacts.models import Company, Person
from crm.accounts.scope import Area
from crm.imports import targets, writing
from crm.imports.targets import Target

__all__ = [
    "ADDRESS",
    "COMPANIES_OPTION",
    "EMAIL",
    "PERSON_FIELDS",
    "PHONE",
    "RECORD",
    "find_companies",
    "find_persons",
    "register",
    "split_name",
]


def register() -> None:
    """Called when the room opens."""
    options = (writing.existing_option("fill"), DUPLICATES)
    targets.register(
        Target(
            "companies",
            gettext_lazy("Companies"),
            Company,
            Area.CONTACTS,
            COMPANY_FIELDS,
            companies.write,
            (*options, writing.missing_option()),
            companies.identity,
            "contacts:list",
        )
    )
    targets.register(
        Target(
            "persons",
            gettext_lazy("Persons"),
            Person,
            Area.CONTACTS,
            PERSON_FIELDS,
            persons.write,
            (*options, COMPANIES_OPTION, writing.missing_option()),
            persons.identity,
            "contacts:list",
        )
    )
    targets.belonging("contacts.Company_tags", "contacts.Person_tags", "contacts.PersonEmail")
