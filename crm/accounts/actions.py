"""What can be done with one's own account. See opportunities/actions.py for how verbs answer."""

from django.db import transaction

from crm.accounts.models import ApiToken, User


@transaction.atomic
def set_profile(*, by: User, name: str, language: str, theme: str, time_zone: str = "") -> User:
    """A user's own name, language ("" as the browser, de, en), appearance (auto, light, dark) and time zone.

    Without a time zone days begin as they do at the company.
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=by.pk)
    user.name, user.language, user.theme, user.time_zone = name, language, theme, time_zone
    user.save(update_fields=["name", "language", "theme", "time_zone"])
    return user


@transaction.atomic
def issue_token(*, by: User, name: str, expires_at=None) -> tuple[ApiToken, str]:
    """A new key to the API with the rights of `by`, and its secret. `expires_at`: aware, None for never."""
    return ApiToken.issue(user=by, name=name, expires_at=expires_at)


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User) -> None:
    """End a token: one's own, or anybody's for those who administer."""
    ApiToken.objects.visible_to(by, "delete").get(pk=token.pk).delete()
