"""Every route of the product, from the resolver, so that a new one is covered, or missed, by itself."""

from dataclasses import dataclass

from django.urls import URLPattern, get_resolver, reverse

# Not ours: Django's admin has its own test (test_access.py).
FOREIGN = ("admin",)
# Ninja's mark for the beginning of the API's addresses: 404 for everyone.
NOWHERE = ("api:api-root",)


@dataclass(frozen=True)
class Route:
    name: str
    pattern: str
    parameters: tuple[str, ...]

    @property
    def is_api(self) -> bool:
        return self.pattern.startswith("api/")

    def url(self, **parameters) -> str:
        """The address, with a value for each parameter."""
        return reverse(self.name, kwargs={name: parameters[name] for name in self.parameters})


def _walk(patterns, namespace="", prefix=""):
    for entry in patterns:
        text = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            # A route without a name would be missed silently: its pattern stands for it, and the table asks for it.
            local = entry.name or f"<unnamed {text}>"
            yield Route(f"{namespace}:{local}" if namespace else local, text, tuple(entry.pattern.regex.groupindex))
        elif entry.namespace not in FOREIGN:
            inner = ":".join(filter(None, [namespace, entry.namespace]))
            yield from _walk(entry.url_patterns, inner, text)


def all_routes() -> list[Route]:
    """All routes but those of Django's admin, in the resolver's order, each name and pattern once."""
    return [r for r in dict.fromkeys(_walk(get_resolver().url_patterns)) if r.name not in NOWHERE]
