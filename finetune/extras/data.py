"""Data of your own: files for validation and test, a shuffled split, records that are skipped."""

from dataclasses import dataclass
from functools import partial

import torch
from tqdm import tqdm

from finetune.dataset import Record, Splits, split
from finetune.options import option
from finetune.records import InvalidRecords, named, read_records
from gpt.errors import UserError
from weights.sources import local_copy

own_data = partial(option, group="data of your own")


@dataclass(frozen=True)
class DataOptions:
    """Options of train.py."""

    validation: str | None = own_data(
        None, "records to validate on (default: the last 5%% of --data)", metavar="FILE|URL"
    )
    test: str | None = own_data(
        None, "records to test on (default: the 10%% of --data before those)", metavar="FILE|URL"
    )
    shuffle_split: bool = own_data(False, "shuffle the records before they are split")
    skip_bad: bool = own_data(False, "leave out invalid records")
    max_test: int = own_data(500, "test records that are scored and answered, at most", min=1)


def read_splits(data: str, options: DataOptions, generator: torch.Generator) -> Splits:
    """The records to train on, to test and to validate.

    What `--test` and `--validation` bring need not be split off from `data`, so it is trained on.
    `generator` is drawn from only for `--shuffle-split`. Raises UserError.
    """
    records = _read(data, options.skip_bad)
    if options.shuffle_split:
        order = torch.randperm(len(records), generator=generator).tolist()
        records = [records[i] for i in order]
    test, validation = (
        None if source is None else _read(source, options.skip_bad)
        for source in (options.test, options.validation)
    )
    if test is not None and validation is not None:
        return Splits(records, test, validation)
    parts = split(records, data)
    if test is not None:
        parts = Splits(parts.train + parts.test, test, parts.validation)
    if validation is not None:
        parts = Splits(parts.train + parts.validation, parts.test, validation)
    return parts


def first_test_records(splits: Splits, max_test: int) -> Splits:
    """The splits with at most `max_test` test records."""
    if len(splits.test) > max_test:
        tqdm.write(f"test: the first {max_test} of {len(splits.test)} records (--max-test)")
    return splits._replace(test=splits.test[:max_test])


def _read(source: str, skip_bad: bool) -> list[Record]:
    skipped: list[str] = []
    try:
        records = read_records(local_copy(source), skipped=skipped if skip_bad else None)
    except InvalidRecords as error:
        raise UserError(f"{error} (--skip-bad leaves such records out)") from None
    if not records:
        raise UserError(f"{source}: no valid record: {named(skipped)}")
    if skipped:
        tqdm.write(f"{source}: skipped {len(skipped)} invalid records: {named(skipped)}")
    return records
