"""What happened to an opportunity: the history of its data, its steps and its outcome, told in one timeline."""

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.core import timeline
from crm.core.recordpage import Entry
from crm.mail import showing as mails
from opportunities.models import Kind, LossReason, OpportunityFileEvent, OpportunityTagEvent, Status

# What the steps and the outcome below say better.
TOLD = ("stage", "status", "won_at", "lost_at", "loss_reason", "loss_note", "kind", "entered_as", "converted_at")


def of(record, *, user, before=None, limit=timeline.PAGE) -> timeline.Page:
    """The timeline of an opportunity that `user` may see; `before` and `limit` as in crm.core.timeline."""
    links = [
        timeline.Link(
            OpportunityTagEvent,
            {"opportunity_id": record.pk},
            "tag",
            lambda: _("%(who)s added the tag %(what)s"),
            lambda: _("%(who)s removed the tag %(what)s"),
        ),
        timeline.Link(
            OpportunityFileEvent,
            {"opportunity_id": record.pk},
            "storedfile",
            lambda: _("%(who)s added the file %(what)s"),
            lambda: _("%(who)s removed the file %(what)s"),
            icon="paperclip",
        ),
    ]
    return timeline.of(
        record,
        user=user,
        before=before,
        limit=limit,
        skip=TOLD,
        links=links,
        extra=[
            *_steps(record),
            *_outcomes(record),
            *mails.entries("opportunity", record.pk, user=user, before=before, limit=limit),
        ],
    )


def _who(user) -> str:
    return str(user) if user else _("The system")


def _steps(record) -> list[Entry]:
    """Every step on the pipeline but the first, which is the making itself."""
    changes = record.stage_changes.exclude(from_stage=None).select_related("from_stage", "to_stage", "changed_by")
    return [
        Entry(
            change.changed_at,
            format_html(
                _("{who} changed the stage: {old} → {new}"),
                who=format_html("<b>{}</b>", _who(change.changed_by)),
                old=change.from_stage,
                new=change.to_stage,
            ),
            "arrow-right",
        )
        for change in changes
    ]


WORDS = {
    Status.WON: (gettext_lazy("{who} marked it as won"), "trophy"),
    Status.LOST: (gettext_lazy("{who} marked it as lost: {reason}"), "circle-x"),
    Status.OPEN: (gettext_lazy("{who} reopened it"), "lock-open"),
}


def _outcomes(record) -> list[Entry]:
    """Won, lost, reopened, made a deal: where the history shows one state after another."""
    fields = ("pgh_created_at", "pgh_context", "status", "kind", "won_at", "lost_at", "loss_reason_id", "loss_note")
    events = list(record.events.order_by("pgh_created_at", "pgh_id").values(*fields))
    users = {(event["pgh_context"] or {}).get("user") for event in events}
    names = {user.pk: user for user in User.objects.filter(pk__in=users - {None})}
    reasons = LossReason.objects.in_bulk({event["loss_reason_id"] for event in events} - {None})
    entries = []
    was = {"status": Status.OPEN, "kind": events[0]["kind"] if events else Kind.LEAD}
    for event in events:
        context = event["pgh_context"] or {}
        who = format_html("<b>{}</b>", timeline.on_behalf(_who(names.get(context.get("user"))), context))
        if event["status"] != was["status"]:
            text, icon = WORDS[event["status"]]
            text = format_html(text, who=who, reason=reasons.get(event["loss_reason_id"], ""))
            # An imported outcome lies where the file says.
            at = event["won_at"] or event["lost_at"] or event["pgh_created_at"]
            entries.append(Entry(at, text, icon, box=event["loss_note"]))
        if event["kind"] != was["kind"]:
            entries.append(
                Entry(event["pgh_created_at"], format_html(_("{who} made it a deal"), who=who), "arrow-big-up")
            )
        was = event
    return entries
