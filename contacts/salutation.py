"""How a letter or mail begins."""

from django.utils.translation import gettext as _


def salutation(person) -> str:
    """Sehr geehrte Frau Dr. Müller, … – in the active language; None is greeted as nobody in particular."""
    if person is None or not person.last_name:
        return _("Dear Sir or Madam,")
    name = f"{person.title} {person.last_name}".strip()
    if person.salutation == "ms":
        return _("Dear Ms %(name)s,") % {"name": name}
    if person.salutation == "mr":
        return _("Dear Mr %(name)s,") % {"name": name}
    return _("Hello %(name)s,") % {"name": f"{person.first_name} {person.last_name}".strip()}
