"""The mail that a reminder goes out with."""

from django.utils.translation import gettext_lazy as _

from crm.mail import kinds

REMINDER = kinds.Kind(
    "reminder",
    _("Reminder"),
    _("When an invoice is reminded of."),
    "{title}",
    _(
        "{salutation}\n\n{text}\n\nInvoice {number} of {invoice_date}\nOpen amount: {open}\nFee: {fee}\n"
        "To be paid by {due_date}: {total}\n\nThe letter is attached.\n\nKind regards\n{sender}\n{company}"
    ),
    (
        kinds.Placeholder("salutation", _("Salutation"), _("Dear Ms Kurz,")),
        kinds.Placeholder("title", _("Name of the reminder and number of the invoice"), _("Reminder RE-2026-00001")),
        kinds.Placeholder("text", _("Text of the dunning level"), _("this may have escaped your attention: …")),
        kinds.Placeholder("number", _("Number of the invoice"), "RE-2026-00001"),
        kinds.Placeholder("invoice_date", _("Invoice date"), "01.10.2026"),
        kinds.Placeholder("open", _("Open amount"), "1.339,76 €"),
        kinds.Placeholder("fee", _("Fee"), "5,00 €"),
        kinds.Placeholder("total", _("Open amount and fee"), "1.344,76 €"),
        kinds.Placeholder("due_date", _("Last day to pay"), "24.12.2026"),
        kinds.Placeholder("sender", _("Name of the sender"), "Anna Berger"),
        kinds.Placeholder("company", _("Own company"), "Nordlicht Antriebe"),
    ),
)
