"""`python -m tests.chaos [--mails 2000] [--faults 30]`: ends with 1 if anything was lost, doubled or misfiled."""

import argparse
import json
import os
import sys
import tempfile


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.chaos")
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--faults", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0, help="the same faults in the same order")
    wish = parser.parse_args()
    os.environ.setdefault("CRM_ENV", "local")
    os.environ["CRM_SERVERS"] = "chaos"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    from crm.local import servers

    servers.ensure()
    import django

    django.setup()
    from django.test import override_settings

    from tests.chaos.storm import Storm
    from tests.database import own_database

    with tempfile.TemporaryDirectory() as folder, override_settings(MEDIA_ROOT=folder), own_database("crm_chaos"):
        figures, wrong = Storm(wish.mails, wish.faults, wish.seed, folder).run()
    print(json.dumps(figures, indent=2))
    print("\n".join(wrong[:50]) or "0 lost, 0 doubled, 0 misfiled")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
