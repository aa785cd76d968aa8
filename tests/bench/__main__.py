"""`python -m tests.bench [words]`: measures the rows whose names contain one of the words, or all of them."""

import importlib
import json
import os
import pkgutil
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

REPORT = Path(__file__).parents[2] / ".local" / "bench.json"


def main(words: list[str]) -> None:
    os.environ.setdefault("CRM_ENV", "local")
    # Servers of its own, as durable as those that one works with, stopped when this process ends.
    os.environ.setdefault("CRM_SERVERS", "bench")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    from crm.local import servers

    servers.ensure()
    import django

    django.setup()
    rows = [row for row in all_rows() if not words or any(word.lower() in row.name.lower() for word in words)]
    results = [measured(row) for row in rows]
    print_table(results)
    REPORT.parent.mkdir(exist_ok=True)
    report = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), "rows": results}
    REPORT.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")


def all_rows() -> list:
    """The rows of all modules of this package."""
    import tests.bench
    from tests.bench.rows import ROWS

    for module in pkgutil.iter_modules(tests.bench.__path__):
        if module.name != "__main__":
            importlib.import_module(f"tests.bench.{module.name}")
    return ROWS


def measured(row) -> dict:
    """A row with its value, measured in a new database and a folder for files that are gone afterwards."""
    from django.test import override_settings

    from tests.database import own_database

    with tempfile.TemporaryDirectory() as media, override_settings(MEDIA_ROOT=media), own_database("crm_bench"):
        value = row.measure()
    verdict = "pass" if row.passes(value) else "falls short"
    return {"name": row.name, "value": round(value, 4), "unit": row.unit, "target": row.target, "verdict": verdict}


def machine() -> dict:
    """Where it was measured, and how busy the machine was: figures of two machines are not compared."""
    return {"python": platform.python_version(), "cpus": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}


def print_table(results: list[dict]) -> None:
    width = max((len(result["name"]) for result in results), default=0)
    for result in results:
        figure = f"{result['value']:>10.3f} {result['unit']:<8}"
        print(f"{result['name']:<{width}} {figure} {result['target']:<8} {result['verdict']}")
    print(
        f"\nOn {machine()}; also in {REPORT.relative_to(Path.cwd()) if REPORT.is_relative_to(Path.cwd()) else REPORT}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
