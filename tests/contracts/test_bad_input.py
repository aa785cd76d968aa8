"""Whatever is sent, nothing breaks: no server error, and text comes back as text."""

import itertools
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from contacts.models import Company, Person
from crm.sales.models import Invoice, Order, Product, Quote
from inbox.models import InboxItem
from opportunities.models import Opportunity
from tests.contracts.access import Matrix
from tests.contracts.pageforms import read

SCRIPT = "<script>alert('canary')</script>"
# What a parameter of an address may carry: all of them in all parameters at once, the first ones in each alone.
IN_ADDRESSES = (
    "abc",
    "9" * 30,
    "\x00",
    "31.02.2026",
    "0001-01-01",
    "\ud800",
    "-1",
    "0",
    "99999999",
    ";drop table",
    "x" * 10_000,
    "\u202eevil\u2066",
    "🦊" * 50,
    "2026-02-31",
    "9999-12-31",
    "2026-13-01T99:99~1~x",
    "1e999",
    "NaN",
    "٣٢١",
    "%",
    "' OR 1=1 --",
    SCRIPT,
    "__class__",
    "",
)
# What a field of a form may carry: all of them in all fields at once, the first ones in each alone.
IN_FIELDS = (
    "\x00\x01NUL",
    "x" * 100_000,
    f"{SCRIPT}🦊\u202e",
    "-99999999999999999999999",
    "1e999",
    "Infinity",
    "31.02.2026",
    "9999-12-31T23:59",
    "99999999",
    "٣٢١",
    "\ufeff\u200b",
    "{}",
)
ALONE, TWICE, ALONE_IN_ADDRESSES = 3, 2, 6
ALWAYS = ("page", "q", "sort", "tab", "col", "open", "export", "kind", "pipeline", "after", "left", "before", "next")
ROOMS = ("contacts:", "inbox:", "opportunities:", "sales:", "settings:", "imports:", "api:", "")


def of_room(room: str):
    """Routes of a room; "" for those of none."""
    return lambda route: route.name.startswith(room) if room else not route.name.startswith(ROOMS[:-1])


def asked(matrix, cell, data=None, url="", wrong=None) -> int:
    """One try; what is wrong with its answer is added to `wrong`. The part, not the page: the frame reads nothing."""
    answer = matrix.send(cell, data=data, url=url, part=True)
    if answer.status >= 500:
        wrong.append(f"{cell} {url[:120]}: {answer.status} {answer.error}")
    elif answer.is_html and SCRIPT in answer.text:
        wrong.append(f"{cell} {url[:120]}: the script comes back as a script")
    return 1


def parameters(matrix, cell) -> set[str]:
    """The parameters of an address: those of the links and search forms on its page, and what lists take."""
    page = read(matrix.send(cell).text, cell.url)
    links = [urlsplit(link) for link in page.links]
    names = {name for link in links if link.path == cell.url for name, _value in parse_qsl(link.query)}
    return names | {name for form in page.forms if form.method == "get" for name in form.fields} | set(ALWAYS)


@pytest.mark.parametrize("room", ROOMS)
def test_no_address_breaks_a_page(world, room):
    matrix, wrong, tried = Matrix(world, only=of_room(room)), [], 0
    for cell in matrix.allowed("admin", "get"):
        names = sorted(parameters(matrix, cell))
        # A page that names no parameter itself reads none, or few: there each name gets some of the values.
        takes_some = set(names) > set(ALWAYS)
        for turn in range(0, len(IN_ADDRESSES), 1 if takes_some else 4):
            values = IN_ADDRESSES[turn:] + IN_ADDRESSES[:turn]
            pairs = zip(names, itertools.repeat(values[0]) if takes_some else values, strict=False)
            query = "&".join(f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in pairs)
            tried += asked(matrix, cell, url=f"{cell.url}?{query}", wrong=wrong)
        # Lists, boards and search take each parameter apart; elsewhere the other parameters do not hide one.
        if cell.access.record or len(names) < len(ALWAYS) + 3:
            continue
        for name, value in itertools.product(names, IN_ADDRESSES[:ALONE_IN_ADDRESSES]):
            tried += asked(
                matrix, cell, url=f"{cell.url}?{name}={quote(value.encode('utf-8', 'surrogatepass'))}", wrong=wrong
            )
    assert not wrong, "\n".join(wrong[:30])
    assert tried > 50


@pytest.mark.parametrize("room", ROOMS)
def test_no_form_breaks(world, room):
    matrix, wrong, tried = Matrix(world, only=of_room(room)), [], 0
    for cell in matrix.allowed("admin", "post"):
        # Signing out would end the tries.
        if cell.route.name == "logout":
            continue
        data, form = matrix.sample(cell), matrix.form(cell)
        names = sorted(set(data) | set(form.fields if form else ()))
        for value in IN_FIELDS:
            tried += asked(matrix, cell, dict.fromkeys(names, value), wrong=wrong)
        for value in IN_FIELDS[:TWICE]:
            tried += asked(matrix, cell, {name: [value, value] for name in names}, wrong=wrong)
        # The only field of a form has been tried alone already.
        for name, value in itertools.product(names if len(names) > 1 else (), IN_FIELDS[:ALONE]):
            tried += asked(matrix, cell, {**data, name: value}, wrong=wrong)
    assert not wrong, "\n".join(wrong[:30])
    assert tried > 40


def test_numbers_and_words_in_the_path_are_any(world):
    """Records and fields that cannot exist are not found; also those that no column can hold."""
    matrix, wrong, tried = Matrix(world), [], 0
    for cell in matrix.allowed("admin", "get", "post"):
        parts = [part for part in cell.url.split("/") if part]
        for place, part in enumerate(parts):
            odd = ("0", str(2**31), str(2**63), "9" * 40) if part.isdigit() else ("pk", "__class__", "objects", "id")
            if not part.isdigit() and part not in cell.access.fixed.values():
                continue
            for value in odd:
                url = "/" + "/".join([*parts[:place], value, *parts[place + 1 :]]) + "/" * cell.url.endswith("/")
                tried += asked(matrix, cell, url=url, wrong=wrong)
    assert not wrong, "\n".join(wrong[:30])
    assert tried > 300


@pytest.mark.parametrize("role", ["admin", "rep"])
def test_text_stays_text(world, role):
    """A script as the name of everything is shown on every page, and is a script on none."""
    texts = {
        Company: ("name", "street", "city", "website", "legal_form"),
        Person: ("first_name", "last_name", "function", "title"),
        Opportunity: ("title", "description"),
        InboxItem: ("title", "company_name", "first_name", "last_name", "message", "city"),
    }
    for model, names in texts.items():
        longest = {name: model._meta.get_field(name).max_length or 200 for name in names}
        model.objects.update(**{name: SCRIPT[:size] for name, size in longest.items()})
    for papers in (Quote, Order, Invoice):
        drafts = papers.objects.filter(status="draft")
        drafts.update(subject=SCRIPT, intro=SCRIPT, closing=SCRIPT, recipient_name=SCRIPT, customer_reference=SCRIPT)
        papers._meta.get_field("lines").related_model.objects.filter(
            **{f"{papers._meta.model_name}__in": drafts}
        ).update(text=SCRIPT)
    Product.objects.update(name=SCRIPT, description=SCRIPT)
    world.people[role].__class__.objects.update(name=SCRIPT)
    world.shared["lists.Tag"].__class__.objects.filter(pk=world.shared["lists.Tag"].pk).update(name=SCRIPT)
    matrix, wrong, shown = Matrix(world), [], 0
    for cell in matrix.allowed(role, "get"):
        answer = matrix.send(cell)
        shown += answer.is_html and "canary" in answer.text
        asked(matrix, cell, wrong=wrong)
    assert not wrong, "\n".join(wrong)
    assert shown > 15
