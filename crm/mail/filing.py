"""With which records mails are filed. The post office knows no room: rooms register a drawer for their records.

A room keeps the links itself, in a table of its own with a foreign key each way, so that nothing points at what is
not there. A place is (drawer's key, record's id): how proposals, forms and addresses name a record.
"""

from collections import defaultdict
from collections.abc import Iterable

from django.db import models

Place = tuple[str, int]


class Drawer:
    """Records of one kind with which mails are filed. Rooms subclass it; an instance is registered in ready().

    `key` names it ("opportunity"), `label` is for people. `link` is the table with the fields `message` and `field`.
    `prefix` begins the IDs that a subject carries, if the records have such. `is_party`: a customer, with whom a mail
    is filed beside its business; what one may not see of a deal is not shown on the customer's page either.
    """

    key = ""
    label = ""
    icon = "folder"
    link: type[models.Model]
    field = ""
    prefix = ""
    is_party = False
    # The name of the address where records are searched for (crm.core.http.picks), to file a mail by hand.
    pick_url = ""

    @property
    def model(self) -> type[models.Model]:
        return self.link._meta.get_field(self.field).related_model

    def visible_links(self, user, action: str = "view"):
        """The links to records with which `user` may do `action`."""
        if self.shows_all(user, action):
            return self.link.objects.all()
        reachable = self.model.objects.visible_to(user, action)
        return self.link.objects.filter(**{f"{self.field}__in": reachable.values("pk")})

    def shows_all(self, user, action: str = "view") -> bool:
        """May `user` do `action` with every record of this kind?"""
        reachable = self.model.objects.visible_to(user, action).query
        return not reachable.where and not reachable.is_empty()

    def numbered(self, numbers: Iterable[str]) -> dict[str, int]:
        """{ID: record's id} of the IDs that exist."""
        return dict(self.model.objects.filter(number__in=numbers).values_list("number", "pk"))

    def trusts(self, record_id: int, senders: set[str]) -> bool:
        """Does one of these addresses belong to the record: its company's, its persons'? A number proves nothing."""
        return False

    def beside(self, record_ids: list[int]) -> list[Place]:
        """Where a mail filed with these records is filed as well: an opportunity's company and person."""
        return []

    def owners(self, record_ids: list[int]) -> list[int]:
        """The ids of the users who are responsible for these records."""
        found = self.model.objects.filter(pk__in=record_ids, owner__isnull=False)
        return list(found.order_by("pk").values_list("owner", flat=True))

    def addressed(self, emails: set[str], *, exact: bool = False) -> dict[str, int]:
        """{e-mail: record's id} for the addresses that belong to a record; `exact`: not by their domain."""
        return {}

    def recipients(self, record, user) -> list[tuple[str, str]]:
        """[(name, e-mail)] of those to whom one writes about the record, the likeliest first; whom `user` may see."""
        return []

    def words(self, record, user) -> dict[str, str]:
        """What a text template's placeholders stand for (crm/mail/writing.py), in the active language."""
        return {}


_drawers: dict[str, Drawer] = {}


def register(drawer: Drawer) -> None:
    """Let mails be filed with records of a kind. The order of registration is the order in which they are named."""
    _drawers[drawer.key] = drawer


def drawers() -> list[Drawer]:
    return list(_drawers.values())


def drawer_of(record) -> Drawer | None:
    """The drawer of a record; None for nothing."""
    return next((one for one in _drawers.values() if isinstance(record, one.model)), None)


def drawer(key: str) -> Drawer | None:
    return _drawers.get(key)


def numbered(numbers: Iterable[str]) -> list[Place]:
    """The places of the IDs that exist, in the order of the IDs."""
    numbers, found = list(numbers), {}
    for one in _drawers.values():
        mine = [number for number in numbers if one.prefix and number.startswith(f"{one.prefix}-")]
        if mine:
            found |= {number: (one.key, pk) for number, pk in one.numbered(mine).items()}
    return [found[number] for number in numbers if number in found]


def trusts(place: Place, senders: set[str]) -> bool:
    """May a mail of these senders be filed at `place` for nothing but the ID in its subject?"""
    key, pk = place
    if _drawers[key].trusts(pk, senders):
        return True
    links = _drawers[key].link.objects.filter(**{_drawers[key].field: pk})
    known = models.Q(message__sender_email__in=senders)
    for sender in senders:
        known |= models.Q(message__recipients__contains=[{"email": sender}])
    return links.filter(known).exists()


def addressed(emails: set[str], *, exact: bool = False) -> list[Place]:
    """The places that these addresses belong to, each once. A drawer is asked for what those before it do not know."""
    places, left = [], set(emails)
    for one in _drawers.values():
        found = one.addressed(left, exact=exact) if left else {}
        places += [(one.key, pk) for pk in dict.fromkeys(found.values())]
        left -= found.keys()
    return places


def beside(places: Iterable[Place]) -> list[Place]:
    """`places` and those that follow from them, each once."""
    found = dict.fromkeys(places)
    for key, pks in _by_drawer(found).items():
        found |= dict.fromkeys(_drawers[key].beside(pks))
    return list(found)


def record(place: Place, user, action: str = "view"):
    """The record at `place`, if `user` may do `action` with it; else None."""
    one = _drawers.get(place[0])
    return one.model.objects.visible_to(user, action).filter(pk=place[1]).first() if one else None


def file(message, places: Iterable[Place]) -> None:
    """Link `message` with the records at `places`; what is linked already stays."""
    for key, pks in _by_drawer(places).items():
        one = _drawers[key]
        one.link.objects.bulk_create(
            [one.link(message=message, **{f"{one.field}_id": pk}) for pk in pks], ignore_conflicts=True
        )


def take_out(message, place: Place) -> None:
    """Undo `file` for one place."""
    one = _drawers[place[0]]
    one.link.objects.filter(**{"message": message, f"{one.field}_id": place[1]}).delete()


def places_of(messages: Iterable[int]) -> list[Place]:
    """Where these messages (ids) are filed, each place once."""
    messages = list(messages)
    places = []
    for one in _drawers.values():
        links = one.link.objects.filter(message__in=messages).order_by("pk")
        places += [(one.key, pk) for pk in dict.fromkeys(links.values_list(one.field, flat=True))]
    return places


def _by_drawer(places: Iterable[Place]) -> dict[str, list[int]]:
    grouped = defaultdict(list)
    for key, pk in places:
        if key in _drawers:
            grouped[key].append(pk)
    return grouped
