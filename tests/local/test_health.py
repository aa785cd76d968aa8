"""/healthz: for monitors, without a sign-in."""

import time

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db


def test_all_is_well(client):
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": "ok", "broker": "ok"}


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "redis+socket:///nowhere/valkey?virtual_host=0"])
def test_without_the_broker(client, settings, url):
    settings.CELERY_BROKER_URL = url
    started = time.monotonic()
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json() == {"status": "failed", "database": "ok", "broker": "failed"}
    assert time.monotonic() - started < 5


def test_without_the_database(client, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {})
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json() == {"status": "failed", "database": "failed", "broker": "ok"}


def test_nothing_can_be_changed_there(client):
    assert client.post("/healthz").status_code == 405
