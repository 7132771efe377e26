"""finetune/extras/checkpoint.py: all comes back, a damaged one is refused, the last one stays."""

import errno
import json
import shutil

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from finetune.collate import Batch
from finetune.extras import checkpoint, lora
from finetune.extras.checkpoint import CheckpointError
from finetune.loop import Metrics, Progress
from finetune.loss import batch_loss_sum
from finetune.optimizer import AdamW
from tests import textbook
from weights import safetensors
from weights.files import file_checksum

HISTORY = [
    Metrics(-1, 0.0, 0, 0.1, 0.0, 0.0, 3.5, 3.6),
    Metrics(3, 0.25, 96, 1 / 3, 1e-3, 288.0, 2.1, 2.2),
]


def trained(steps=2, seed=1, rank=None):
    model = textbook.small_model(seed)
    if rank is not None:
        lora.add(model, rank, 4.0, torch.Generator().manual_seed(seed))
    optimizer = AdamW([p for p in model.parameters() if p.requires_grad], 0.01, 0.1)
    for step in range(steps):
        learn(model, optimizer, step)
    return model, optimizer


def learn(model, optimizer, step):
    tokens = textbook.random_tokens(3, 9, step)
    batch_loss_sum(model, Batch(tokens[:, :-1], tokens[:, 1:])).backward()
    optimizer.step()
    optimizer.zero_grad()


def at(step):
    return Progress(step, 96, 1 / 3, torch.Generator().manual_seed(step).get_state())


def save(directory, step=3, **options):
    checkpoint.save(directory, *trained(**options), at(step), HISTORY, "records")
    return checkpoint.newest(directory)


@pytest.mark.parametrize("rank", [None, 2])
def test_model_optimizer_progress_and_metrics_come_back_and_train_alike(tmp_path, rank):
    model, optimizer = trained(rank=rank)
    checkpoint.save(tmp_path, model, optimizer, at(3), HISTORY, "records")
    again, second = trained(0, rank=rank)
    progress, history = checkpoint.load(checkpoint.newest(tmp_path), again, second, "records")
    assert progress[:3] == at(3)[:3] and torch.equal(
        progress.shuffle_rng_state, at(3).shuffle_rng_state
    )
    assert history == HISTORY
    for step in (2, 3):
        for a, b in zip(model.parameters(), again.parameters(), strict=True):
            assert torch.equal(a, b)
        learn(model, optimizer, step)
        learn(again, second, step)


def test_what_is_frozen_is_not_written(tmp_path):
    whole, adapters = (save(tmp_path / str(rank), rank=rank) for rank in (None, 1))
    sizes = [(path / checkpoint.TENSORS).stat().st_size for path in (whole, adapters)]
    assert sizes[1] < sizes[0] / 2


def test_the_new_one_is_there_before_the_old_one_goes(tmp_path, monkeypatch):
    first = save(tmp_path, 3)
    remove, seen = shutil.rmtree, []

    def spy(path, *arguments, **options):
        seen.append((path, sorted(p.name for p in tmp_path.iterdir())))
        remove(path, *arguments, **options)

    (tmp_path / "step-00000004.part").mkdir()  # of a process that was killed
    monkeypatch.setattr(shutil, "rmtree", spy)
    second = save(tmp_path, 11)
    assert seen == [
        (tmp_path / "step-00000004.part", ["step-00000004", "step-00000004.part"]),
        (first, ["step-00000004", "step-00000012"]),
    ]
    assert [*tmp_path.iterdir()] == [second] == [tmp_path / "step-00000012"]


@pytest.mark.parametrize("failing", ["tensors", "state.json", "checksums.json", "rename"])
def test_a_full_disk_leaves_the_last_one(tmp_path, monkeypatch, failing):
    first = save(tmp_path)
    before = {path.name: path.read_bytes() for path in first.iterdir()}
    full = OSError(errno.ENOSPC, "No space left on device")

    def refuse(path, *_, **__):
        if failing in (path.name, "tensors"):
            raise full
        return write(path, *_)

    write = checkpoint.write_text
    if failing == "tensors":
        monkeypatch.setattr(checkpoint.safetensors, "write", refuse)
    elif failing == "rename":
        monkeypatch.setattr(type(tmp_path), "rename", lambda *_: refuse(tmp_path / failing))
    else:
        monkeypatch.setattr(checkpoint, "write_text", refuse)
    with pytest.raises(OSError, match="No space"):
        save(tmp_path, 7)
    assert [*tmp_path.iterdir()] == [first]
    assert {path.name: path.read_bytes() for path in first.iterdir()} == before


@settings(max_examples=60)
@given(
    data=st.data(), file=st.sampled_from(["tensors.safetensors", "state.json", "checksums.json"])
)
def test_any_changed_byte_is_refused_by_the_files_name(tmp_path_factory, data, file):
    directory = tmp_path_factory.getbasetemp() / "damage"
    path = checkpoint.newest(directory) or save(directory)
    original = (path / file).read_bytes()
    index = data.draw(st.integers(0, len(original.rstrip()) - 1))
    cut = data.draw(st.booleans())
    flipped = bytes([original[index] ^ data.draw(st.integers(1, 255))])
    (path / file).write_bytes(original[:index] + (b"" if cut else flipped + original[index + 1 :]))
    model, optimizer = trained(0)
    before = [parameter.clone() for parameter in model.parameters()]
    try:
        with pytest.raises(checkpoint.UserError) as caught:
            checkpoint.load(path, model, optimizer, "records")
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)
        assert all(torch.equal(a, b) for a, b in zip(model.parameters(), before, strict=True))
        assert not optimizer.state
    finally:
        (path / file).write_bytes(original)


@pytest.mark.parametrize("file", ["tensors.safetensors", "state.json", "checksums.json"])
def test_a_missing_file_is_named(tmp_path, file):
    path = save(tmp_path)
    (path / file).unlink()
    with pytest.raises(OSError, match=file):
        checkpoint.load(path, *trained(0), "records")


def test_other_records_another_base_or_shape_are_refused(tmp_path):
    path = save(tmp_path, rank=2)
    with pytest.raises(CheckpointError, match="other records"):
        checkpoint.load(path, *trained(0, rank=2), "others")
    with pytest.raises(CheckpointError, match="another model to start from"):
        checkpoint.load(path, *trained(0, seed=2, rank=2), "records")
    with pytest.raises(CheckpointError, match="lora_A has another shape"):
        checkpoint.load(path, *trained(0, rank=3), "records")


def test_the_numbers_are_summed_once_to_save_and_once_to_load(tmp_path, monkeypatch):
    """By the CRC-32C in checksums.json; the file's own checksum would be a second pass."""
    counted, crc32 = [], safetensors.zlib.crc32

    def spy(data, crc=0):
        counted.append(len(data))
        return crc32(data, crc)

    monkeypatch.setattr(safetensors.zlib, "crc32", spy)
    path = save(tmp_path)
    checkpoint.load(path, *trained(0), "records")
    header = int.from_bytes((path / checkpoint.TENSORS).read_bytes()[:8], "little")
    assert sum(counted) <= header < (path / checkpoint.TENSORS).stat().st_size / 2


def test_nothing_there_is_no_checkpoint(tmp_path):
    assert checkpoint.newest(tmp_path / "nowhere") is None
    (tmp_path / "step-00000003.part").mkdir()
    assert checkpoint.newest(tmp_path) is None


def test_the_state_is_json_to_read(tmp_path):
    state = json.loads((save(tmp_path) / "state.json").read_text(encoding="utf-8"))
    assert state["position"]["step"] == 3 and state["metrics"][1]["val_loss"] == 2.2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state, tensors: state.pop("position"), "'position' is missing"),
        (lambda state, tensors: state.pop("metrics"), "'metrics' is missing"),
        (lambda state, tensors: state["metrics"][0].pop("lr"), "missing 1 required .* 'lr'"),
        (lambda state, tensors: state["position"].update(step="x"), "invalid literal"),
        (lambda state, tensors: tensors.pop("exp_avg.wte.weight"), "'exp_avg.wte.weight' is miss"),
        (lambda state, tensors: tensors.pop("shuffle"), "'shuffle' is missing"),
        (lambda state, tensors: tensors.update(shuffle=torch.zeros(3)), "RNG state"),
        (lambda state, tensors: tensors.update({"step.ln_f.bias": torch.zeros(2)}), "no number"),
        (lambda state, tensors: tensors.update(more=torch.zeros(2)), "more belongs to no param"),
        (
            lambda state, tensors: tensors.update(
                {"exp_avg.ln_f.bias": torch.zeros(8, dtype=torch.int64)}
            ),
            "ln_f.bias has another shape",
        ),
        (lambda state, tensors: state["config"].update(n_head=1), "another model to start from"),
    ],
)
def test_right_checksums_and_wrong_fields_change_nothing(tmp_path, change, message):
    path = save(tmp_path)
    state = json.loads((path / "state.json").read_text(encoding="utf-8"))
    tensors = {n: t.clone() for n, t in safetensors.read(path / checkpoint.TENSORS).items()}
    change(state, tensors)
    (path / "state.json").write_text(json.dumps(state), encoding="utf-8")
    safetensors.write(path / checkpoint.TENSORS, tensors)
    sums = {name: file_checksum(path / name) for name in (checkpoint.TENSORS, checkpoint.STATE)}
    (path / "checksums.json").write_text(json.dumps(sums), encoding="utf-8")
    model, optimizer = trained(0)
    before = [parameter.clone() for parameter in model.parameters()]
    with pytest.raises(CheckpointError, match=message):
        checkpoint.load(path, model, optimizer, "records")
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), before, strict=True))
    assert not optimizer.state


def test_a_checkpoint_of_before_has_no_configuration_and_loads(tmp_path):
    path = save(tmp_path)
    state = json.loads((path / "state.json").read_text(encoding="utf-8"))
    assert {"position", "records"} < state.keys() and state.pop("config")
    (path / "state.json").write_text(json.dumps(state), encoding="utf-8")
    sums = {name: file_checksum(path / name) for name in (checkpoint.TENSORS, checkpoint.STATE)}
    (path / "checksums.json").write_text(json.dumps(sums), encoding="utf-8")
    progress, history = checkpoint.load(path, *trained(0), "records")
    assert progress.step == 3 and history == HISTORY


def test_nothing_that_is_kept_lies_in_the_file(tmp_path):
    """Windows removes no file that is mapped."""
    path, (model, optimizer) = save(tmp_path), trained(0)
    mapped = safetensors.read(path / checkpoint.TENSORS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint.safetensors, "read", lambda _: dict(mapped))
        progress, _ = checkpoint.load(path, model, optimizer, "records")
    kept = [progress.shuffle_rng_state, *model.parameters()]
    kept += [moment for moments in optimizer.state.values() for moment in moments.values()]
    memory = {tensor.untyped_storage().data_ptr() for tensor in mapped.values()}
    assert not memory & {tensor.untyped_storage().data_ptr() for tensor in kept}


def test_a_checkpoint_that_cannot_be_removed_is_not_the_newest(tmp_path, monkeypatch):
    def refuse(path, ignore_errors=False):
        if not ignore_errors:
            raise PermissionError(errno.EACCES, "in use", str(path))

    save(tmp_path, 3)
    monkeypatch.setattr(shutil, "rmtree", refuse)
    assert save(tmp_path, 11).name == "step-00000012"
    assert checkpoint.newest(tmp_path).name == "step-00000012"
