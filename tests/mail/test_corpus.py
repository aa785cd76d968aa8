"""The collection of real mails through the whole post office: each settled, none as a crash."""

from collections import Counter

import pytest

from crm.mail import journal, sorting
from crm.mail.models import Address, IncomingMail, IncomingState, Message, Purpose, Route
from inbox.models import InboxItem, InboxItemMessage
from tests.mail.reading.test_corpus import MAILS, collection, manifest  # noqa: F401 a fixture

SETTLED = {IncomingState.PROCESSED, IncomingState.REVIEW, IncomingState.IGNORED}


@pytest.mark.django_db
@pytest.mark.usefixtures("collection")
@pytest.mark.parametrize("purpose", [Purpose.CAPTURE, Purpose.LEADS])
def test_every_mail_of_the_collection_is_settled(purpose, settings, tmp_path, people):
    """For the lead address each becomes an inbox item, unless it is automatic or came before."""
    settings.MEDIA_ROOT = tmp_path
    Address.objects.create(email="crm@rotenfels.example", purpose=purpose)
    for row in manifest():
        mail, _new = journal.store(
            (MAILS / row["path"]).read_bytes(), route=Route.SMTP, envelope_to=["crm@rotenfels.example"]
        )
        sorting.sort(mail.pk)
    states = Counter(IncomingMail.objects.values_list("state", flat=True))
    print(f"{sum(states.values())} mails to the {purpose} address: {dict(states)}")
    assert set(states) <= SETTLED, IncomingMail.objects.exclude(state__in=SETTLED).values_list("subject", "reason")[:5]
    assert IncomingMail.objects.count() == len({row["sha1"] for row in manifest()})
    # An answer that came along is filed with the item of the mail it answers.
    filed = InboxItemMessage.objects.values("message").distinct().count()
    assert filed == states[IncomingState.PROCESSED]
    assert 0 <= filed - InboxItem.objects.count() < 10
    assert Message.objects.filter(review=False, filed_at=None).count() == 0, "nothing lies about"
