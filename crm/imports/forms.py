"""The forms of an import: the file, how it is read, and which column goes where."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.core.forms import PlainForm, tidy
from crm.imports import mapping, reading, targets

FIXED_ROWS = 3


class UploadForm(PlainForm):
    """Step 1. `user` decides which kinds of records are offered."""

    spans = {"target": 12, "file": 12}
    target = forms.ChoiceField(label=gettext_lazy("What is in the file?"))
    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,
        help_text=gettext_lazy("CSV (any encoding, delimiter and notation) or Excel (.xlsx), up to 50 MB."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["target"].choices = [(target.key, target.label) for target in targets.open_to(user)]


class ReadingForm(PlainForm):
    """How a file is read: what was detected, to be corrected."""

    spans = {"encoding": 3, "delimiter": 3, "quote": 3, "sheet": 6, "header": 12}
    encoding = forms.ChoiceField(label=gettext_lazy("Encoding"), required=False)
    delimiter = forms.ChoiceField(
        label=gettext_lazy("Delimiter"),
        required=False,
        choices=[
            (",", gettext_lazy("Comma ,")),
            (";", gettext_lazy("Semicolon ;")),
            ("\\t", gettext_lazy("Tab")),
            ("|", gettext_lazy("Bar |")),
        ],
    )
    quote = forms.ChoiceField(
        label=gettext_lazy("Quotation mark"),
        required=False,
        choices=[('"', '"'), ("'", "'"), ("none", gettext_lazy("none"))],
    )
    sheet = forms.ChoiceField(label=gettext_lazy("Sheet"), required=False)
    header = forms.BooleanField(label=gettext_lazy("The first row has the names of the columns"), required=False)

    def __init__(self, data=None, *, read: dict):
        super().__init__(data)
        encodings = dict.fromkeys([read.get("encoding", ""), *reading.ENCODINGS])
        self.fields["encoding"].choices = [(name, name) for name in encodings if name]
        self.fields["sheet"].choices = [(name, name) for name in read.get("sheets", ())]
        unused = ("encoding", "delimiter", "quote") if read["kind"] == "xlsx" else ("sheet",)
        for name in unused:
            del self.fields[name]
        for name, field in self.fields.items():
            field.initial = read.get(name)
        if "delimiter" in self.fields:
            self.fields["delimiter"].initial = read["delimiter"].replace("\t", "\\t")
            self.fields["quote"].initial = read.get("quote") or "none"

    def given(self) -> dict:
        """What the user said, for crm.imports.reading.inspect."""
        said = dict(self.cleaned_data)
        if "delimiter" in said:
            said["delimiter"] = said["delimiter"].replace("\\t", "\t")
        return said


NOTED = {"date": {"date", "moment"}, "number": {"money", "number", "percent"}}


def formats_of(column: dict, field=None) -> list[tuple[str, str]]:
    """The notations that a column of dates or numbers may have; none if it goes into a `field` of another kind."""
    if field is not None and field.kind not in NOTED.get(column["kind"], ()):
        return []
    if column["kind"] == "date":
        return list(reading.DATE_FORMATS.items())
    return list(reading.NUMBER_FORMATS.items()) if column["kind"] == "number" else []


def read_mapping(data, run) -> tuple[dict, dict]:
    """(mapping, formats by column) from what was posted; what makes no sense is left out, mapping.problems says so."""
    target = targets.get(run.target)
    columns, formats, fixed = {}, {}, {}
    for index, column in enumerate(run.reading["columns"]):
        if key := data.get(f"column-{index}"):
            columns[str(index)] = tidy(key, 60)
        form = data.get(f"format-{index}", "")
        if form in dict(formats_of(column)):
            formats[str(index)] = form
    for place in range(len(run.mapping.get("values", {})) + FIXED_ROWS):
        key, text = data.get(f"fixed-{place}", ""), tidy(data.get(f"text-{place}", ""), 2_000).strip()
        if key and text:
            fixed[tidy(key, 60)] = text
    options = {}
    for option in target.options:
        choice = data.get(f"option-{option.key}")
        options[option.key] = choice if choice in dict(option.choices) else option.default
    empty = [word.strip() for word in tidy(data.get("empty", ""), 1_000).split(",") if word.strip()]
    return {"columns": columns, "values": fixed, "options": options, "empty": empty}, formats


def mapping_context(run) -> dict:
    """What the page of step 2 shows: the columns with samples, the fixed values, the options."""
    target = targets.get(run.target)
    fields = list(target.all_fields().values())
    chosen = run.mapping
    columns = [
        {
            **column,
            "index": index,
            "field": chosen["columns"].get(str(index), ""),
            "formats": formats_of(column, target.all_fields().get(chosen["columns"].get(str(index)))),
        }
        for index, column in enumerate(run.reading["columns"])
    ]
    fixed = [*chosen["values"].items(), *[("", "")] * FIXED_ROWS]
    return {
        "columns": columns,
        "fields": fields,
        "fixed": [{"place": place, "field": key, "text": text} for place, (key, text) in enumerate(fixed)],
        "options": [
            {"option": option, "chosen": chosen["options"].get(option.key, option.default)} for option in target.options
        ],
        "empty": ", ".join(chosen["empty"]),
        "assigned": len(chosen["columns"]),
        "placeholder": _("for example: Lead {%(column)s}") % {"column": run.reading["columns"][0]["name"]},
        "problems": mapping.problems(target, run.reading, chosen),
    }
