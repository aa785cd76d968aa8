"""How the dialogs of documents ask."""

from crm.core import http


def ask(
    request, document, *, title, lead="", label, form=None, level="primary", template="components/dialog.html", **more
):
    """A dialog about a document: `label` is what its button says."""
    context = {
        "document": document,
        "title": title,
        "lead": lead,
        "form": form or "",
        "submit_label": label,
        "submit_level": level,
        "back": document.get_absolute_url(),
    }
    return http.dialog(request, template, context | more)
