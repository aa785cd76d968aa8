"""Files that lie with a document: drawings, signed papers, proofs. Also a final document takes new ones."""

from django.db import transaction
from django.utils.translation import gettext as _

from crm.core.refusals import Refused
from crm.files.models import StoredFile
from crm.sales.actions.documents import locked


@transaction.atomic
def attach(*, document, upload, by) -> StoredFile:
    """Keep a file with a document."""
    document = locked(document, by)
    file = StoredFile.keep(upload, by=by)
    document.files.add(file)
    return file


@transaction.atomic
def detach(*, document, file: StoredFile, by) -> None:
    """Take a file off a draft, for good; what lies with a final document is kept (GoBD)."""
    document = locked(document, by)
    file = document.files.get(pk=file.pk)
    if not document.is_draft:
        raise Refused(_("Files of a document that left the house are kept."))
    document.files.remove(file)
    file.discard()
