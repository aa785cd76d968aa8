"""What can be done with mail accounts and with our own addresses. See opportunities/actions.py for how verbs answer."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.accounts.scope import Action, Scope
from crm.core import seal
from crm.core.refusals import Refused
from crm.core.usage import in_use, is_used
from crm.mail.models import Address, MailAccount

# Another of these is another folder, of which nothing has been read yet.
PLACE = ("host", "user", "folder")


def _locked(record, by, action):
    return type(record).objects.visible_to(by, action).select_for_update(of=("self",)).get(pk=record.pk)


def _begin(model, record, by):
    """The record to be changed, or a new one."""
    if record is not None:
        return _locked(record, by, Action.CHANGE)
    if by.scope(model.area, Action.CREATE) != Scope.ALL:
        raise model.DoesNotExist
    return model()


@transaction.atomic
def save_account(*, by, account: MailAccount | None = None, password: str = "", **fields) -> MailAccount:
    """Make an account, or change it. Without `password` it keeps the one it has."""
    account = _begin(MailAccount, account, by)
    was = {name: getattr(account, name) for name in (*PLACE, "afterwards")}
    for name, value in fields.items():
        setattr(account, name, value)
    if any(getattr(account, name) != was[name] for name in PLACE):
        account.uid_validity, account.last_uid, account.untidied, account.postponed = None, 0, [], []
    elif account.afterwards != was["afterwards"]:
        # What was stored under the old rule stays on the server as it is.
        account.untidied = []
    if password:
        account.password, account.password_set_at = seal.seal(password), timezone.now()
    account.error = account.error_detail = ""
    account.save()
    return account


@transaction.atomic
def delete_account(*, by, account: MailAccount) -> None:
    """Fetch it no more, and forget the password. What came from there stays in the journal."""
    _locked(account, by, Action.DELETE).delete()


@transaction.atomic
def save_address(*, by, address: Address | None = None, **fields) -> Address:
    """Make an address of ours known, or change it."""
    address = _begin(Address, address, by)
    for name, value in fields.items():
        setattr(address, name, value)
    address.save()
    return address


@transaction.atomic
def delete_address(*, by, address: Address) -> None:
    """Mails to it are none of ours any more."""
    address = _locked(address, by, Action.DELETE)
    if is_used(address):
        raise Refused(in_use(address, by, _("Switch it off instead.")))
    address.delete()
