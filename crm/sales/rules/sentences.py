"""What people are told when a trigger refuses. Constraints of the models bring their own sentences."""

from django.utils.translation import gettext_lazy as _

BEGINS = _("A document begins as a draft.")
STEPS = _("This step is not possible from the present status.")

SENTENCES = {
    "sales_quote_is_final": _("This quote has been sent; it can no longer be changed. Make a new revision instead."),
    "sales_order_is_final": _("This order is confirmed or cancelled; it can no longer be changed."),
    "sales_invoice_is_final": _("This invoice has been issued; it can no longer be changed. It can be cancelled."),
    "sales_invoice_is_derived": _("Whether an invoice is paid follows from its payments and cannot be set."),
    "sales_quote_begins_as_draft": BEGINS,
    "sales_order_begins_as_draft": BEGINS,
    "sales_invoice_begins_as_draft": BEGINS,
    "sales_quote_steps": STEPS,
    "sales_order_steps": STEPS,
    "sales_invoice_steps": STEPS,
    "sales_document_is_empty": _("A document needs at least one line with an amount."),
    "sales_no_vat": _("With this tax treatment no VAT is charged; the VAT rate of each line has to be 0 %."),
    "sales_invoice_in_future": _("The invoice date lies in the future; an invoice is issued on its date or later."),
    "sales_credit_note_fits": _("Only an issued invoice can be cancelled, once and in full."),
    "sales_payment_of_draft": _("A draft cannot be paid; issue the invoice first."),
    "sales_payment_reversal_fits": _("A payment is taken back once and in full."),
    "sales_payment_is_final": _("A payment cannot be changed or deleted; take it back instead."),
    "sales_payment_currency": _("The payment is in another currency than the invoice."),
    "sales_dunning_of_open": _("Only an issued invoice that is not paid can be reminded of."),
    "sales_dunning_is_final": _("A reminder that went out cannot be changed or deleted."),
    "sales_delivery_of_confirmed": _("Only lines of this order can be delivered, and only when it is confirmed."),
    "sales_delivery_is_final": _("A delivery cannot be rewritten; take it back and record it anew."),
    "sales_counter_is_final": _("The numbers of invoices are counted by issuing, and by nothing else."),
}
