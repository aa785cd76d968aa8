"""Files that lie with a document."""

from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from crm.accounts.scope import Action, allows
from crm.core import http
from crm.core.refusals import Refused
from crm.files.forms import UploadForm
from crm.files.models import StoredFile
from crm.files.serve import attachment
from crm.sales.actions.files import attach, detach
from crm.sales.views.kinds import KINDS, find, kind_of


def tab(request, document) -> str:
    """Its files; a final document takes new ones and keeps what it has."""
    kind, may_change = kind_of(document), allows(request.user, Action.CHANGE, document)
    context = {
        "files": [
            {
                "file": file,
                "url": kind.url("file", document, file.pk),
                "remove": kind.url("remove-file", document, file.pk),
            }
            for file in document.files.select_related("uploaded_by")
        ],
        "may_attach": may_change,
        "may_remove": may_change and document.is_draft,
        "upload": kind.url("upload", document),
        "form": UploadForm(),
    }
    return render_to_string("sales/tab_files.html", context, request)


def _back(document) -> str:
    return f"{document.get_absolute_url()}?tab=files"


@require_POST
def upload(request, pk, kind):
    """Keep uploads with the document."""
    document = find(request, KINDS[kind], pk, Action.CHANGE)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        raise Refused(" ".join(error for errors in form.errors.values() for error in errors))
    uploads = form.cleaned_data["files"]
    for one in uploads:
        attach(document=document, upload=one, by=request.user)
    text = ngettext("%(n)s file was added.", "%(n)s files were added.", len(uploads)) % {"n": len(uploads)}
    return http.done(request, _back(document), text)


@require_safe
def file(request, pk, file, kind):
    """Download a file, by way of its document."""
    return attachment(get_object_or_404(find(request, KINDS[kind], pk).files, pk=file))


@require_POST
def remove(request, pk, file, kind):
    """Take a file off a draft."""
    document = find(request, KINDS[kind], pk, Action.CHANGE)
    stored: StoredFile = get_object_or_404(document.files, pk=file)
    detach(document=document, file=stored, by=request.user)
    return http.done(request, _back(document), _("“%(name)s” was removed.") % {"name": stored})
