"""The world's activities: two of each owner, one of which waits for the other, and those that cross over."""

from datetime import timedelta

from django.utils import timezone

from activities import feed
from activities.models import Activity, ActivityType, Participant
from tests.contracts.world import World


def shared(world: World) -> dict:
    return {"activities.ActivityType": ActivityType.objects.first()}


def activity(world: World, owner, **more) -> Activity:
    word = world.word("activities", owner)
    start = timezone.now().replace(microsecond=0) + timedelta(hours=3)
    return Activity.objects.create(
        **{
            "pk": next(world.pks),
            "title": f"Anruf {word}",
            "type": world.shared["activities.ActivityType"],
            "owner": world.people.get(owner),
            "start_at": start,
            "due_at": start + timedelta(hours=1),
            "notes": f"Notiz {word}",
            "result": f"Ergebnis {word}",
            "location": f"Ort {word}",
            **more,
        }
    )


def _wait(world, record, before) -> None:
    record.dependencies.create(pk=next(world.pks), predecessor=before)


def own(world: World, owner, opportunity, item, company, person) -> None:
    """What everybody has, about the own business; done is one of them, and one takes whole days."""
    about = {"company": company, "person": person, "opportunity": opportunity}
    record = activity(world, owner, **about)
    ended = timezone.now() - timedelta(hours=1)
    before = activity(world, owner, item=item, start_at=ended, due_at=ended, all_day=True)
    _wait(world, record, before)
    activity(world, owner, **about, start_at=ended, due_at=ended, status="done", done_at=ended)
    world.records["activities.Activity", "plain", owner] = record
    world.children[record.pk] = {"predecessor": before, "participant": _invite(world, record)}
    if owner:
        feed.make(by=world.people[owner])


def _invite(world, record) -> Participant:
    """Somebody at a name that is a word of the activity's."""
    name = record.title.removeprefix("Anruf ")
    return record.participants.create(pk=next(world.pks), name=f"Gast {name}", email=f"gast@{name.lower()}.example")


def crossed(world: World, owner, company, person, opportunity) -> None:
    """One's own activity about a stranger's business and waiting for hers; hers about one's own, waiting for mine."""
    theirs = world.records["activities.Activity", "plain", "stranger"]
    record = activity(
        world,
        owner,
        company=theirs.company,
        person=theirs.person,
        opportunity=theirs.opportunity,
        start_at=theirs.due_at + timedelta(hours=1),
        due_at=theirs.due_at + timedelta(hours=2),
    )
    _wait(world, record, theirs)
    world.records["activities.Activity", "crossed", owner] = record
    world.children[record.pk] = {"predecessor": theirs, "participant": _invite(world, record)}
    # Somebody invited a person whom not everybody sees.
    guest = theirs.person
    record.participants.create(pk=next(world.pks), person=guest, name=str(guest), email=guest.email)
    mine = world.records["activities.Activity", "plain", owner]
    late = mine.due_at + timedelta(hours=2)
    visitor = activity(
        world, "stranger", company=company, person=person, opportunity=opportunity, start_at=late, due_at=late
    )
    _wait(world, visitor, mine)
