"""Which files of the front-end packages are not served."""

from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    """The packages bring ten times of what pages use: maps, sources, other module systems, pictures of banks."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "*.map",
        "*.md",
        "*.json",
        "*.rtl.*",
        # Of the fonts of letters: only Regular and SemiBold.
        "Inter-[BEILMT]*.woff2",
        "Inter-*Italic.woff2",
        "tabler-*",
        "cjs",
        "esm",
        "flags",
        "libs",
        "modular",
        "payments",
        "scss",
        "social",
        "src",
        "types",
    ]
