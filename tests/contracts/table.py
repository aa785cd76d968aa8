"""What each route means: which record its parameters name, and which right each of its methods needs.

A route that is missing here fails test_access.py ("uncovered"); so does one that is here and no longer exists.
"""

from dataclasses import dataclass, field

from activities import feed
from activities.models import CalendarFeed
from crm.core import seal

METHODS = ("get", "post", "put", "patch", "delete")
ANYONE = "anyone"  # everyone who is signed in
PUBLIC = "public"  # also who is not


@dataclass(frozen=True)
class Access:
    """`record`: the label of the model that the parameter `by` names. `child`: a parameter for what hangs on the record
    (World.children). `other`: a parameter and the label of a second record, which must be visible as well. `fixed`:
    the remaining parameters, a value or a function of world and record. `shows`: what the edited field points at.

    Each method's need: "area.action", more of them joined by " + " (the first one is asked of the record); ANYONE;
    PUBLIC; None: the method is not offered (405). `data`: what a POST sends; else the form that a GET of the same
    address shows, filled in (pageforms.py).
    """

    record: str = ""
    by: str = "pk"
    child: str = ""
    other: tuple[str, str] | None = None
    fixed: dict = field(default_factory=dict)
    shows: str = ""
    get: str | None = None
    post: str | None = None
    put: str | None = None
    patch: str | None = None
    delete: str | None = None
    data: dict | None = None

    def need(self, method: str) -> str | None:
        return getattr(self, method)

    @property
    def is_public(self) -> bool:
        return PUBLIC in {self.need(method) for method in METHODS}


# The doors behind which nothing is built yet.
LATER = ("dashboard", "board", "budget", "reporting", "servicetickets")
FRAME = {
    "home": Access(get=ANYONE),
    "healthz": Access(get=PUBLIC),
    "search": Access(get=ANYONE),
    "help": Access(get=ANYONE),
    "login": Access(get=PUBLIC, post=PUBLIC),
    "logout": Access(post=ANYONE),
    "password_change": Access(get=ANYONE, post=ANYONE),
    "theme": Access(post=ANYONE, data={"theme": "dark"}),
    "language": Access(post=PUBLIC, data={"language": "en"}),
    **{f"later:{key}": Access(get=ANYONE) for key in LATER},
}


def pick_list(slug: str, label: str, area: str = "settings") -> dict[str, Access]:
    """The routes of crm.setup.picklist.PickListPage."""
    name = f"settings:{slug}"
    change = f"{area}.change"
    return {
        name: Access(get=f"{area}.view", post=f"{area}.create", data={"name": "Neu", "colour": "blue"}),
        f"{name}-order": Access(post=change, data={"id": ["3", "2", "1"]}),
        f"{name}-change": Access(label, post=change, data={"name": "Anders"}),
        f"{name}-move": Access(label, post=change, data={"to": "down"}),
        f"{name}-archive": Access(label, post=change),
        f"{name}-restore": Access(label, post=change),
        f"{name}-delete": Access(label, get=f"{area}.delete", post=f"{area}.delete"),
    }


SETTINGS = {
    "settings:index": Access(get=ANYONE),
    "settings:organisation": Access(get="administration.view", post="administration.change"),
    "settings:profile": Access(get=ANYONE, post=ANYONE),
    "settings:tokens": Access(get=ANYONE),
    "settings:new-token": Access(get=ANYONE, post=ANYONE),
    "settings:revoke-token": Access("accounts.ApiToken", get="personal.delete", post="personal.delete"),
}


def _stage(world, record):
    """The second stage of the record's pipeline."""
    return record.pipeline.stages.all()[1].pk


def _board_stage(world, _record):
    """A stage of the pipeline that the board shows first."""
    pipelines = type(world.shared["opportunities.Pipeline"]).objects
    return pipelines.get(kind="deal", is_default=True).stages.first().pk


CONTACTS_OF = (("company", "contacts.Company"), ("person", "contacts.Person"))
LEAD = "opportunities.Opportunity"
_change, _view = "opportunities.change", "opportunities.view"
OPPORTUNITIES = {
    "opportunities:list": Access(get=_view),
    "opportunities:board": Access(get=_view),
    "opportunities:column": Access(fixed={"stage": _board_stage}, get=_view),
    "opportunities:new": Access(get="opportunities.create", post="opportunities.create"),
    "opportunities:pick": Access(get=ANYONE),
    "opportunities:opportunity": Access(LEAD, get=_view),
    "opportunities:card": Access(LEAD, get=_view),
    "opportunities:edit": Access(LEAD, get=_change, post=_change),
    "opportunities:fact": tuple(
        Access(LEAD, fixed={"field": name}, get=_change, post=_change)
        for name in ("title", "owner", "estimated_value", "close_date", "tags", "description")
    )
    + tuple(Access(LEAD, fixed={"field": name}, get=_change, post=_change, shows=label) for name, label in CONTACTS_OF),
    "opportunities:move": Access(LEAD, fixed={"stage": _stage}, post=_change),
    "opportunities:convert": Access(LEAD, post=_change),
    "opportunities:win": Access(LEAD, get=_change, post=_change),
    "opportunities:lose": Access(LEAD, get=_change, post=_change),
    "opportunities:reopen": Access(
        LEAD, get=f"{_change} + administration.change", post=f"{_change} + administration.change"
    ),
    "opportunities:delete": Access(LEAD, get="opportunities.delete", post="opportunities.delete"),
    "opportunities:subscribe": Access(LEAD, post=_view),
    "opportunities:unsubscribe": Access(LEAD, post=_view),
    "opportunities:attach": Access(LEAD, post=_change),
    "opportunities:file": Access(LEAD, child="file", get=_view),
    "opportunities:detach": Access(LEAD, child="file", get=_change, post=_change),
    **pick_list("loss-reasons", "opportunities.LossReason"),
    **pick_list("tags", "lists.Tag"),
    "settings:pipelines": Access(get="settings.view", post="settings.change"),
    "settings:pipelines-new": Access(get="settings.create", post="settings.create"),
    "settings:pipelines-template": Access(get="settings.create", post="settings.create"),
    "settings:pipelines-delete": Access("opportunities.Pipeline", get="settings.delete", post="settings.delete"),
    "settings:pipelines-revive": Access("opportunities.Pipeline", post="settings.change"),
    "settings:stages-delete": Access("opportunities.Stage", get="settings.delete", post="settings.delete"),
    "opportunities:of-company": Access("contacts.Company", get=f"contacts.view + {_view}"),
    "opportunities:of-person": Access("contacts.Person", get=f"contacts.view + {_view}"),
}


def _status(world, record):
    return type(world.shared["inbox.ProcessingStatus"]).objects.all()[1].pk


def _key(world, _record):
    return world.shared["inbox.WebForm"].key


ITEM = "inbox.InboxItem"
_work = "inbox.change"
INBOX = {
    "inbox:list": Access(get="inbox.view"),
    "inbox:create": Access(get="inbox.create", post="inbox.create"),
    "inbox:item": Access(ITEM, get="inbox.view"),
    "inbox:history": Access(ITEM, get="inbox.view"),
    "inbox:of-company": Access("contacts.Company", get="contacts.view + inbox.view"),
    "inbox:of-person": Access("contacts.Person", get="contacts.view + inbox.view"),
    "inbox:link-mark": Access(ITEM, get="inbox.view"),
    "inbox:edit": Access(ITEM, get=_work, post=_work),
    "inbox:edit-fact": tuple(
        Access(ITEM, fixed={"field": name}, get=_work, post=_work)
        for name in ("title", "owner", "source", "company_name", "email", "message", "expected_budget")
    ),
    "inbox:status": Access(ITEM, fixed={"status": _status}, post=_work),
    "inbox:create-contact": tuple(
        Access(ITEM, fixed={"what": what}, post=f"{_work} + contacts.create") for what, _label in CONTACTS_OF
    ),
    "inbox:link": tuple(
        Access(ITEM, other=("contact", label), fixed={"what": what}, post=_work) for what, label in CONTACTS_OF
    ),
    "inbox:unlink": tuple(Access(ITEM, fixed={"what": what}, post=_work) for what, _label in CONTACTS_OF),
    "inbox:compare": tuple(
        Access(ITEM, other=("contact", label), fixed={"what": what}, get=_work) for what, label in CONTACTS_OF
    ),
    "inbox:convert": tuple(
        Access(ITEM, post=f"{_work} + opportunities.create", data={"kind": kind}) for kind in ("lead", "deal")
    ),
    "inbox:archive": Access(ITEM, get=_work, post=_work),
    "inbox:unarchive": Access(ITEM, post=_work),
    "inbox:upload": Access(ITEM, get=_work, post=_work),
    "inbox:file": Access(ITEM, child="file", get="inbox.view"),
    "inbox:remove-file": Access(ITEM, child="file", post=_work),
    **pick_list("sources", "lists.Source"),
    **pick_list("priorities", "lists.Priority"),
    **pick_list("processing-statuses", "inbox.ProcessingStatus", "administration"),
    "public-form": Access(fixed={"key": _key}, get=PUBLIC, post=PUBLIC),
    "public-form-thanks": Access(fixed={"key": _key}, get=PUBLIC),
    "settings:webforms": Access(get="administration.change"),
    "settings:webform-new": Access(get="administration.create", post="administration.create"),
    "settings:webform": Access("inbox.WebForm", get="administration.change", post="administration.change"),
}

# Half of a warning is the exact match: each record of the world has this phone number.
LIKE_ALL = {"name": "Neu GmbH", "last_name": "Neu", "phone": "+49731555123"}


def contact(kind: str, label: str, *facts: str, company: str) -> dict[str, Access]:
    """The pages of companies or of persons; `company` is the field that points at another company."""
    create, change, delete = "contacts.create", "contacts.change", "contacts.delete"
    return {
        f"contacts:new-{kind}": Access(get=create, post=create, data=LIKE_ALL),
        f"contacts:check-{kind}": Access(post=create, data=LIKE_ALL),
        f"contacts:pick-{kind}": Access(get="contacts.view"),
        f"contacts:{kind}": Access(label, get="contacts.view"),
        f"contacts:edit-{kind}": Access(label, get=change, post=change),
        f"contacts:fact-{kind}": tuple(
            Access(label, fixed={"field": name}, get=change, post=change, shows="contacts.Company" * (name == company))
            for name in ("owner", "email", "phone", "tags", "city", company, *facts)
        ),
        f"contacts:active-{kind}": Access(label, post=change),
        f"contacts:delete-{kind}": Access(label, get=delete, post=delete),
        f"contacts:upload-{kind}": Access(label, post=change),
        f"contacts:file-{kind}": Access(label, child="file", get="contacts.view"),
        f"contacts:remove-file-{kind}": Access(label, child="file", post=change),
    }


CONTACTS = {
    "contacts:list": Access(get="contacts.view"),
    **contact("company", "contacts.Company", "vat_id", "status", company="parent"),
    **contact("person", "contacts.Person", "function", company="company"),
}

RUN, READY = "imports.ImportRun", "imports.ImportRun/ready"
# The world's runs make companies: going on with one needs the right to create them.
_own, _going_on = "personal.view", "personal.view + contacts.create"
IMPORTS = {
    "imports:overview": Access(get=ANYONE),
    "imports:new": Access(get="contacts.create", post="contacts.create"),
    **{f"imports:{name}": Access(RUN, get=_own) for name in ("run", "rejected", "file", "records")},
    **{f"imports:{name}": Access(READY, post=_going_on) for name in ("read-again", "start", "continue", "discard")},
    "imports:mapping": Access(READY, get=_going_on, post=_going_on),
    "imports:preview": Access(READY, get=_going_on),
    "imports:undo": Access(RUN, get=_going_on, post=_going_on),
}

# A line as the editor posts it.
LINE = {
    "key": "n1",
    "kind": "item",
    "product": "",
    "text": "Ware",
    "quantity": "2",
    "unit": "Stk",
    "unit_price": "3,50",
}
LINE |= {"discount_percent": "", "vat_rate": "19"}


def papers(kind: str, label: str, area: str, *dates: str) -> dict[str, Access]:
    """The pages that quotes, orders and invoices share. `label`/left is one that left the house."""
    view, change, create = f"{area}.view", f"{area}.change", f"{area}.create"
    parties = {"company": "contacts.Company", "person": "contacts.Person", "opportunity": LEAD}
    return {
        f"sales:{kind}s": Access(get=view),
        f"sales:new-{kind}": Access(get=create, post=create),
        f"sales:{kind}": (Access(label, get=view), Access(f"{label}/left", get=view)),
        f"sales:{kind}s-of-company": Access("contacts.Company", get=f"contacts.view + {view}"),
        f"sales:{kind}s-of-person": Access("contacts.Person", get=f"contacts.view + {view}"),
        f"sales:edit-{kind}": Access(label, get=change, post=change),
        f"sales:fact-{kind}": tuple(
            Access(label, fixed={"field": name}, get=change, post=change, shows=parties.get(name, ""))
            for name in ("subject", "owner", "language", *parties, *dates)
        ),
        f"sales:delete-{kind}": Access(label, get=change, post=change),
        f"sales:lines-{kind}": Access(label, get=change, post=change),
        f"sales:preview-{kind}": Access(label, post=change, data=LINE),
        f"sales:mail-{kind}": Access(f"{label}/left", get=change, post=change),
        f"sales:pdf-{kind}": (Access(label, get=view), Access(f"{label}/left", get=view)),
        f"sales:upload-{kind}": Access(label, post=change),
        f"sales:file-{kind}": Access(label, child="file", get=view),
        f"sales:remove-file-{kind}": Access(label, child="file", post=change),
    }


QUOTE, ORDER, INVOICE = "sales.Quote", "sales.Order", "sales.Invoice"
_own_papers, _new_papers, _new_invoice = "sales.change", "sales.view + sales.create", "sales.view + invoices.create"
_invoices = "invoices.change"
SALES = {
    **papers("quote", QUOTE, "sales", "valid_until"),
    **papers("order", ORDER, "sales", "order_date", "delivery_date"),
    **papers("invoice", INVOICE, "invoices", "invoice_date", "due_date", "service_date", "service_end"),
    "sales:products": Access(get="sales.view"),
    "sales:pick-product": Access(get=ANYONE),
    "sales:new-product": Access(get="settings.create", post="settings.create"),
    "sales:product": Access("sales.Product", get=ANYONE, post="settings.change"),
    "sales:delete-product": Access("sales.Product", get="settings.delete", post="settings.delete"),
    "sales:sent-quote": Access(QUOTE, get=_own_papers, post=_own_papers),
    "sales:accept-quote": Access(f"{QUOTE}/left", get=_own_papers, post=_own_papers),
    "sales:decline-quote": Access(f"{QUOTE}/left", get=_own_papers, post=_own_papers),
    "sales:revise-quote": Access(f"{QUOTE}/left", post=f"{_own_papers} + sales.create"),
    "sales:order-quote": Access(f"{QUOTE}/left", post=_new_papers),
    "sales:link-quote": Access(f"{QUOTE}/left", post=_own_papers),
    "sales:revoke-quote": Access(f"{QUOTE}/left", get=_own_papers, post=_own_papers),
    "sales:confirm-order": Access(ORDER, get=_own_papers, post=_own_papers),
    "sales:deliver-order": Access(f"{ORDER}/left", get=_own_papers, post=_own_papers),
    "sales:undo-delivery": Access(f"{ORDER}/left", child="delivery", get=_own_papers, post=_own_papers),
    "sales:invoice-order": Access(f"{ORDER}/left", get=_new_invoice, post=_new_invoice),
    "sales:cancel-order": Access(f"{ORDER}/left", get=_own_papers, post=_own_papers),
    "sales:issue-invoice": Access(INVOICE, get=_invoices, post=_invoices),
    "sales:pay-invoice": Access(f"{INVOICE}/left", get=_invoices, post=_invoices),
    "sales:paid-invoice": Access(f"{INVOICE}/left", get=_invoices, post=_invoices),
    "sales:take-back-payment": Access(f"{INVOICE}/left", child="payment", get=_invoices, post=_invoices),
    "sales:cancel-invoice": Access(
        f"{INVOICE}/left", get=f"{_invoices} + invoices.create", post=f"{_invoices} + invoices.create"
    ),
    "sales:xrechnung": Access(f"{INVOICE}/left", get="invoices.view"),
}


def _token(world, _record):
    """Of the link that the world knows (ledger.py)."""
    return "world-token"


STATEMENT, ENTRY, ISSUED = "accounting.BankStatement", "accounting.BankEntry", f"{INVOICE}/left"
_bank, _mine, _send = "ledger.change", "personal.view + sales.view", "personal.change + contacts.create"
_template = {"kind": "quote", "language": "de"}
MESSAGE, _read, _handle = "mail.Message", "mailbox.view", "mailbox.change"
MONEY = {
    "mail:outbox": Access(get="sales.view"),
    "mail:outgoing": Access("mail.OutgoingMail", get=_mine),
    "mail:file": Access("mail.OutgoingMail", child="file", get=_mine),
    "mail:retry": Access("mail.OutgoingMail", post=_send),
    "mail:stop": Access("mail.OutgoingMail", post=_send),
    "mail:list": Access(get=ANYONE),
    "mail:new": Access(get="contacts.create", post="contacts.create"),
    "mail:message": Access(MESSAGE, get=_read),
    "mail:inside": Access(MESSAGE, get=_read),
    "mail:body": Access(MESSAGE, get=_read),
    "mail:attachment": Access(MESSAGE, child="attachment_id", get=_read),
    "mail:picture": Access(MESSAGE, child="attachment_id", get=_read),
    "mail:confirm": Access(MESSAGE, post=_handle),
    "mail:file-elsewhere": Access(MESSAGE, get=_handle, post=_handle),
    "mail:take-out": Access(MESSAGE, other=("record", LEAD), fixed={"drawer": "opportunity"}, post=_handle),
    "mail:make": Access(MESSAGE, fixed={"purpose": "leads"}, post=f"{_handle} + inbox.create"),
    "mail:set-aside": Access(MESSAGE, get=_handle, post=_handle),
    "mail:private": Access(MESSAGE, post=_read),
    "mail:exclude": Access(MESSAGE, get=_read, post=_read),
    "mail:journal": Access(get="administration.view"),
    "mail:incoming": Access("mail.IncomingMail", get="administration.view"),
    "mail:raw": Access("mail.IncomingMail", get="administration.view"),
    "mail:retry-incoming": Access("mail.IncomingMail", post="administration.change"),
    "settings:excluded-addresses": Access(get=ANYONE, post=ANYONE),
    "settings:include-address": Access("mail.ExcludedAddress", post="personal.change"),
    "settings:texts": Access(get="settings.view"),
    "settings:new-text": Access(get="settings.change", post="settings.change"),
    "settings:text": Access("mail.TextTemplate", get="settings.change", post="settings.change"),
    "settings:delete-text": Access("mail.TextTemplate", post="settings.delete"),
    "settings:mail-accounts": Access(get="administration.view"),
    "settings:mail-account-new": Access(get="administration.create", post="administration.create"),
    "settings:mail-account": Access("mail.MailAccount", get="administration.change", post="administration.change"),
    "settings:mail-account-delete": Access(
        "mail.MailAccount", get="administration.delete", post="administration.delete"
    ),
    "settings:mail-addresses": Access(get="administration.view"),
    "settings:mail-address-new": Access(get="administration.create", post="administration.create"),
    "settings:mail-address": Access("mail.Address", get="administration.change", post="administration.change"),
    "settings:mail-address-delete": Access("mail.Address", get="administration.delete", post="administration.delete"),
    "settings:mail-templates": Access(get="settings.view"),
    "settings:mail-template": Access(fixed=_template, get="settings.view", post="settings.change"),
    "settings:mail-template-preview": Access(
        fixed=_template, post="settings.change", data={"subject": "x", "body": "y"}
    ),
    "settings:mail-template-reset": Access(fixed=_template, post="settings.change"),
    "accounting:entries": Access(get="ledger.view"),
    "accounting:import": Access(get=_bank, post=_bank),
    "accounting:book-sure": Access(post=_bank, data={"ids": ""}),
    "accounting:ignore-all": Access(post=_bank, data={"ids": ""}),
    "accounting:columns": Access(STATEMENT, get=_bank, post=_bank),
    "accounting:discard": Access(STATEMENT, post=_bank),
    "accounting:entry": Access(ENTRY, get="ledger.view"),
    "accounting:book": Access(ENTRY, post=_bank, data={"shares": ""}),
    "accounting:choose": Access(ENTRY, get=_bank, post=_bank),
    "accounting:pick": Access(ENTRY, get=_bank),
    "accounting:ignore": Access(ENTRY, post=_bank),
    "accounting:undo": Access(ENTRY, post=_bank),
    "accounting:datev": Access(get="ledger.export"),
    "accounting:due": Access(get="invoices.view"),
    "accounting:remind": Access(post=_invoices, data={"ids": ""}),
    "accounting:letter": Access(ISSUED, child="notice", get="invoices.view"),
    "accounting:remind-one": Access(ISSUED, get=_invoices, post=_invoices),
    "accounting:block": Access(ISSUED, get=_invoices, post=_invoices),
    "accounting:unblock": Access(ISSUED, post=_invoices),
    "settings:dunning": Access(get="settings.view", post="settings.change"),
    "settings:numbers": Access(get="settings.view", post="settings.change"),
    "settings:standard-texts": Access(get="settings.view", post="settings.change"),
    "settings:datev": Access(get="settings.change", post="settings.change"),
    "quote-link": Access(fixed={"token": _token}, get=PUBLIC),
    "quote-link-accept": Access(fixed={"token": _token}, post=PUBLIC, data={"accept-name": "Eva Kurz"}),
    "quote-link-decline": Access(fixed={"token": _token}, post=PUBLIC, data={"decline-reason": "zu teuer"}),
    "quote-link-pdf": Access(fixed={"token": _token}, get=PUBLIC),
}

PLAN = "activities.ActivityPlan"
PLANS = {
    # Without an opportunity it asks for one.
    "activities:apply-plan": Access(get="activities.create", post="activities.create"),
    "activities:preview-plan": Access(LEAD, get=f"{_view} + activities.create"),
    # A receipt that is none of one's own is refused in words.
    "activities:undo-plan": Access(fixed={"receipt": "none"}, post="activities.create"),
    **pick_list("activity-types", "activities.ActivityType"),
    "settings:activity-plans": Access(get="settings.view"),
    "settings:activity-plan-new": Access(get="settings.create", post="settings.create"),
    "settings:activity-plan": Access(PLAN, get="settings.view", post="settings.change"),
    "settings:activity-plan-archive": Access(PLAN, post="settings.change"),
    "settings:activity-plan-restore": Access(PLAN, post="settings.change"),
    "settings:activity-plan-delete": Access(PLAN, get="settings.delete", post="settings.delete"),
}

NOTICES = {
    "notices:list": Access(get=ANYONE),
    "notices:menu": Access(get=ANYONE),
    "notices:count": Access(get=ANYONE),
    "notices:open": Access("notices.Notice", get="private.view"),
    "notices:read-all": Access(post=ANYONE),
}

PAPERS_IN = (("quote", "sales"), ("order", "sales"), ("invoice", "invoices"))
PAPER_IN = {"subject": "Beleg über die API", "lines": [{"text": "Ware", "unit_price": "12.50"}]}
LEAD_IN = {"title": "Anfrage über die API", "email": "neu@example.com", "source": "Webformular"}
ACTIVITY = "activities.Activity"
_see, _do = "activities.view", "activities.change"


def _feed_key(world, _record):
    """The feed of somebody who has no activities."""
    user = world.shared["accounts.User"]
    made = CalendarFeed.objects.filter(user=user).first() or feed.make(by=user)
    return seal.unseal(made.key_sealed)


ACTIVITIES = {
    "activities:list": Access(get=_see),
    "activities:calendar": Access(get=_see),
    "activities:planning": Access(get=_see),
    "activities:mine": Access(get=_see),
    "activities:new": Access(get="activities.create", post="activities.create"),
    "activities:pick": Access(get=ANYONE),
    "activities:of-company": Access("contacts.Company", get=f"contacts.view + {_see}"),
    "activities:of-person": Access("contacts.Person", get=f"contacts.view + {_see}"),
    "activities:activity": Access(ACTIVITY, get=_see),
    "activities:edit": Access(ACTIVITY, get=_do, post=_do),
    "activities:fact": tuple(
        Access(ACTIVITY, fixed={"field": name}, get=_do, post=_do)
        for name in ("title", "type", "owner", "location", "notes", "result")
    )
    + tuple(
        Access(ACTIVITY, fixed={"field": name}, get=_do, post=_do, shows=label)
        for name, label in (*CONTACTS_OF, ("opportunity", LEAD))
    ),
    "activities:complete": Access(ACTIVITY, get=_do, post=_do),
    "activities:reopen": Access(ACTIVITY, post=_do),
    "activities:cancel": Access(ACTIVITY, post=_do),
    "activities:delete": Access(ACTIVITY, get="activities.delete", post="activities.delete"),
    "activities:move": Access(ACTIVITY, post=_do, data={"days": "0"}),
    "activities:depend": Access(ACTIVITY, get=_do, post=_do),
    "activities:free": Access(ACTIVITY, child="predecessor", post=_do),
    "activities:invite": Access(ACTIVITY, get=_do, post=_do, data={"emails": "neu@example.com"}),
    "activities:take-out": Access(ACTIVITY, child="participant", get=_do, post=_do),
    "activities:series-preview": Access(get=ANYONE),
    "activities:feed": Access(fixed={"key": _feed_key}, get=PUBLIC),
    "settings:activities": Access(get=ANYONE, post=ANYONE),
    "settings:calendar-feed": Access(post=ANYONE),
    "settings:calendar-feed-renew": Access(get=ANYONE, post=ANYONE),
    "settings:calendar-feed-revoke": Access(get=ANYONE, post=ANYONE),
}

API = {
    "api:openapi-json": Access(**dict.fromkeys(METHODS, PUBLIC)),
    "api:companies": Access(get="contacts.view"),
    "api:company": Access("contacts.Company", get="contacts.view"),
    "api:persons": Access(get="contacts.view"),
    "api:person": Access("contacts.Person", get="contacts.view"),
    "api:opportunities": Access(get=_view),
    "api:opportunity": Access(LEAD, get=_view),
    "api:inbox-items": Access(get="inbox.view", post="inbox.create", data=LEAD_IN),
    "api:inbox-item": Access(ITEM, get="inbox.view"),
    "api:activities": Access(get=_see),
    "api:activity": Access(ACTIVITY, get=_see),
    "api:products": Access(get=ANYONE),
    "api:product": Access("sales.Product", get=ANYONE),
    **{f"api:{kind}s": Access(get=f"{area}.view", post=f"{area}.create", data=PAPER_IN) for kind, area in PAPERS_IN},
    **{f"api:{kind}": Access(f"sales.{kind.title()}", get=f"{area}.view") for kind, area in PAPERS_IN},
    "api:quote-send": Access(QUOTE, post=_own_papers),
    "api:quote-accept": Access(f"{QUOTE}/left", post=_own_papers),
    "api:quote-decline": Access(f"{QUOTE}/left", post=_own_papers),
    "api:quote-revise": Access(f"{QUOTE}/left", post=f"{_own_papers} + sales.create"),
    "api:order-confirm": Access(ORDER, post=_own_papers),
    "api:order-deliver": Access(f"{ORDER}/left", post=_own_papers),
    "api:order-cancel": Access(f"{ORDER}/left", post=_own_papers),
    "api:invoice-issue": Access(INVOICE, post=_invoices),
    "api:invoice-pay": Access(f"{INVOICE}/left", post=_invoices, data={"amount": "5.00"}),
    "api:invoice-cancel": Access(f"{INVOICE}/left", post=f"{_invoices} + invoices.create"),
}

ROUTES: dict[str, Access | tuple[Access, ...]] = {
    **FRAME,
    **SETTINGS,
    **CONTACTS,
    **OPPORTUNITIES,
    **INBOX,
    **IMPORTS,
    **SALES,
    **MONEY,
    **ACTIVITIES,
    **PLANS,
    **NOTICES,
    **API,
}


def accesses(name: str) -> tuple[Access, ...]:
    """What the route of this name means; several where a parameter of words has several values worth trying."""
    found = ROUTES[name]
    return found if isinstance(found, tuple) else (found,)
