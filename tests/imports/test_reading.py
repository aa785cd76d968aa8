"""Files as they come: encodings, delimiters, notations, and everything that is none."""

import datetime
import io
import zipfile
from decimal import Decimal

import pytest
from openpyxl import Workbook

from crm.imports import reading

GERMAN = "Firma;Ort;Umsatz;Seit\nMüller & Söhne;Köln;1.234,56;01.02.2024\nGrößer AG;Düren;12.000,00;31.12.2023\n"


def inspect(content, **given):
    content = content if isinstance(content, bytes) else content.encode()
    return reading.inspect(io.BytesIO(content), given)


def table(content, **given):
    content = content if isinstance(content, bytes) else content.encode()
    file = io.BytesIO(content)
    read = reading.inspect(file, given)
    return [cells for _number, cells in reading.rows(file, read)]


def refusal(content, **given) -> str:
    with pytest.raises(reading.Unreadable) as caught:
        inspect(content, **given)
    return str(caught.value)


def workbook(rows, **sheets) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# ── encodings ───────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("cp1252", "cp1252"),
        ("cp850", "cp850"),
        ("mac_roman", "mac_roman"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32-le"),
    ],
)
def test_every_encoding_gives_the_same_rows(encoding, found):
    content = GERMAN.encode(encoding)
    assert inspect(content)["encoding"] == found
    assert table(content)[0] == ["Müller & Söhne", "Köln", "1.234,56", "01.02.2024"]
    assert inspect(content)["columns"][0]["name"] == "Firma"


def test_an_encoding_can_be_corrected():
    content = "Name\nЖуков\n".encode("cp1251")
    assert table(content, encoding="cp1251") == [["Жуков"]]


def test_utf8_beyond_the_first_part_of_the_file_decides():
    content = ("Name\n" + "a\n" * 200_000).encode() + "Müller\n".encode("cp1252")
    assert inspect(content)["encoding"] == "cp1252"


# ── delimiters, quotes, headers ─────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_delimiter_is_found(delimiter):
    text = "\n".join(delimiter.join(row) for row in (["a", "b", "c"], ["1", "2 x", "3"], ["4", "5", "6"]))
    assert inspect(text)["delimiter"] == delimiter


def test_a_delimiter_inside_quotes_does_not_count():
    assert table('Name;Text\nA;"x, y, z; w"\nB;"line 1\nline 2"\n') == [["A", "x, y, z; w"], ["B", "line 1\nline 2"]]


def test_the_first_line_of_excel_says_the_delimiter():
    text = "sep=;\nName;Ort\nA;B\n"
    assert table(text) == [["A", "B"]]
    assert [c["name"] for c in inspect(text)["columns"]] == ["Name", "Ort"]


def test_a_single_column_is_a_table_too():
    assert table("Name\nA\nB") == [["A"], ["B"]]


def test_headers_that_are_empty_or_double_get_names():
    names = [c["name"] for c in inspect("Name,,Name,name\na,b,c,d\n")["columns"]]
    assert names == ["Name", "Column 2", "Name (2)", "name (3)"] or names[1].endswith("2")
    assert len({n.casefold() for n in names}) == 4


def test_a_file_without_header_loses_no_row():
    text = "a@example.com,12,2024-01-02\nb@example.com,13,2024-01-03\n"
    assert inspect(text)["header"] is False
    assert inspect(text)["total"] == 2
    assert table(text, header=True) == [["b@example.com", "13", "2024-01-03"]]


def test_blank_rows_are_left_out_and_numbers_stay_those_of_the_file():
    file = io.BytesIO(b"Name\n\nA\n\n\nB\n")
    read = reading.inspect(file)
    assert read["total"] == 2
    assert list(reading.rows(file, read)) == [(3, ["A"]), (6, ["B"])]


def test_short_rows_are_filled_up_and_long_ones_kept_to_be_rejected():
    assert table("a,b,c\n1\n1,2,3,4\n5,6,7\n") == [["1", "", ""], ["1", "2", "3", "4"], ["5", "6", "7"]]


def test_reading_can_begin_anywhere():
    file = io.BytesIO(b"n\n" + b"".join(b"%d\n" % i for i in range(1000)))
    read = reading.inspect(file)
    assert next(iter(reading.rows(file, read, start=700))) == (702, ["700"])


# ── dates and numbers ───────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["01.02.2024", "31.12.2023"], "dmy"),
        (["01-02-2018", "20-10-2017"], "dmy"),
        (["01/02/2024", "12/31/2023"], "mdy"),
        (["01/02/2024", "31/12/2023"], "dmy"),
        (["01/02/2024", "03/04/2024"], "mdy"),
        (["01.02.2024", "03.04.2024"], "dmy"),
        (["2024-02-01", "2023-12-31"], "ymd"),
        (["2024-02-01T14:05:00Z", "2023-12-31 08:00"], "ymd"),
        (["26-02-2018 19:58", "08-05-2018 20:17"], "dmy"),
        (["2/13/24 1:05 PM", "1/1/24 12:00 AM"], "mdy"),
    ],
)
def test_the_order_of_dates_is_that_of_the_whole_column(values, order):
    column = inspect("Name,When\n" + "".join(f"x,{v}\n" for v in values))["columns"][1]
    assert (column["kind"], column["format"]) == ("date", order)


def test_one_late_day_decides_over_thousands_of_unclear_ones():
    text = "When\n" + "01/02/2024\n" * 5_000 + "25/02/2024\n"
    assert inspect(text)["columns"][0]["format"] == "dmy"


@pytest.mark.parametrize(
    ("text", "order", "moment"),
    [
        ("01.02.2024", "dmy", datetime.datetime(2024, 2, 1)),
        ("1.2.24", "dmy", datetime.datetime(2024, 2, 1)),
        ("01/02/2024", "mdy", datetime.datetime(2024, 1, 2)),
        ("2024-02-01", "dmy", datetime.datetime(2024, 2, 1)),
        ("2024-02-01 14:05:09", "ymd", datetime.datetime(2024, 2, 1, 14, 5, 9)),
        ("26-02-2018 19:58", "dmy", datetime.datetime(2018, 2, 26, 19, 58)),
        ("1. März 2024", "dmy", datetime.datetime(2024, 3, 1)),
        ("12 Dec 2023", "dmy", datetime.datetime(2023, 12, 12)),
        ("1/1/2024 12:30 AM", "mdy", datetime.datetime(2024, 1, 1, 0, 30)),
        ("2024-02-01T14:05Z", "ymd", datetime.datetime(2024, 2, 1, 14, 5, tzinfo=datetime.UTC)),
    ],
)
def test_dates_in_many_notations(text, order, moment):
    assert reading.parse_moment(text, order) == moment


@pytest.mark.parametrize(
    "text", ["", "32.01.2024", "01.13.2024", "heute", "2024", "1.2.3.4", "01.02.0024", "30.02.2024"]
)
def test_what_is_no_date(text):
    with pytest.raises(ValueError, match=r".*"):
        reading.parse_moment(text, "dmy")


@pytest.mark.parametrize(
    ("values", "mark"),
    [
        (["1.234,56", "12,00"], ","),
        (["1,234.56", "12.00"], "."),
        (["1637.83", "7160.01"], "."),
        (["1.234", "2,5"], ","),
        (["1.234.567", "12"], ","),
        (["12,5 €", "1.000 €"], ","),
        (["$1,200", "$15.50"], "."),
    ],
)
def test_the_decimal_mark_is_that_of_the_whole_column(values, mark):
    column = inspect("Name;Wert\n" + "".join(f"x;{v}\n" for v in values))["columns"][1]
    assert (column["kind"], column["format"]) == ("number", mark)


def test_an_unclear_column_follows_the_others():
    columns = inspect("A;B\n1.234;1.234,50\n5.678;2,10\n")["columns"]
    assert [c["format"] for c in columns] == [",", ","]


@pytest.mark.parametrize(
    ("text", "mark", "number"),
    [
        ("1.234,56", ",", "1234.56"),
        ("1.234", ",", "1234"),
        ("1.234", ".", "1.234"),
        ("1,234", ".", "1234"),
        ("1637.83", ",", "1637.83"),
        ("1,234.56", ",", "1234.56"),
        ("−12,5 €", ",", "-12.5"),
        ("1 234,5", ",", "1234.5"),
        ("1'234.50", ".", "1234.50"),
        ("45 %", ",", "45"),
    ],
)
def test_numbers_in_many_notations(text, mark, number):
    assert reading.parse_number(text, mark) == Decimal(number)


@pytest.mark.parametrize("text", ["", "abc", "1.2.3,4,5", "1e5", "12a", "--5"])
def test_what_is_no_number(text):
    with pytest.raises(ValueError, match=r".*"):
        reading.parse_number(text, ",")


# ── what is no table ────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("content", [b"", b"\n\n  \n", b"\xef\xbb\xbf", b"\0\0\0"])
def test_an_empty_file(content):
    assert "leer" in refusal(content) or "empty" in refusal(content)


def test_a_header_without_rows():
    assert refusal("Name,Ort\n")


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20


@pytest.mark.parametrize(
    "content",
    [
        PNG,
        b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20,
        b"GIF89a" + bytes(range(256)) * 20,
        b"%PDF-1.7\n" + bytes(range(256)) * 20,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000),
        b"\x1f\x8b" + bytes(range(256)) * 20,
        bytes(range(256)) * 200,
        bytes((i * 7919) % 251 for i in range(20_000)),
    ],
)
def test_a_picture_or_other_kind_of_file_named_csv(content):
    assert len(refusal(content)) > 20


def test_an_archive_that_is_no_workbook():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("data.csv", "a,b\n1,2\n")
    assert refusal(out.getvalue())


def test_half_a_file_ends_inside_quotes():
    assert "3" in refusal('Name,Text\nA,"whole"\nB,"cut in the mid')


def test_half_a_file_ends_inside_a_row():
    assert "3" in refusal("a,b,c\n1,2,3\n4,5")
    # A row that is only short, in a file that is short elsewhere or ends with its line, is none.
    assert len(table("a,b,c\n1\n4,5")) == 2
    assert len(table("a,b,c\n1,2,3\n4,5\n")) == 2


def test_ten_thousand_columns():
    assert "500" in refusal(",".join(f"c{i}" for i in range(10_000)) + "\n" + ",".join("1" for _i in range(10_000)))


def test_a_megabyte_in_one_cell():
    assert "100" in refusal("Name,Text\nA," + "x" * 1_000_000 + "\n")
    assert "100" in refusal('Name,Text\nA,"' + "x" * 120_000 + '"\n')
    assert len(table("Name,Text\nA," + "x" * 99_000 + "\n")[0][1]) == 99_000


def test_too_many_rows(monkeypatch):
    monkeypatch.setattr(reading.limits, "MAX_ROWS", 10)
    assert "10" in refusal("n\n" + "1\n" * 11)


def test_too_large(monkeypatch):
    monkeypatch.setattr(reading.kinds, "MAX_BYTES", 100)
    assert refusal("n\n" + "1\n" * 100)


def test_nul_and_control_characters_are_dropped():
    assert table(b"Name,Ort\nA\0B,K\x01\xc3\xb6ln\n") == [["AB", "Köln"]]


def test_direction_marks_and_emoji():
    assert table("Name\n\u202eevil\u202c\n😀 Müller\n") == [["evil"], ["😀 Müller"]]


def test_formulas_are_only_text():
    assert table("Name,Ort\n=cmd|'/C calc'!A0,@SUM(1)\n") == [["=cmd|'/C calc'!A0", "@SUM(1)"]]


# ── Excel ───────────────────────────────────────────────────────────────────────────────────────────
def test_a_workbook_reads_like_a_file():
    content = workbook(
        [
            ["Name", "Wert", "Am", "Zeit", "Ja", None, "Ganz"],
            ["Müller", 1234.5, datetime.date(2024, 2, 1), datetime.datetime(2024, 2, 1, 14, 5), True, None, 7.0],
            [None] * 7,
            ["x", None, None, None, None, "last"],
        ]
    )
    read = inspect(content)
    assert (read["kind"], read["total"], read["sheet"]) == ("xlsx", 2, "Sheet")
    assert table(content) == [
        ["Müller", "1234.5", "2024-02-01", "2024-02-01 14:05:00", "TRUE", "", "7"],
        ["x", "", "", "", "", "last", ""],
    ]


def test_a_chosen_sheet():
    book = Workbook()
    book.active.append(["a"])
    book.active.append(["1"])
    other = book.create_sheet("Zwei")
    other.append(["b"])
    other.append(["2"])
    out = io.BytesIO()
    book.save(out)
    assert table(out.getvalue(), sheet="Zwei") == [["2"]]
    assert inspect(out.getvalue())["sheets"] == ["Sheet", "Zwei"]


def test_a_formula_of_a_workbook_is_not_run():
    content = workbook([["Name", "f"], ["A", "=1+1"], ["B", "=cmd|'/C calc'!A0"]])
    assert table(content) == [["A", ""], ["B", ""]]


def rezip(content: bytes, change) -> bytes:
    """The workbook with `change(name, data)` applied to each part."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, change(entry.filename, old.read(entry)))
    return out.getvalue()


SMALL = workbook([["a", "b"], ["1", "2"]])


def test_a_workbook_bomb_is_not_unpacked():
    def blow(name, data):
        return data + b" " * 60_000_000 if name == "xl/worksheets/sheet1.xml" else data

    bomb = rezip(SMALL, blow)
    assert len(bomb) < 200_000
    assert refusal(bomb)


def test_a_workbook_with_thousands_of_parts(monkeypatch):
    monkeypatch.setattr(reading.kinds, "ZIP_ENTRIES", 5)
    assert refusal(SMALL)


def test_a_workbook_with_entities():
    def add(name, data):
        if name == "xl/workbook.xml":
            return b'<!DOCTYPE lolz [<!ENTITY lol "lol">]>' + data
        return data

    assert refusal(rezip(SMALL, add))


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_a_damaged_workbook(part):
    assert refusal(rezip(SMALL, lambda name, data: data[:40] if name == part else data))
    assert refusal(SMALL[: len(SMALL) // 2])


def test_a_workbook_that_claims_to_be_huge_is_read_as_it_is():
    def claim(name, data):
        return data.replace(b"A1:B2", b"A1:XFD1048576")

    assert table(rezip(SMALL, claim)) == [["1", "2"]]


def test_a_workbook_with_too_many_columns():
    assert "500" in refusal(workbook([list(range(600)), list(range(600))]))


def test_a_workbook_without_cells():
    assert refusal(workbook([]))
