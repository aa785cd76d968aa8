"""Fields for uploads: several files at once, with limits that are said beside the field."""

from django import forms
from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from crm.core.forms import PlainForm

MEGABYTE = 1024 * 1024


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True
    template_name = "django/forms/widgets/input.html"


class FilesField(forms.FileField):
    """Any number of files up to `most`, each up to `largest` bytes; its value is a list of uploads."""

    widget = FilesInput
    default_error_messages = {
        "too_many": _("At most %(most)s files at once."),
        "too_large": _("“%(name)s” is larger than %(largest)s."),
    }

    def __init__(self, *, most: int = 10, largest: int = 25 * MEGABYTE, **kwargs):
        self.most, self.largest = most, largest
        kwargs.setdefault("allow_empty_file", True)
        super().__init__(**kwargs)

    def clean(self, data, initial=None):
        uploads = [upload for upload in data or () if upload] if isinstance(data, list | tuple) else [data]
        uploads = [upload for upload in uploads if upload is not None]
        if not uploads:
            super().clean(None, initial)
            return []
        if len(uploads) > self.most:
            raise ValidationError(self.error_messages["too_many"], code="too_many", params={"most": self.most})
        for upload in uploads:
            if upload.size > self.largest:
                raise ValidationError(
                    self.error_messages["too_large"],
                    code="too_large",
                    params={"name": upload.name, "largest": filesizeformat(self.largest)},
                )
        return [super(FilesField, self).clean(upload, initial) for upload in uploads]


class UploadForm(PlainForm):
    """Files for a record."""

    files = FilesField(label=_("Files"))
    spans = {"files": 12}
