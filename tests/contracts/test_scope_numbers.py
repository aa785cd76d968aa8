"""What strangers own changes nothing that a rep sees: no number, list, chart, badge, export or suggestion."""

import pytest
from django.utils import timezone

from contacts.models import Company
from opportunities.models import Pipeline
from tests.contracts import world as worlds
from tests.contracts.access import Matrix
from tests.contracts.pageforms import own_links
from tests.contracts.world import WORD


def inside(route) -> bool:
    """Not the public forms: each answer carries a new token."""
    return not route.name.startswith("public-form")


def everything(world, role: str, only=inside) -> dict[str, str]:
    """All answers to GET that there are for a role: {address: text}; also a page's own links (tabs, exports, …)."""
    matrix, seen = Matrix(world, only=only), {}
    for cell in matrix.allowed(role, "get"):
        seen[cell.url] = matrix.send(cell)
        if not seen[cell.url].is_html:
            continue
        for url in [*own_links(seen[cell.url].text, cell.url), f"{cell.url}?q={WORD}"]:
            if url not in seen:
                seen[url] = matrix.send(cell, url=url, part=True)
    return {url: f"{answer.status} {answer.text}" for url, answer in seen.items()}


def more_of_strangers(world) -> None:
    """Foreign records of every kind; some hang on the rep's own."""
    firm = worlds.company(world, "stranger")
    human = worlds.person(world, "stranger", company=firm)
    for label, owner in (("contacts.Company", "rep"), ("contacts.Company", "stranger")):
        company = world.records[label, "plain", owner]
        worlds.opportunity(world, "stranger", company=company, person=human, **_deal_stage())
        won = worlds.opportunity(world, "stranger", company=company)
        type(won).objects.filter(pk=won.pk).update(status="won", won_at=timezone.now())
        worlds.item(world, "stranger", company=company)
        worlds.person(world, "stranger", company=company)
    worlds.item(world, "stranger")


def _deal_stage() -> dict:
    pipeline = Pipeline.objects.get(kind="deal", is_default=True)
    return {"kind": "deal", "pipeline": pipeline, "stage": pipeline.stages.first()}


@pytest.mark.parametrize("role", ["rep", "lead"])
def test_foreign_records_change_nothing(world, role):
    # That a company has become a customer is seen by all who see it, whoever won the deal; so it is one already.
    Company.objects.update(status="customer", customer_since="2020-01-01")
    before = everything(world, role)
    more_of_strangers(world)
    after = everything(world, role)
    assert set(before) == set(after)
    assert len(before) > 60
    changed = [f"{url}: {first_change(before[url], after[url])}" for url in before if before[url] != after[url]]
    assert not changed, "\n".join(changed)


def test_an_own_deal_would_be_noticed(world):
    """The control: the same comparison sees what a colleague enters."""

    def lists(route):
        return route.name in ("opportunities:list", "opportunities:board", "search")

    before = everything(world, "rep", lists)
    worlds.opportunity(world, "mate", company=world.records["contacts.Company", "plain", "rep"], **_deal_stage())
    after = everything(world, "rep", lists)
    assert len([url for url in before if before[url] != after.get(url)]) >= 3


def first_change(before: str, after: str) -> str:
    lines = zip(before.splitlines(), after.splitlines(), strict=False)
    return next((f"{a.strip()[:200]!r} became {b.strip()[:200]!r}" for a, b in lines if a != b), "more lines")
