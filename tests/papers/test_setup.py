"""What draws PDFs comes with the set-up; where it may not be installed, one command is named."""

import pytest

from crm.local import bootstrap
from crm.papers import apps


@pytest.fixture
def nothing_there(monkeypatch):
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)


def test_with_the_libraries_there_is_nothing_to_do(monkeypatch):
    monkeypatch.setattr(bootstrap, "debian_packages", pytest.fail)
    bootstrap.letters()
    assert apps.can_draw() == []


def test_they_are_installed_where_we_may(nothing_there, monkeypatch):
    asked = []
    monkeypatch.setattr(bootstrap, "debian_packages", lambda what, names, service: asked.extend(names))
    bootstrap.letters()
    assert {*apps.LIBRARIES.values(), "fonts-dejavu-core"} == set(asked)


def test_else_the_command_is_named_and_the_set_up_goes_on(nothing_there, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    bootstrap.letters()
    said = capsys.readouterr().out
    assert "sudo apt-get install --yes --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0" in said


def test_check_deploy_names_what_is_missing(nothing_there):
    (error,) = apps.can_draw()
    assert error.id == "crm.E002"
    assert "apt-get install --yes libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" in error.hint


def test_the_image_brings_the_same():
    image = (bootstrap.BASE_DIR / "Dockerfile").read_text()
    assert all(name in image for name in bootstrap.PANGO)
