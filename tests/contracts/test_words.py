"""German first, English complete: every text of the interface is in both languages."""

import re

from crm.core import messages

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def test_every_text_is_translated():
    texts, german = messages.collect(), messages.load("de")
    known = {(message.context, message.id) for message in german if message.id}
    needed = {(message.context, message.id) for message in texts if message.id}
    assert len(needed) > 300
    assert needed - known == set(), "run: manage.py messages"
    assert known - needed == set(), "no longer used; run: manage.py messages"
    assert messages.missing(german) == []


def test_translations_keep_their_placeholders():
    looked_at = 0
    for message in messages.load("de"):
        if not message.id or not message.string:
            continue
        ids = message.id if message.pluralizable else (message.id,)
        strings = message.string if message.pluralizable else (message.string,)
        asked = set(PLACEHOLDER.findall(ids[-1]))
        for text in strings:
            looked_at += 1
            assert set(PLACEHOLDER.findall(text)) <= asked, f"{text!r} names what {ids[-1]!r} does not give"
    assert looked_at > 300
