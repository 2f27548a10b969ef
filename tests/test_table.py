"""A user's CSV file is read exactly, or refused in one line that says where and why."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.table import TableError, classes_of, read_columns, read_csv

ROWS = "1,2,0\n3,4,1\n"


@pytest.fixture
def read(tmp_path):
    def read(content, target="y"):
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return read_csv(path, target)

    return read


# --- tables that are read ---------------------------------------------------------------------------------------------

PLAIN = "a,b,y\n1,-0.5,no\n1e5,.25,yes\n"

SAME_TABLE = {
    "commas": PLAIN,
    "semicolons": PLAIN.replace(",", ";"),
    "tabs": PLAIN.replace(",", "\t"),
    "byte order mark": "\ufeff" + PLAIN,
    "byte order mark and quotes": '\ufeff"a","b","y"\n"1","-0.5","no"\n"1e5",".25","yes"\n',
    "windows line ends": PLAIN.replace("\n", "\r\n"),
    "old mac line ends": PLAIN.replace("\n", "\r"),
    "no last line end": PLAIN.rstrip("\n"),
    "blank lines": "\n" + PLAIN.replace("\n", "\n\n") + "\n  \n\n",
    "rows of empty cells": PLAIN + ",,\n , ,\n",
    "spaces round cells": " a , b , y \n 1 , -0.5 , no \n 1e5 , .25 , yes \n",
    "spaces round quotes": ' "a" , "b" , "y" \n "1" , "-0.5" , "no" \n "1e5" , ".25" , "yes" \n',
    "spaces in quotes": '" a "," b "," y "\n" 1 "," -0.5 "," no "\n" 1e5 "," .25 "," yes "\n',
    "other spellings": "a,b,y\n+1.0,-5E-1,no\n100000,0.25,yes\n",
}


@pytest.mark.parametrize("content", SAME_TABLE.values(), ids=SAME_TABLE.keys())
def test_dialects_of_csv_hold_the_same_table(read, content):
    data = read(content)
    assert data.X.tolist() == [[1.0, -0.5], [100000.0, 0.25]] and data.X.dtype == np.float64
    assert data.y.tolist() == [0, 1] and data.y.dtype == np.int64
    assert data.feature_names == ("a", "b")
    assert data.target_names == ("no", "yes")


@pytest.mark.parametrize(
    ("labels", "y", "names"),
    [
        (["10", "9", "10"], [1, 0, 1], ("9", "10")),
        (["1", "-1", "1"], [1, 0, 1], ("-1", "1")),
        (["1.0", "0", "1"], [1, 0, 1], ("0", "1.0")),
        (["M", "B", "M"], [1, 0, 1], ("B", "M")),
        (["True", "False", "True"], [1, 0, 1], ("False", "True")),
        (["10", "9a", "10"], [0, 1, 0], ("10", "9a")),
        (["größer", "gleich", "größer"], [1, 0, 1], ("gleich", "größer")),
        (["1_0", "2", "2"], [0, 1, 1], ("1_0", "2")),
    ],
)
def test_classes_are_numbered_in_sorted_order(read, labels, y, names):
    data = read("x,y\n" + "".join(f"{row},{label}\n" for row, label in enumerate(labels)))
    assert data.y.tolist() == y
    assert data.target_names == names


@pytest.mark.parametrize("target", ["a", "b", "c", " b "])
def test_the_target_may_stand_in_any_column(read, target):
    data = read("a,b,c\n1,2,3\n4,5,6\n", target)
    kept = [name for name in "abc" if name != target.strip()]
    numbers = {"a": [1, 4], "b": [2, 5], "c": [3, 6]}
    assert data.feature_names == tuple(kept)
    assert data.X.T.tolist() == [numbers[name] for name in kept]
    assert data.y.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ('"length, cm";"width; cm";y\n1;2;0\n3;4;1\n', ("length, cm", "width; cm")),
        ("length, cm;width, cm;y\n1;2;0\n3;4;1\n", ("length, cm", "width, cm")),
        ("p;q;r;s,b,y\n1,2,0\n3,4,1\n", ("p;q;r;s", "b")),
        ('"a ""big"" one",b,y\n1,2,0\n3,4,1\n', ('a "big" one', "b")),
    ],
)
def test_a_delimiter_inside_a_name_does_not_mislead(read, content, names):
    data = read(content)
    assert data.feature_names == names
    assert data.X.tolist() == [[1, 2], [3, 4]]


def test_the_source_of_the_data_is_the_file(tmp_path):
    path = tmp_path / "some table.csv"
    path.write_text("x,y\n1,0\n2,1\n")
    assert read_csv(str(path), "y").source == str(path)


names = st.lists(
    st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8), min_size=2, max_size=6, unique=True
)


@given(data=st.data(), names=names, delimiter=st.sampled_from(",;\t"), line_end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_written_table_reads_back_exactly(tmp_path_factory, data, names, delimiter, line_end):
    target = data.draw(st.sampled_from(names))
    numbers = st.floats(allow_nan=False, allow_infinity=False)
    rows = data.draw(st.lists(st.lists(numbers, min_size=len(names) - 1, max_size=len(names) - 1), min_size=2))
    y = data.draw(st.permutations([row % 2 for row in range(len(rows))]))

    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=data.draw(st.sampled_from([0, 1])))
    position = names.index(target)
    features = [name for name in names if name != target]
    writer.writerow(names)
    for row, label in zip(rows, y, strict=True):
        cells = [repr(number) for number in row]
        writer.writerow([*cells[:position], "ba"[label == 0], *cells[position:]])
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    path.write_bytes(text.getvalue().encode("utf-8"))

    read = read_csv(path, target)
    assert read.X.tobytes() == np.array(rows).tobytes()
    assert read.y.tolist() == y
    assert read.feature_names == tuple(features)
    assert read.target_names == ("a", "b")


# --- files that are refused -------------------------------------------------------------------------------------------

REFUSED = {
    "empty": ("", ["is empty", "header"]),
    "only blank lines": ("\n  \n\n", ["is empty"]),
    "only a byte order mark": ("\ufeff", ["is empty"]),
    "header only": ("a,b,y\n", ["no row of data"]),
    "one row only": ("a,b,y\n1,2,0\n", ["one row of data", "two or more"]),
    "binary": (b"PK\x03\x04\x00\x00\x08", ["binary file", "CSV"]),
    "UTF-16": ("a,b,y\n".encode("utf-16"), ["not UTF-8", "CSV"]),
    "Latin-1": ("a,b,y\n1,2,groß\n3,4,klein\n".encode("latin-1"), ["line 2", "not UTF-8"]),
    "no such column": ("a,2,y\n" + ROWS, ["no column 'z'; the columns are 'a', '2', 'y'"], "z"),
    "misspelled column": ("area,diagnosis\n1,0\n2,1\n", ["'diagnosys'", "did you mean 'diagnosis'?"], "diagnosys"),
    "column in upper case": ("a,b,Y\n" + ROWS, ["no column 'y'", "did you mean 'Y'?"]),
    "column in lower case": ("area,b,y\n" + ROWS, ["no column 'AREA'", "did you mean 'area'?"], "AREA"),
    "no header": ("1,2,0\n3,4,1\n", ["no column 'y'", "is the header row missing?"]),
    "hundreds of columns": (",".join(f"c{i}" for i in range(500)) + "\n", ["'c39'", "and 460 more"]),
    "another delimiter": ("a|b|y\n1|2|0\n", ["no column 'y'", "the columns are 'a|b|y'"]),
    "two columns of one name": ("a,b,a,y\n", ["two columns", "'a'"]),
    "the target twice": ("y,b,y\n", ["two columns", "'y'"]),
    "unnamed column": (",a,y\n0,1,0\n1,2,1\n", ["column 1 has no name"]),
    "no feature column": ("y\n0\n1\n", ["no feature column", "'y'"]),
    "row too short": ("a,b,y\n1,2,0\n3,4\n", ["line 3 has 2 cells", "3 columns"]),
    "row too long": ("a,b,y\n\n1,2,0\n3,4,1,5\n", ["line 4 has 4 cells", "3 columns"]),
    "text": (
        "a,b,y\n1,2,0\n3,tall,1\n",
        ["line 3", "column 'b'", "'tall' is not a number; a feature column holds numbers only"],
    ),
    "text after a blank line": ("a,b,y\n1,2,0\n\n3,tall,1\n", ["line 4", "column 'b'"]),
    "decimal comma": ("a;b;y\n1;2;0\n1,5;4;1\n", ["line 3", "column 'a'", "'1,5'", "decimal point"]),
    "quoted decimal comma": ('a,b,y\n"1,5",2,0\n3,4,1\n', ["line 2", "column 'a'", "'1,5'", "decimal point"]),
    "identifier with underscore": ("a,b,y\n1,2,0\n1_000,4,1\n", ["line 3", "'1_000' is not a number"]),
    "hexadecimal": ("a,b,y\n0x1F,2,0\n3,4,1\n", ["line 2", "'0x1F' is not a number"]),
    "empty cell": ("a,b,y\n1,2,0\n3,,1\n", ["line 3", "column 'b'", "cell is empty"]),
    "blank quoted cell": ('a,b,y\n1," ",0\n3,4,1\n', ["line 2", "column 'b'", "cell is empty"]),
    "nan": ("a,b,y\nNaN,2,0\n3,4,1\n", ["line 2", "column 'a'", "'NaN' is not a finite number"]),
    "inf": ("a,b,y\n1,2,0\n3,-inf,1\n", ["line 3", "column 'b'", "'-inf' is not a finite number"]),
    "overflow": ("a,b,y\n1,2,0\n3,1e999,1\n", ["line 3", "column 'b'", "'1e999' is not a finite number"]),
    "empty target cell": ("a,b,y\n1,2,0\n3,4,\n", ["line 3", "column 'y'", "cell is empty"]),
    "nan in the target": ("a,b,y\n1,2,0\n3,4,nan\n", ["line 3", "column 'y'", "'nan' is not a finite number"]),
    "one class": ("a,b,y\n1,2,yes\n3,4,yes\n", ["target column 'y'", "1 different", "('yes')", "expected 2"]),
    "one class, spelled twice": ("a,b,y\n1,2,1\n3,4,1.0\n", ["1 different", "('1')"]),
    "three classes": ("a,y\n1,u\n2,v\n3,w\n", ["target column 'y'", "3 different", "('u', 'v', 'w')", "expected 2"]),
    "a target of measurements": (
        "a,y\n" + "".join(f"1,{i}.5\n" for i in range(12)),
        ["12 different", "'0.5', '1.5', '2.5', '3.5', '4.5', '5.5' and 6 more"],
    ),
    "quote left open": ('a,b,y\n1,"2,0\n3,4,1\n', ["line 2", "close the quote"]),
    "quote left open in the header": ('"a,b,y\n' + ROWS, ["line 1", "close the quote"]),
    "quote left open inside the header": ('a,"b,y\n' + ROWS, ["line 1", "close the quote"]),
    "quote left open in the last row": ('a,b,y\n1,2,0\n3,4,"1\n', ["line 3", "close the quote"]),
    "line end in a cell": ('a,b,y\n1,2,"0\n"\n3,4,1\n', ["line 2", "close the quote"]),
    "quote left open in the last column": ('a,b,y\n1,2,"0\n3,4,1\n5,6,0\n', ["line 2", "close the quote"]),
    "huge cell": ("a,y\n" + "1" * 200_000 + ",0\n", ["line 2", "field larger"]),
    "long text": ("a,y\n" + "x" * 1000 + ",0\n2,1\n", ["line 2", "'" + "x" * 39 + "…' is not a number"]),
    "terminal escapes": ("a,y\n\x1b[31mred,0\n2,1\n", ["line 2", r"'\x1b[31mred'"]),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_bad_files_are_refused_in_one_line(read, tmp_path, case):
    content, fragments, *target = case
    with pytest.raises(TableError) as caught:
        read(content, *target)
    message = str(caught.value)
    for fragment in [*fragments, "table.csv"]:
        assert fragment in message
    assert message.isprintable() and len(message.removeprefix(repr(str(tmp_path / "table.csv")))) < 600
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(TableError, match=r"absent\.csv': cannot be read: No such file"):
        read_csv(tmp_path / "absent.csv", "y")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(TableError, match="cannot be read"):
        read_csv(tmp_path, "y")


def test_an_impossible_path_is_refused():
    with pytest.raises(TableError, match="cannot be read"):
        read_csv("nul\0.csv", "y")


def test_an_unreadable_file_is_refused(tmp_path, monkeypatch):
    def deny(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.read_bytes", deny)
    with pytest.raises(TableError, match=r"locked\.csv': cannot be read: Permission denied"):
        read_csv(tmp_path / "locked.csv", "y")


def test_a_table_error_is_a_value_error():
    assert issubclass(TableError, ValueError)


@given(content=st.binary(max_size=200) | st.text(st.sampled_from('ay01.,;\t\n\r" e-_'), max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("bytes") / "any.csv"
    path.write_bytes(content)
    try:
        data = read_csv(path, "y")
    except TableError as error:
        assert str(error).isprintable()
    else:
        assert np.isfinite(data.X).all() and data.X.shape == (len(data.y), len(data.feature_names))
        assert set(data.y.tolist()) == {0, 1}


# --- any number of classes --------------------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path):
    def table(content):
        path = tmp_path / "table.csv"
        path.write_text(content, encoding="utf-8")
        return path

    return table


def test_any_number_of_classes_are_numbered_in_sorted_order(table):
    rows = [10, 9, 2.0, 9, 10, "2"]
    data = read_csv(table("x,y\n" + "".join(f"1,{label}\n" for label in rows)), "y", classes=None)
    assert data.y.tolist() == [2, 1, 0, 1, 2, 0] and data.target_names == ("2.0", "9", "10")
    data = read_csv(table("x,y\n1,v\n1,u\n1,w\n1,v\n"), "y", classes=3)
    assert data.y.tolist() == [1, 0, 2, 1] and data.target_names == ("u", "v", "w")


@pytest.mark.parametrize(
    "labels, classes, message",
    [
        ("aaaa", None, "holds 1 different values ('a'); expected 2 or more, each in several rows"),
        ("abcd", None, "holds 4 different values ('a', 'b', 'c', 'd'); expected 2 or more, each in several rows"),
        ("abab", 3, "holds 2 different values ('a', 'b'); expected 3"),
    ],
)
def test_a_wrong_number_of_classes_is_refused(table, labels, classes, message):
    with pytest.raises(TableError) as caught:
        read_csv(table("x,y\n" + "".join(f"1,{label}\n" for label in labels)), "y", classes=classes)
    assert message in str(caught.value)


def test_columns_are_read_by_name_whatever_stands_beside_them(table):
    path = table("id;b;y;a;note\nx1;1;u;2;\nx2;3;v;4;?\n")
    X, labels = read_columns(path, ["a", "b"], "y")
    assert X.tolist() == [[2, 1], [4, 3]] and labels == ["u", "v"]
    X, labels = read_columns(path, ["b"], "absent")
    assert X.tolist() == [[1], [3]] and labels is None


@pytest.mark.parametrize(
    "content, message",
    [
        ("a,c\n1,2\n", "no column 'b'; the columns are 'a', 'c'"),
        ("a,B\n1,2\n", "no column 'b'; did you mean 'B'?"),
        ("a,b\n", "no row of data"),
        ("a,b\n1,x\n", "line 2, column 'b': 'x' is not a number"),
        ("z,b,a\n1,x,y\n", "line 2, column 'b': 'x'"),
        ("a,b,y\n1,2,\n", "line 2, column 'y': the cell is empty"),
        ("", "the file is empty"),
    ],
)
def test_columns_that_cannot_be_read(table, content, message):
    with pytest.raises(TableError) as caught:
        read_columns(table(content), ["a", "b"], "y")
    assert "table.csv" in str(caught.value) and message in str(caught.value)


def test_labels_find_their_classes():
    assert classes_of(["1", "0.0", "x", "nan"], ["0", "1.0"]).tolist() == [1, 0, -1, -1]
    assert classes_of(["1", "1.0", "x"], ["1.0", "x"]).tolist() == [-1, 0, 1]
