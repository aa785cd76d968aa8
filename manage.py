#!/usr/bin/env python
"""Django's command line. Without DATABASE_URL it starts the local servers first (see crm/local/servers.py)."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    from crm.local import servers

    servers.ensure()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
