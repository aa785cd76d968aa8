import shutil

import pytest

from crm.local import servers


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder for servers of one's own; what runs there ends with the test."""
    monkeypatch.setenv("CRM_ENV", "local")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    root = tmp_path / "servers"
    yield root
    servers.release(root)
    servers.stop(root)
    shutil.rmtree(servers.socket_dir(root), ignore_errors=True)
