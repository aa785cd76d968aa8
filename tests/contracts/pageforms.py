"""The forms of a page, read from its HTML as a browser would, and filled in."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

VALUES = {"email": "neu@example.com", "date": "2026-03-01", "datetime-local": "2026-03-01T10:00", "number": "1"}


@dataclass
class Field:
    """`kind`: the input's type, or select, textarea; `options`: the values of a select or of radio buttons."""

    name: str
    kind: str
    value: str = ""
    options: list = field(default_factory=list)
    required: bool = False
    multiple: bool = False

    @property
    def filled(self) -> str:
        """The value it has; else one of the right type, if it must have one."""
        if self.value or not self.required:
            return self.value
        if self.options:
            return next((o for o in self.options if o), "")
        return VALUES.get(self.kind, "Text")


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, Field] = field(default_factory=dict)
    # Something a click posts to, without fields: a menu's line.
    bare: bool = False

    def data(self, **changes) -> dict:
        """What a browser would send; `changes` replaces single values."""
        sent = {}
        for name, item in self.fields.items():
            if item.kind == "file" or (item.kind == "checkbox" and not item.filled):
                continue
            sent[name] = [item.filled] if item.multiple and item.filled else item.filled
            if sent[name] == "" and item.multiple:
                del sent[name]
        return sent | changes


class _Reader(HTMLParser):
    def __init__(self, url: str):
        super().__init__(convert_charrefs=True)
        self.url, self.forms, self.links = url, [], []
        self.stack: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.select: Field | None = None
        self.text: Field | None = None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self._links(attrs)
        if tag == "form":
            self._form(attrs)
        elif tag in ("input", "select", "textarea", "button"):
            self._input(tag, attrs)
        elif tag == "option" and self.select is not None:
            value = attrs.get("value", "")
            self.select.options.append(value)
            if "selected" in attrs:
                self.select.value = value

    def _links(self, attrs):
        for key in ("href", "hx-get", "data-pick", "data-url", "src"):
            if attrs.get(key):
                self.links.append(urljoin(self.url, attrs[key]))

    def _form(self, attrs):
        posts = attrs.get("hx-post")
        action = posts or attrs.get("action") or attrs.get("hx-get") or self.url
        method = "post" if posts or attrs.get("method", "get").lower() == "post" else "get"
        form = Form(urljoin(self.url, action), method)
        self.forms.append(form)
        self.stack.append(form)
        if attrs.get("id"):
            self.by_id[attrs["id"]] = form

    def _input(self, tag, attrs):
        target = attrs.get("formaction") or (tag == "button" and attrs.get("hx-post"))
        if target or (attrs.get("hx-post") and not self.stack):
            self.forms.append(Form(urljoin(self.url, target or attrs["hx-post"]), "post", bare=True))
        form = self.by_id.get(attrs.get("form", "")) or (self.stack[-1] if self.stack else None)
        name = attrs.get("name")
        if form is None or not name or name == "csrfmiddlewaretoken" or tag == "button":
            return
        kind = {"select": "select", "textarea": "textarea"}.get(tag) or attrs.get("type", "text")
        value = attrs.get("value", "")
        if kind in ("checkbox", "radio"):
            known = form.fields.setdefault(name, Field(name, kind, required="required" in attrs))
            known.options.append(value or "on")
            if "checked" in attrs:
                known.value = value or "on"
            return
        item = Field(name, kind, value, required="required" in attrs, multiple="multiple" in attrs)
        form.fields[name] = item
        if tag == "select":
            self.select = item
        elif tag == "textarea":
            self.text = item

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)

    def handle_data(self, data):
        if self.text is not None:
            self.text.value += data

    def handle_endtag(self, tag):
        if tag == "form" and self.stack:
            self.stack.pop()
        elif tag == "select":
            if self.select and not self.select.multiple and not self.select.value and self.select.options:
                self.select.value = self.select.options[0]
            self.select = None
        elif tag == "textarea":
            self.text = None


def read(html: str, url: str) -> _Reader:
    """The page's `forms` and `links`."""
    reader = _Reader(url)
    reader.feed(html)
    return reader


def own_links(html: str, url: str) -> list[str]:
    """The links of a page to itself with other parameters: tabs, exports, pages, filters; not its sortings."""
    path = url.partition("?")[0]
    links = {link.partition("#")[0] for link in read(html, url).links}
    return sorted(link for link in links if link.startswith(f"{path}?") and "sort=" not in link)


def plain(html: str) -> str:
    """A page without what is new in every answer: the CSRF tokens, and the keys of forms that are sent once."""
    # Without a group at their beginning: so the text is searched for the first word, which is far quicker.
    html = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*', "", html)
    html = re.sub(r'name="key" value="[0-9a-f-]{36}"', "", html)
    return re.sub(r"""X-CSRFToken(?:"|&quot;|&#x22;): ?(?:"|&quot;)[^"&]*""", "", html)
