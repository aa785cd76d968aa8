"""What an invoice lacks before it can be issued, said before the button is pressed."""

import copy

from crm.core import clock
from crm.core.refusals import Refused
from crm.sales.actions.documents import address
from crm.sales.einvoice import missing_data


def missing_of(invoice, user) -> list[str]:
    """In sentences, as issuing would say it: of us, and of the recipient as he would be filled in."""
    trial = copy.copy(invoice)
    try:
        address(trial, user)
    except Refused as refused:
        return [str(refused)]
    trial.service_date = trial.service_date or clock.today()
    return missing_data(trial)
