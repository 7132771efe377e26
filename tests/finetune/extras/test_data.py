"""finetune/extras/data.py: own files, a shuffled split, records that are skipped, a cap."""

import json

import pytest
import torch

from finetune.dataset import DataError, Record, Splits, split
from finetune.extras.data import DataOptions, first_test_records, read_splits
from gpt.errors import UserError


@pytest.fixture
def files(tmp_path, monkeypatch):
    """all.json with 20 records; test.json and validation.json with 3 each."""
    monkeypatch.chdir(tmp_path)
    records = {}
    for name, count in (("all", 20), ("test", 3), ("validation", 3)):
        rows = [{"instruction": f"{name} {i}", "output": "x"} for i in range(count)]
        (tmp_path / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
        records[name] = [Record(row["instruction"], "x") for row in rows]
    return records


def read(generator=None, **options):
    generator = generator or torch.Generator().manual_seed(5)
    return read_splits("all.json", DataOptions(**options), generator)


def test_without_options_it_is_the_lectures_split_and_nothing_is_drawn(files):
    generator = torch.Generator().manual_seed(5)
    before = generator.get_state()
    assert read(generator) == split(files["all"], "")
    assert torch.equal(generator.get_state(), before)


def test_a_file_of_its_own_leaves_more_to_train_on(files):
    parts = split(files["all"], "")
    test, validation = files["test"], files["validation"]
    given = read(test="test.json")
    assert given == Splits(parts.train + parts.test, test, parts.validation)
    given = read(validation="validation.json")
    assert given == Splits(parts.train + parts.validation, parts.test, validation)
    given = read(test="test.json", validation="validation.json")
    assert given == Splits(files["all"], test, validation)


def test_a_shuffled_split_is_the_seeds(files):
    first, again = read(shuffle_split=True), read(shuffle_split=True)
    other = read(torch.Generator().manual_seed(6), shuffle_split=True)
    assert first == again != other and [len(part) for part in first] == [17, 2, 1]
    assert sorted(str(r) for part in first for r in part) == sorted(map(str, files["all"]))
    assert first != split(files["all"], "")


def test_bad_records_are_skipped_and_counted_if_asked(files, tmp_path, capsys):
    rows = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    rows[3]["output"] = ""
    (tmp_path / "all.json").write_text(json.dumps(rows), encoding="utf-8")
    with pytest.raises(UserError, match=r"record 4: field 'output' is empty \(--skip-bad leaves"):
        read()
    assert read(skip_bad=True) == split(files["all"][:3] + files["all"][4:], "")
    assert capsys.readouterr().out == (
        "all.json: skipped 1 invalid records: record 4: field 'output' is empty\n"
    )
    (tmp_path / "all.json").write_text("[{}]", encoding="utf-8")
    with pytest.raises(UserError, match=r"all\.json: no valid record: record 1: has the fields"):
        read(skip_bad=True)
    with pytest.raises(DataError, match="nowhere"):
        read_splits("nowhere", DataOptions(skip_bad=True), torch.Generator())


def test_a_large_test_part_is_cut_and_said(files, capsys):
    parts = read()
    assert first_test_records(parts, 2) == parts and capsys.readouterr().out == ""
    assert first_test_records(parts, 1) == parts._replace(test=parts.test[:1])
    assert capsys.readouterr().out == "test: the first 1 of 2 records (--max-test)\n"
    assert DataOptions().max_test >= 110  # the lecture's test part is whole
