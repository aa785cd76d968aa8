"""What a PDF may fetch: our own static files and the logo that came with the letter. Nothing else, by no way."""

import re
from pathlib import Path
from urllib.parse import unquote

from django.conf import settings
from django.contrib.staticfiles import finders
from weasyprint.urls import URLFetcher, URLFetcherResponse

STATIC, LOGO = "static:", "logo:sender"
TYPES = {".css": "text/css", ".woff2": "font/woff2"}
# By the first bytes, not by what somebody says.
PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class NotOurs(ValueError):
    """An address that no template of ours has written."""


class OwnFilesFetcher(URLFetcher):
    """Serves `static:<path>` and `logo:sender`; the handlers for http, ftp, file and data are not even there."""

    def __init__(self, logo: bytes = b""):
        super().__init__(allowed_protocols=(), allow_redirects=False)
        self.handlers.clear()
        self.handle_open.clear()
        self.logo = logo

    def fetch(self, url, headers=None):
        """The content for an address of ours. Raises NotOurs for any other, which draws the letter without it."""
        if url.startswith(STATIC):
            return self._static(url, unquote(url.removeprefix(STATIC)))
        if url == LOGO and (kind := picture_type(self.logo)):
            return URLFetcherResponse(url, self.logo, {"Content-Type": kind})
        raise NotOurs(f"A letter does not fetch {url[:80]!r}.")

    def _static(self, url: str, name: str) -> URLFetcherResponse:
        path = static_path(name)
        if path is None or path.suffix not in TYPES:
            raise NotOurs(f"There is no static file {name[:80]!r} for letters.")
        return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": TYPES[path.suffix]})


def picture_type(content: bytes) -> str | None:
    """The media type of a logo that can be drawn (PNG, JPEG, SVG), by its first bytes; None for anything else.

    What an SVG names in its turn comes through the same fetcher, so it gets nothing.
    """
    if re.match(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<svg\b", content[:2000], re.DOTALL):
        return "image/svg+xml"
    return next((kind for magic, kind in PICTURES.items() if content.startswith(magic)), None)


def static_path(name: str) -> Path | None:
    """Where a static file lies: where the packages are, or, in production, where it was collected to.

    None for what is not there, and for names that lead out of the folder.
    """
    if settings.WHITENOISE_USE_FINDERS:
        found = finders.find(name)
        return Path(found) if found else None
    root = Path(settings.STATIC_ROOT).resolve()
    path = (root / name).resolve()
    return path if path.is_relative_to(root) and path.is_file() else None
