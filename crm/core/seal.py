"""Secrets that have to be read again (passwords of other servers), sealed in the database with keys made of SECRET_KEY.

Whoever has the database alone reads nothing. After a change of SECRET_KEY the old one stays in SECRET_KEY_FALLBACKS
until everything is sealed anew.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unsealable(Exception):
    """It was sealed with a key that we do not have any more."""


def _fernet(secret: str) -> Fernet:
    # Another use of SECRET_KEY must never have the same key: hence the words before it.
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"crm.core.seal:" + secret.encode()).digest()))


def _keys() -> list[Fernet]:
    return [_fernet(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def seal(text: str) -> str:
    """`text` as it may stand in the database."""
    return _keys()[0].encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text again. Raises Unsealable."""
    try:
        return MultiFernet(_keys()).decrypt(sealed).decode()
    except InvalidToken:
        raise Unsealable from None


def renewed(sealed: str) -> str:
    """The same, sealed with today's key: unchanged if it is already. Raises Unsealable."""
    try:
        _keys()[0].decrypt(sealed)
        return sealed
    except InvalidToken:
        return seal(unseal(sealed))
