"""Rooms look down the stairs, never up and never beside: in imports, and in foreign keys."""

import ast
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]

# From the floor up. Rooms on one step do not know each other.
STAIRS = [
    {"crm.local"},
    {"crm.core"},
    {"crm.accounts"},
    {"crm.files", "crm.lists", "crm.setup", "crm.api", "crm.papers", "crm.notices"},
    {"crm.imports"},
    {"crm.mail"},
    {"contacts"},
    {"opportunities"},
    {"inbox"},
    {"crm.sales"},
    {"crm.accounting"},
    {"activities"},
    {"crm.demo"},
    # Where everything is put together: settings, URLs, the clock, the doors for web servers.
    {"crm"},
]
STEP = {room: step for step, rooms in enumerate(STAIRS) for room in rooms}
# `crm` itself holds the settings, which everyone may read through django.conf, and what starts the whole.
ROOT_FILES = {"__init__", "settings", "urls", "celery", "wsgi"}
ABOVE_ALL = {"crm.local.run"}


def room_of(module: str) -> str | None:
    """The room a module belongs to; None for what is not ours."""
    parts = module.split(".")
    if module in ABOVE_ALL:
        return "crm"
    if parts[0] == "crm":
        return "crm" if len(parts) < 2 or parts[1] in ROOT_FILES else f"crm.{parts[1]}"
    return parts[0] if parts[0] in STEP else None


def modules():
    for top in ("crm", *(room for room in STEP if "." not in room and room != "crm")):
        for path in sorted((ROOT / top).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def imported(path: Path):
    """Every module that `path` imports, also inside functions."""
    package = ".".join(path.relative_to(ROOT).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*package.split(".")[: len(package.split(".")) - node.level + 1], base]).strip(".")
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names if base in {"crm"})


def test_imports_go_down():
    looked_at = 0
    upwards = []
    for path in modules():
        room = room_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for module in imported(path):
            target = room_of(module)
            if target is None or target == room:
                continue
            looked_at += 1
            if target not in STEP:
                upwards.append(f"{path.relative_to(ROOT)}: {target} has no step in STAIRS")
            elif STEP[target] >= STEP[room]:
                upwards.append(f"{path.relative_to(ROOT)} imports {module}: not below {room}")
    assert not upwards, "\n".join(sorted(set(upwards)))
    assert looked_at > 100


def test_foreign_keys_go_down():
    looked_at = 0
    for model in apps.get_models():
        room = room_of(model.__module__)
        if room is None:
            continue
        for field in model._meta.get_fields():
            if not (field.is_relation and field.concrete and field.related_model):
                continue
            target = room_of(field.related_model.__module__)
            if target is None or target == room:
                continue
            looked_at += 1
            assert STEP[target] < STEP[room], f"{model.__name__}.{field.name} points up to {target}"
    assert looked_at > 20


@pytest.mark.parametrize("rooms", STAIRS)
def test_every_step_exists(rooms):
    for room in rooms:
        assert (ROOT / room.replace(".", "/")).is_dir(), f"{room} stands in STAIRS but not in the house"
