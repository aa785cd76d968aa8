"""The papers as files: the PDF, and of an invoice the XRechnung."""

from django.http import HttpResponse
from django.utils.text import get_valid_filename
from django.views.decorators.http import require_safe

from crm.files.serve import attachment
from crm.sales import keeping
from crm.sales import pdf as drawing
from crm.sales.views.kinds import KINDS, find


@require_safe
def pdf(request, pk, kind):
    """As it left the house, made now if the worker has not come to it; of a draft as it stands, marked as one."""
    document = find(request, KINDS[kind], pk)
    if not document.is_draft:
        return attachment(keeping.checked(keeping.keep(document)))
    content = drawing.preview(_without_hidden(document), request.user)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{get_valid_filename(drawing.title(document))}.pdf"'
    return response


def _without_hidden(document):
    """A draft as its reader may see it: without the company and person that are not his to see."""
    for name in ("company", "person"):
        if getattr(document, name) is None:
            setattr(document, f"{name}_id", None)
    return document


@require_safe
def xrechnung(request, pk):
    """The XML that public buyers want; of a draft there is none."""
    invoice = find(request, KINDS["invoice"], pk)
    return attachment(keeping.checked(keeping.xrechnung(invoice)))
