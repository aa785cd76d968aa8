"""The texts that new documents begin with, under Settings."""

from django.db import transaction

from crm.accounts.scope import Action
from crm.sales.models import StandardText


@transaction.atomic
def change_text(*, text, by, intro: str, closing: str) -> StandardText:
    """Other words above and below the lines; documents that are there keep theirs."""
    text = StandardText.objects.visible_to(by, Action.CHANGE).select_for_update(of=("self",)).get(pk=text.pk)
    text.intro, text.closing = intro, closing
    text.save(update_fields=["intro", "closing"])
    return text
