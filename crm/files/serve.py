"""How a stored file leaves the house: always as a download, never shown by the browser as a page of ours."""

from django.http import FileResponse

from crm.files.models import StoredFile


def attachment(file: StoredFile) -> FileResponse:
    """The file as a download under its own name. The caller has found it through a record that the user may see.

    Its type is never taken from the sender, so that nothing active runs under our address. Raises
    StoredFile.DoesNotExist where the content is gone.
    """
    try:
        content = file.content.open("rb")
    except FileNotFoundError:
        raise StoredFile.DoesNotExist from None
    response = FileResponse(content, as_attachment=True, filename=file.name, content_type="application/octet-stream")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
