"""What can be done with notifications. See opportunities/actions.py for how verbs answer."""

from django.db import connection
from django.utils import timezone

from crm.core.forms import tidy
from crm.core.normalise import line
from crm.notices.models import Notice

# What a key stands for is told once, whoever else tells it at the same moment: the database decides who was first.
TELL = """
    INSERT INTO notices_notice (user_id, key, text, icon, url, created_at) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (user_id, key) DO NOTHING
"""


def tell(*, user, key: str, text: str, url: str, icon: str = "bell") -> bool:
    """Put a message under the bell of `user`, within the caller's transaction; False if `key` was told before.

    `text`: in the user's language. `url`: an address of ours, without the host. `icon`: the name of one of Tabler's.
    """
    if not url.startswith("/") or url.startswith("//"):
        raise ValueError(url)
    values = [user.pk, key, tidy(line(text), 300), icon, url, timezone.now()]
    with connection.cursor() as cursor:
        cursor.execute(TELL, values)
        return cursor.rowcount == 1


def mark_read(*, notice, by) -> None:
    """The user has seen it."""
    Notice.objects.visible_to(by).unread().filter(pk=notice.pk).update(read_at=timezone.now())


def mark_all_read(*, by) -> int:
    """All that the user has; gives how many were unread."""
    return Notice.objects.visible_to(by).unread().update(read_at=timezone.now())
