"""What the product can tell a user. See opportunities/actions.py for how verbs answer."""

from crm.notices.models import Notice


def tell(*, user, key: str, text: str, url: str, icon: str = "bell") -> bool:
    """Tell `user` something, once for each `key`; whether it is new. `url`: where more is to be found."""
    _notice, is_new = Notice.objects.get_or_create(
        user=user, key=key, defaults={"text": text, "url": url, "icon": icon}
    )
    return is_new
