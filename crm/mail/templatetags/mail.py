"""Links that open the reader's own mail program."""

from urllib.parse import quote, urlencode

from django import template

from crm.mail.models import Address

register = template.Library()


@register.simple_tag(takes_context=True)
def mailto(context, email, subject=""):
    """{% mailto person.email "Offer [OPP-2026-000001]" %}: with our address as BCC, so that the mail is filed."""
    request = context["request"]
    if not hasattr(request, "capture_address"):
        # Once for a page, however many addresses it lists.
        request.capture_address = Address.objects.capture()
    more = {name: text for name, text in (("bcc", request.capture_address), ("subject", subject)) if text}
    query = f"?{urlencode(more, quote_via=quote)}" if more else ""
    return f"mailto:{quote(str(email), safe='@')}{query}"
