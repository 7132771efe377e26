"""finetune/records.py: what is read, what is refused in which words, where a response is cut."""

import json
import shlex
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune.dataset import DataError, Record
from finetune.records import BUNDLED, BUNDLED_NAME, InvalidRecords, read_records
from gpt.errors import UserError
from gpt.tokenizer import Tokenizer
from tests.fault_server import FaultServer, Reply
from weights.sources import local_copy

GOOD = {"instruction": "Name a colour.", "input": "", "output": "Red."}
TOKENIZER = Tokenizer(300)
words = st.text(min_size=1).filter(str.strip)
records = st.lists(
    st.builds(Record, instruction=words, output=words, input=st.text(), kind=st.text()), min_size=1
)


def read(tmp_path, content, name="data.json"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return read_records(path)


@given(expected=records)
def test_array_and_lines_read_back_as_they_were_written(tmp_path_factory, expected):
    directory = tmp_path_factory.mktemp("data")
    rows = [vars(record) for record in expected]
    assert read(directory, json.dumps(rows)) == expected
    assert read(directory, json.dumps(rows, ensure_ascii=False, indent=1)) == expected
    lines = [json.dumps(row) for row in rows]
    assert read(directory, "\n".join(lines)) == expected
    assert read(directory, "\r\n\r\n".join([*lines, ""])) == expected


def test_what_other_programs_call_a_line_break_is_text(tmp_path):
    """JSON allows U+2028 and the like inside a text as they are."""
    row = GOOD | {"output": "a\u2028b\u2029c\x85d"}
    text = json.dumps(row, ensure_ascii=False)
    assert read(tmp_path, f"{text}\n{text}\n") == [Record("Name a colour.", row["output"])] * 2


def test_white_space_may_stand_before_an_array(tmp_path):
    assert read(tmp_path, "\n  " + json.dumps([GOOD], indent=1)) == [
        Record("Name a colour.", "Red.")
    ]


def test_input_may_be_missing_or_null_and_other_fields_are_left_alone(tmp_path):
    row = {"instruction": "Add.", "output": "4", "source": {"by": "me"}}
    assert read(tmp_path, json.dumps([row, row | {"input": None}])) == [Record("Add.", "4")] * 2


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    assert read(tmp_path, b"\xef\xbb\xbf" + json.dumps([GOOD]).encode()) == [
        Record("Name a colour.", "Red.")
    ]


BROKEN = {
    "missing": ([GOOD, {"instruction": "x"}], "record 2: field 'output' is missing"),
    "empty": ([GOOD | {"output": ""}], "record 1: field 'output' is empty"),
    "blank": (
        [GOOD, GOOD, GOOD | {"instruction": " \n"}],
        "record 3: field 'instruction' is empty",
    ),
    "number": ([GOOD | {"input": 3}], "record 1: field 'input' should be text, not a number"),
    "list": ([GOOD | {"output": ["a"]}], "record 1: field 'output' should be text, not a list"),
    "null": ([GOOD | {"output": None}], "record 1: field 'output' should be text, not null"),
    "bool": ([GOOD | {"input": True}], "record 1: field 'input' should be text, not true or false"),
    "half": ([GOOD | {"output": "\ud83d"}], "record 1: field 'output' has half a character"),
    "endless": (
        [GOOD | {"input": " " * 500_001}],
        "record 1: field 'input' is longer than 500,000",
    ),
    "no object": ([GOOD, "text"], "record 2: should be an object .*, not text"),
    "no records": ([], "the list is empty"),
}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("form", ["array", "lines"])
def test_a_broken_record_is_named(tmp_path, case, form):
    rows, message = BROKEN[case]
    if form == "lines":
        text = "\n".join(json.dumps(row) for row in rows)
        message = message if rows else "the file is empty"
    else:
        text = json.dumps(rows)
    with pytest.raises(DataError, match=rf"data\.json: {message}") as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b" \n\t\n", "the file is empty"),
        (b'[{"instruction": "a"', "broken JSON at column 21"),
        (b'[\n{"instruction": }]', "broken JSON at line 2 column 17"),
        (b'{"instruction": "a", "output": "b"}\n{oops}\n', "line 2: broken JSON at column 2"),
        (b'{"instruction": "a", \n"output": }', "broken JSON at line 2 column 11"),
        (b'{oops}\n{"instruction": "a"}\n', "line 1: broken JSON at column 2"),
        (b'{\n  "data": []\n}', "the list is empty"),
        (b'[{"instruction": ' + b"9" * 5000 + b"}]", "broken JSON: Exceeds the limit"),
        (b"instruction,output\na,b\n", "broken JSON at line 1 column 1"),
        (b'[{"instruction": "caf\xe9"}]', r"not UTF-8 \(byte 21\)"),
        ("[]".encode("utf-16"), r"not UTF-8 \(byte 0\)"),
        (b"[" * 100_000, "JSON nested too deeply"),
    ],
)
def test_a_broken_file_is_named(tmp_path, content, message):
    with pytest.raises(DataError, match=rf"data\.json: {message}") as caught:
        read(tmp_path, content)
    assert "\n" not in str(caught.value)


def test_an_address_that_is_none_is_told():
    for address in ("http://[::1", "HTTPS://x\udcff"):
        with pytest.raises(UserError, match="not a valid address"):
            local_copy(address)


def test_a_missing_file_and_a_directory_are_named(tmp_path):
    with pytest.raises(DataError, match=r"nothing\.json: cannot be read: No such file"):
        read_records(tmp_path / "nothing.json")
    with pytest.raises(DataError, match="cannot be read"):
        read_records(tmp_path)


def test_the_bundled_records_read():
    assert len(read_records(BUNDLED)) == 1100


def test_an_address_is_fetched_once_and_errors_name_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with FaultServer() as server:
        server.replies["/a/data.json?raw=1"] = [Reply(json.dumps([GOOD]).encode())]
        server.replies["/b/data.json"] = [Reply(json.dumps([GOOD, {}]).encode())]
        server.replies["/page"] = [Reply(b"<!doctype html><title>Sign in</title>")]
        for _ in range(2):
            assert read_records(local_copy(f"{server.url}/a/data.json?raw=1")) == [
                Record("Name a colour.", "Red.")
            ]
        with pytest.raises(
            DataError, match=r"data\.json: record 2: has the fields none; it should"
        ):
            read_records(local_copy(f"{server.url}/b/data.json"))
        with pytest.raises(UserError, match=r"/page: sent a web page"):
            local_copy(f"{server.url}/page")
        assert [request.path for request in server.log].count("/a/data.json?raw=1") == 1


ASKED, SAID = "Name a colour.", "Red."
SHAREGPT = [{"from": "human", "value": ASKED}, {"from": "gpt", "value": SAID}]
CHAT = [{"role": "user", "content": ASKED}, {"role": "assistant", "content": SAID}]
# Rows as the named data sets and programs have them.
FORMS = {
    "alpaca": ({"instruction": ASKED, "input": "", "output": SAID, "text": "…"}, ""),
    "alpaca, no input": ({"instruction": ASKED, "input": "<noinput>", "output": SAID}, ""),
    "dolly": (
        {"instruction": ASKED, "context": "Now.", "response": SAID, "category": "open_qa"},
        "Now.",
    ),
    "trl": ({"prompt": ASKED, "completion": SAID}, ""),
    "messages": ({"id": 7, "messages": CHAT}, ""),
    "sharegpt": ({"id": "a_0", "conversations": SHAREGPT}, ""),
    "responses.json": (
        {"instruction": ASKED, "input": "x", "output": SAID, "response": "Blue.", "tokens": 3},
        "x",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_forms_that_people_have(tmp_path, form):
    row, input = FORMS[form]
    expected = [Record(ASKED, SAID, input)] * 2
    assert read(tmp_path, json.dumps([row, row])) == expected
    assert read(tmp_path, json.dumps([row, row], indent=1)) == expected
    assert read(tmp_path, f"{json.dumps(row)}\n{json.dumps(row)}\n") == expected
    assert read(tmp_path, json.dumps(row)) == expected[:1]  # JSON Lines with one line
    assert read(tmp_path, json.dumps({"version": 1, "data": [row, row]}, indent=1)) == expected
    columns = {name: [value, value] for name, value in row.items()}
    assert read(tmp_path, json.dumps(columns)) == expected


def test_a_system_text_stands_before_the_question(tmp_path):
    row = {"messages": [{"role": "system", "content": "Be kind."}, *CHAT]}
    assert read(tmp_path, json.dumps([row])) == [Record("Be kind.\n\n" + ASKED, SAID)]
    row["messages"][0]["content"] = " "
    assert read(tmp_path, json.dumps([row])) == [Record(ASKED, SAID)]


def test_a_prompt_needs_no_output_in_any_form(tmp_path):
    for row in ({"prompt": ASKED}, {"messages": CHAT[:1]}, {"conversations": SHAREGPT[:1]}):
        (tmp_path / "p.json").write_text(json.dumps([row]), encoding="utf-8")
        assert read_records(tmp_path / "p.json", require_output=False) == [Record(ASKED, "")]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"question": "x", "answer\x1b": "y"},
            r"has the fields 'question', 'answer\\x1b'; it should have instruction and output, or "
            "instruction and response, or prompt and completion, or messages, or conversations",
        ),
        ({"instruction": "x", "context": "y"}, "field 'response' is missing"),
        ({"prompt": "x", "n": 1}, "field 'completion' is missing; there are 'prompt', 'n'$"),
        ({"messages": CHAT * 2}, "should be one turn of 'user' and one of 'assistant', not 'user'"),
        ({"messages": CHAT[:1]}, "one of 'assistant', not 'user'"),
        ({"messages": []}, "one of 'assistant', not empty"),
        ({"messages": "hello"}, "field 'messages' should be a list of objects with role and cont"),
        ({"messages": [{"role": "user", "content": [1]}, CHAT[1]]}, "should be text, not a list"),
        (
            {"conversations": [{"from": "bing", "value": "x"}]},
            "'human' and one of 'gpt', not 'bing'",
        ),
    ],
)
def test_another_form_is_told_what_would_be_taken(tmp_path, row, message):
    with pytest.raises(DataError, match=r"data\.json: record 1: .*" + message) as caught:
        read(tmp_path, json.dumps([row]))
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


def test_a_kind_that_is_no_text_is_left_alone(tmp_path):
    rows = [GOOD | {"kind": kind} for kind in (True, 3, ["a"], None, "\ud83d")]
    assert read(tmp_path, json.dumps(rows)) == [Record(ASKED, SAID)] * 5


def test_the_first_ten_bad_records_are_named_and_all_are_counted(tmp_path):
    rows = [GOOD, *[GOOD | {"output": ""}] * 12]
    with pytest.raises(InvalidRecords) as caught:
        read(tmp_path, json.dumps(rows))
    text = str(caught.value).partition("data.json: ")[2]
    assert text.startswith("12 of 13 records: record 2: field 'output' is empty; record 3: ")
    assert text.count("; record") == 9 and text.endswith("record 11: field 'output' is empty; …")
    skipped = []
    assert read_records(tmp_path / "data.json", skipped=skipped) == [Record(ASKED, SAID)]
    assert skipped == [f"record {n}: field 'output' is empty" for n in range(2, 14)]


def test_a_table_and_a_pointer_are_called_what_they_are(tmp_path):
    with pytest.raises(DataError, match=r'data\.CSV: a table; .*: python -X utf8 -c "import csv'):
        read(tmp_path, b"instruction,output\na,b\n", "data.CSV")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4665a5\nsize 12\n"
    with pytest.raises(DataError, match="a Git LFS pointer, not the file itself; `git lfs pull`"):
        read(tmp_path, pointer)


def test_what_to_do_with_a_table_works(tmp_path):
    with pytest.raises(DataError) as caught:
        read(tmp_path, 'instruction,output\nNé,"b, c"\n', "data.csv")
    words = shlex.split(str(caught.value).partition("To convert it: ")[2])
    assert words[0] == "python" and words[-4:] == ["<", "data.csv", ">", "data.json"]
    with (tmp_path / "data.csv").open("rb") as table:
        command = [sys.executable, *words[1:-4]]
        (tmp_path / "data.json").write_bytes(subprocess.run(command, stdin=table, stdout=-1).stdout)
    assert read_records(tmp_path / "data.json") == [Record("Né", "b, c")]


def test_the_bundled_records_have_a_name():
    assert read_records(BUNDLED_NAME) == read_records(BUNDLED)
