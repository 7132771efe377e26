"""finetune/report/: what is on the page, that nothing on it comes from elsewhere or gets out of its
place, that a damaged file is one line, and how a browser sees it."""

import copy
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import train
from finetune.dataset import Record
from finetune.device import SingleProcess
from finetune.loop import Metrics, Progress
from finetune.report import epochs
from finetune.report.__main__ import main
from finetune.report.answers import card, chosen, verdict
from finetune.report.attention import attention_picture
from finetune.report.files import read_run
from finetune.report.page import HOTTEST, notes, page
from finetune.report.share import share_picture
from finetune.report.style import STYLE
from finetune.responses import Response
from gpt.errors import UserError
from tests import textbook

EVIL = '<script>alert("x")</script> & <b>bold</b>'
NO_ENDS = {"meta", "rect", "input", "circle"}


class Page(HTMLParser):
    """The elements that are open while a text is met, and all texts."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.texts, self.attributes = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in NO_ENDS:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_endtag(self, tag):
        if tag not in NO_ENDS:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def metrics(losses):
    return [
        Metrics(5 * i - 1, i / 2, 100 * i, float(i), 1e-3 * (i > 0), 50.0 * (i > 0), loss, loss + 1)
        for i, loss in enumerate(losses)
    ]


def entry(i, response, **more):
    task = {"instruction": f"{EVIL} {i}", "input": "", "output": f"It is answer number {i}."}
    return task | {"response": response, "ended": True, "tokens": 5, "kind": "a_kind"} | more


ROWS = [
    [["B", "e", "g", "in", "␣a", ""], ["e", "g", "in", "␣a", "E", ""], [1.0, 2, 3, 4, 5, None]],
    [["B", "e", "g", "in", "␣b", "↵"], ["e", "g", "in", "␣b", "↵", "E"], [1.0, 2, 3, 4, 5, 6]],
]
TOKENS = ["T", "␣do", ":", EVIL, "R", "↵", "It", "␣is", "END"]


def view(percent):
    """What a head sees of nine tokens; "It" is written from 5, and it looks at 3 and 2."""
    looks = [[[3, percent], [2, 9]], [[6, 100]], [[0, 40], [7, 60]]]
    return {"record": 0, "tokens": TOKENS, "prompt": 6, "template": [1, 2],
            "written": [percent / 100, 0.0004, 0.5],
            "rivals": [[[EVIL, 0.5], [token, 0.25]] for token in TOKENS[6:]],
            "lens": [[["x", 0.5], [EVIL, 0.75]]] * 3,
            "attention": [[looks, [[[5, 100]]] * 3], [looks, looks]]}  # fmt: skip


FILES = {
    "run.json": {"command": "python train.py", "versions": "Python 3",
                 "about": ["tiny: 7 parameters", "/home/me/data.json: 9 records",
                           "Run: /home/me/runs/x"]},
    "options.json": {"model": "/home/me/tiny", "data": "/home/me/data.json", "lr": 0.01,
                     "out": "/home/me/runs/x", "mask_prompt": True, "epochs": None},
    "before.json": {"answers": [["no", False, 64], [EVIL, True, 3]], "microscope": ROWS,
                    "perplexity": {"Perplexity, test": 25.5, "Perplexity, validation": 12.5},
                    "inside": [view(7), view(20)]},
    "after.json": {"microscope": [[a, b, [x and x / 2 for x in c]] for a, b, c in ROWS],
                   "inside": [view(70) | {"record": 2}, view(80)],
                   "walk": [["The record", ["instruction: x", EVIL]], ["Its prompt", []]]},
    "scores.json": {
        "figures": {"Exact match": {"value": 0.5, "low": 0.1, "high": 0.9, "count": 4},
                    "Perplexity, test": {"value": 4.5, "low": 4, "high": 5, "count": 98},
                    "Perplexity, validation": {"value": 3.5, "low": 3, "high": 4, "count": 99}},
        "kinds": {"a_kind": {"exact": 0.5, "f1": 0.75, "count": 2},
                  "definition": {"exact": None, "f1": 0.5, "count": 1}},
        "dtypes": "responses computed in float32"},
    "epochs.json": {
        "seconds": 1.0, "records": [entry(i, "") for i in (7, 8, 9)],
        "answers": [{"when": "before training", "step": 0, "responses": [["a", False, 64]] * 3},
                    {"when": "epoch 1", "step": 10, "responses": [[EVIL, True, 4]] * 3}]},
    "responses.json": [entry(0, "it is answer number 0"), entry(1, "It is answer word 1."),
                       entry(2, EVIL, ended=False), entry(3, "x" * 900, kind="definition")],
}  # fmt: skip


@pytest.fixture
def run_dir(tmp_path):
    """A finished run whose data and model say what a page must not take for its own."""
    return written(tmp_path / "a run", FILES, [4.0, 2.0, 1.0])


def written(directory, files, losses):
    directory.mkdir(exist_ok=True)
    for name, data in files.items():
        (directory / name).write_text(json.dumps(data), encoding="utf-8")
    lines = "".join(json.dumps(m._asdict()) + "\n" for m in metrics(losses))
    (directory / "metrics.jsonl").write_text(lines, encoding="utf-8")
    return directory


def shown(directory):
    assert main([str(directory)]) == 0
    return (directory / "report.html").read_text(encoding="utf-8")


HEADS = ["Learning", "Before and after", "Inside the model", "Scores on the test records"]
HEADS += ["All test answers", "One batch, token by token", "One record, step by step"]
HEADS += ["To do the same again"]


def test_the_page_shows_the_run_and_lets_nothing_out(run_dir):
    text = shown(run_dir)
    found = Page(text)
    assert "script" not in found.tags and 'alert("x")' in "".join(found.texts)
    assert not [name for name, _ in found.attributes if name in ("src", "href")]
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", text)
    assert [t for t in found.texts if t in HEADS] == HEADS  # the curve first
    assert "/home" not in text and "--data=data.json" in text and "--lr=0.01" in text
    assert "Run: x" in text and "data.json: 9 records" in text
    ids = [value for name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids)) and {"test-1", "test-4", "learning"} <= {*ids}
    assert all(re.match(r' \w+" id="[\w-]+"', part) for part in text.split('<div class="pair')[1:])


def test_answers_are_marked_filtered_and_folded(run_dir):
    text = shown(run_dir)
    looks = re.findall(r'<div class="pair (\w+)" id="test-\d"', text)
    assert looks == ["right", "near", "wrong", "open"]
    for name in ("all (4)", "✓ right (1)", "≈ one word off (1)", "✗ wrong (1)", "not judged (1)"):
        assert name in text
    assert "It is answer <mark>word</mark> 1." in text
    assert "… (900 characters)</summary>" in text and " …</div>" in text


@pytest.mark.parametrize(
    ("response", "look"),
    [("the CAT sat", "right"), ("The dog sat.", "near"), ("The sat.", "near"),
     ("The black cat sat.", "near"), ("A dog sat.", "wrong"), ("", "wrong"), ("sat", "wrong")],
)  # fmt: skip
def test_one_word_off_is_a_word_changed_missing_or_added(response, look):
    assert verdict(Record("x", "The cat sat."), Response(response, True, 3)) == look


def test_three_answers_are_a_typical_the_best_and_a_failed_one(run_dir):
    records = [Record("x", f"It is answer number {i}.") for i in (0, 1, 2)]
    said = responses("It is answer number 0.", "no", "It is")
    assert chosen(records, said) == {2: "A typical answer", 0: "The best", 1: "A failed one"}
    records[2:] = [Record("x", "It is answer number 3.")] * 2
    said[2:] = responses("It is answer number 3.") * 2
    picked = chosen(records, said, responses("It is", "", "It is answer", ""))
    assert [*picked.items()][-2:] == [(3, "The best"), (1, "A failed one")]
    assert chosen(records[:1], said[:1]) == {0: "A typical answer"} and chosen([], []) == {}
    text = shown(run_dir)  # of the two that were answered before training
    part = text[text.index('id="before-and-after"') : text.index('id="scores-on')]
    assert part.count('class="pair') == 2 and part.count("Before training</small>") == 2


def test_the_epochs_are_played_beside_the_curve(run_dir):
    text = shown(run_dir)
    for i, when in enumerate(("before training", "epoch 1")):
        assert f'<label for="stop-{i}">{when}</label>' in text
        assert f"#stop-{i}:checked ~ .stop{i}" in text and f'class="stop stop{i}"' in text
        drawn = re.findall(rf'class="at at{i}" d="M([\d.]+)', text)
        epoch = (0.0, 1.0)[i]  # step 10 is the end of the run, 1 epoch
        assert float(drawn[0]) == pytest.approx(56 + (680 - 132 - 56) * epoch, abs=0.1)
    assert text.count(' checked><label for="stop-1"') == 1


def test_the_token_view_has_a_cell_for_each_position_and_the_shared_beginning_once(run_dir):
    text = shown(run_dir)
    cells = re.findall(r'<span tabindex="0" data-loss="loss (.*?) → (.*?)"><i>(.*?)</i>', text)
    assert len(cells) == 3 + 2 + 3 and text.count('<span class="off">') == 1
    assert cells[0] == ("1.00", "0.50", "B") and cells[4] == ("5.00", "2.50", "␣a")
    assert f"--l:{5 / HOTTEST:.2f}" in text and "<i>_</i><b>_</b>" in text
    assert "Row 1, “in a…”: mean loss 3.00 → 1.50" in text


def test_scores_have_a_column_before_and_kinds_are_grouped(run_dir):
    text = shown(run_dir)
    assert "<td>50.0 %</td><td>10.0 % – 90.0 %</td>" in text
    assert "<td>98</td><td>25.50</td>" in text  # the perplexity before
    assert "<td>99</td><td>12.50</td>" in text and "before (2 answers)" in text
    assert "<td>4</td><td>0.0 %</td>" in text
    given, known = text.index("<th>Works on the given text"), text.index("<th>Must know")
    assert given < text.index("<td>a kind</td>") < known < text.index("<td>definition</td>")
    assert "1 of 2" in text and "not judged" in text and "Responses computed in float32" in text


def test_inside_the_model_a_head_and_a_token_are_chosen(run_dir):
    text = shown(run_dir)
    part = text[text.index('id="inside-the-model"') : text.index('id="scores-on')]
    # The second record, because it was answered right; of four heads, two.
    heads = re.findall(r'id="head-(\d)".*?>Layer 1, head (.*?)</label>', part)
    assert [what for _, what in heads] == [
        "2 looks one token back (33 % → 33 %)",
        "1 was changed most (20 % of its weights moved)",
    ]
    heads = [key for key, _ in heads]
    for group, keys in (("head", heads), ("word", "012")):
        for key in keys:
            assert f"#{group}-{key}:checked ~ .look .{group[0]}{key} {{ display: block }}" in part
            assert part.count(f'class="{group} {group[0]}{key}"') == 1
    assert f'class="arc c0 t0" stroke-width="{0.5 + 80 / 25:.1f}"' in part
    assert f'class="arc c1 t0" stroke-width="{0.5 + 20 / 25:.1f}"' in part
    assert part.count('class="arc') == 2 * (3 + 2) and '<text class="middle q0"' in part
    assert "It <small>20 % → 80 %</small>" in part and "␣is <small>0 % → 0 %</small>" in part
    assert "<mark>It</mark> <small>25 %</small>" in part and "layer 2</td>" in part
    files = copy.deepcopy(FILES)
    files["before.json"]["inside"][1]["tokens"] = TOKENS[::-1]  # not the same text
    assert "<small>7.0 % → 70 %</small>" in shown(written(run_dir, files, [4.0, 2.0]))
    files["after.json"]["inside"] = []
    assert "Inside the model" not in shown(written(run_dir, files, [4.0, 2.0]))


@pytest.mark.parametrize(
    "change",
    [{"prompt": 9}, {"prompt": 0}, {"template": [4, 3]}, {"template": [-1, 2]}, {"written": [0.5]},
     {"lens": [[["x", 0.5]]] * 3}, {"attention": [[], []]}, {"attention": [[[[]] * 3], []]},
     {"attention": [[[[[6, 50]], [], []]]] * 2}, {"attention": [[[[], [], [[1, 101]]]]] * 2}],
)  # fmt: skip
def test_a_view_whose_parts_do_not_fit_is_told(run_dir, change):
    files = FILES | {"after.json": FILES["after.json"] | {"inside": [view(1) | change]}}
    with pytest.raises(UserError, match=r"after\.json: an inside view whose parts do not fit"):
        shown(written(run_dir, files, [4.0, 2.0]))


def test_the_walk_is_on_the_page(run_dir):
    text = shown(run_dir)
    assert "<h3>1. The record</h3><pre>instruction: x\n&lt;script&gt;" in text
    assert "Show the 2 steps" in text


def test_the_picture_of_attention_is_the_first_head_of_the_page_with_title_and_style(run_dir):
    page = shown(run_dir)
    root = ET.fromstring((run_dir / "attention.svg").read_text(encoding="utf-8"))
    assert "prefers-color-scheme: dark" in root[0].text
    texts = [*root.iter("{http://www.w3.org/2000/svg}text")]
    assert (
        texts[0].text
        == root.get("aria-label")
        == "Layer 1, head 2 looks one token back (33 % → 33 %)"
    )
    tokens = ["the template", "␣do", ":", "<script>alert…", "R", "It", "␣is"]
    assert [t.text for t in texts[1:]] == ["before", "after", *tokens]
    size = [float(root.get(side)) for side in ("width", "height")]
    places = [(float(t.get("x")), float(t.get("y"))) for t in texts]
    assert all(0 < x < size[0] and 0 < y < size[1] for x, y in places)
    heights = [y for _, y in places]  # before and after are on one line, all others on their own
    assert heights[1] == heights[2] and sorted({*heights}) == heights[:2] + heights[3:]
    paths = root.findall("{http://www.w3.org/2000/svg}path")
    assert len(paths) == page.split('class="head h0"')[1].split("</svg>")[0].count("<path") > 0


def test_what_is_missing_is_left_out_and_a_stopped_run_says_so(run_dir, tmp_path):
    for name in FILES:
        (run_dir / name).unlink()
    text = shown(run_dir)
    Page(text)
    assert "This run is not finished: it has been measured until step 9." in text
    assert [head for head in HEADS if f">{head}<" in text] == ["Learning"]
    with pytest.raises(UserError, match=r"metrics\.jsonl: no metrics of a run"):
        main([str(tmp_path / "nowhere")])
    for content, message in (
        ("", "no metrics of a run"),
        ('{"step": 1}\n', "entry 1: epoch: should be a number"),
        ("[" * 100_000, "not JSON"),
        (json.dumps(metrics([1])[0]._asdict() | {"lr": True}), "entry 1: lr: should be a number"),
    ):
        (run_dir / "metrics.jsonl").write_text(content, encoding="utf-8")
        with pytest.raises(UserError, match=message):
            main([str(run_dir)])


def test_a_run_that_diverged_is_told_why(run_dir):
    assert notes(read_run(run_dir)) == []
    written(run_dir, {}, [6.06, 12858.0, 923.0])
    assert "The loss rose from 6.06 to 923: the learning rate is too high." in shown(run_dir)


def test_secrets_and_a_name_that_is_not_utf8_stay_off_the_page(run_dir, tmp_path):
    secret = "https://me:hush@host/d.json?token=hush"
    files = copy.deepcopy(FILES)
    files["options.json"]["data"] = secret
    files["run.json"]["about"][1] = f"{secret}: 9 records"
    strange = tmp_path / os.fsdecode(b"caf\xe9")
    text = shown(written(strange, files, [4.0, 2.0]))
    assert "hush" not in text and "https://host/d.json?…" in text and "caf\\udce9" in text


JUNK = st.sampled_from(
    [None, True, -1, 1.5, 10**400, 1e300, "", "x", "\ud800", [], {}, [[]], [None]]
)


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_one_line_or_a_page(run_dir, data):
    """Any value of any file is changed to another one, or taken out."""
    name = data.draw(st.sampled_from([*FILES, "metrics.jsonl"]))
    line = metrics([4.0, 2.0])[1]._asdict()
    content = copy.deepcopy(FILES.get(name, line))
    place, path = content, []
    while True:
        keys = [*place] if isinstance(place, dict) else [*range(len(place))]
        path.append(data.draw(st.sampled_from(keys)))
        child = place[path[-1]]
        if not isinstance(child, (dict, list)) or not child or data.draw(st.booleans()):
            break
        place = child
    if data.draw(st.booleans()):
        del place[path[-1]]
    else:
        place[path[-1]] = data.draw(JUNK)
    written(run_dir, FILES | ({name: content} if name in FILES else {}), [4.0, 2.0, 1.0])
    if name not in FILES:
        with (run_dir / name).open("a", encoding="utf-8") as file:
            file.write(json.dumps(content) + "\n")
    try:
        run = read_run(run_dir)
        Page(page(run))
        for draw in (share_picture, attention_picture):
            ET.fromstring(draw(run).encode("utf-8", "replace") or b"<none/>")
    except UserError as error:
        assert name in str(error) and "\n" not in str(error)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [b"", b"{", b"5", b"\xff", b"[" * 99999, b'{"a":' * 9999])
def test_a_file_that_is_no_json_is_named(run_dir, name, content):
    (run_dir / name).write_bytes(content)
    with pytest.raises(UserError, match=re.escape(name)):
        main([str(run_dir)])


def test_several_runs_are_compared_on_one_page(run_dir, tmp_path):
    files = copy.deepcopy(FILES)
    files["options.json"]["lr"] = 0.5
    files["responses.json"][1]["response"] = "Another answer."
    other = written(tmp_path / "other", files, [4.0, 3.0, 2.5, 2.0])
    out = tmp_path / "compare.html"
    assert main([str(run_dir), str(other), "--out", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    found = Page(text)
    assert "script" not in found.tags and "/home" not in text
    assert "<td>lr</td>" in text and "<td>model</td>" not in text
    assert ">1 2.000</text>" in text and ">2 3.000</text>" in text  # at the curves' ends
    second = text[text.index('id="test-2"') : text.index('id="test-3"')]
    assert "<mark>word</mark>" in second and "Another" in second and "2 other" in second
    with pytest.raises(UserError, match="given twice"):
        main([str(run_dir), str(run_dir), "--out", str(out)])


def test_the_share_picture_is_an_svg_of_1200_by_630(run_dir):
    shown(run_dir)
    root = ET.fromstring((run_dir / "share.svg").read_text(encoding="utf-8"))
    assert (root.get("width"), root.get("height")) == ("1200", "630")
    words = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "tiny, fine-tuned to follow instructions" in words
    assert "it is answer number 0" in words and "no" in words


def luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("theme", [0, 1])
def test_letters_have_a_contrast_of_four_and_a_half(theme):
    """The formula of WCAG 2: (lighter + 0.05) / (darker + 0.05)."""
    colors = dict(
        re.findall(r"--(\w+): ([^;}]+?)[ ;]*[;}]", re.findall(":root {.*?}", STYLE, re.S)[theme])
    )
    colors["hot"] = "#" + "".join(f"{int(part):02x}" for part in colors["hot"].split())
    pairs = [
        (n, g) for n in ("ink", "soft", "good", "bad", "near", "link") for g in ("ground", "card")
    ]
    for name, ground in [*pairs, ("ink", "mark"), ("ink", "hot")]:
        dark, light = sorted(luminance(colors[each]) for each in (name, ground))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (theme, name, ground)


def responses(*texts):
    return [Response(text, True, 3) for text in texts]


class Clock:
    """`respond` takes the seconds given for it."""

    def __init__(self, monkeypatch, seconds):
        self.now, self.seconds, self.asked = 0.0, seconds, []
        monkeypatch.setattr(epochs.time, "perf_counter", lambda: self.now)

    def respond(self, records, max_new_tokens):
        self.now += self.seconds
        self.asked.append(len(records))
        return [Response("hi", True, 1) for _ in records]


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [(1, ["before training", "step 5", "epoch 1, step 12", "step 20",
      "epoch 2, step 24"]),
     (20, ["before training", "epoch 1, step 12", "epoch 2, step 24"]), (100, ["before training"])],
)  # fmt: skip
def test_where_answering_is_slow_fewer_moments_are_kept(tmp_path, monkeypatch, seconds, kept):
    clock, records = Clock(monkeypatch, seconds), [Record(f"{i}", "x") for i in range(20)]
    given = tmp_path, records, clock.respond, textbook.small_model(), SingleProcess()

    def train_from(callback, first, last=24):
        for step in range(first, last):
            over = step + 1 in (12, 24)
            if over:
                callback.on_epoch_end((step + 1) // 12)
            callback.on_step(Progress(step), over)

    callback = epochs.PlayedEpochs(*given)
    callback.on_evaluation(metrics([1.0])[0])
    train_from(callback, 0)
    whole = (tmp_path / "epochs.json").read_bytes()
    assert [answer["when"] for answer in json.loads(whole)["answers"]] == kept
    assert set(clock.asked) == {8}
    train_from(epochs.PlayedEpochs(*given), 3)  # resumed from a checkpoint after step 2
    assert (tmp_path / "epochs.json").read_bytes() == whole


def test_a_real_run_has_all_of_it(here):
    words = ["--model", "small", "--data", "data.json", "--dtype", "float32", "--device", "cpu"]
    words += ["--batch-size", "4", "--lr", "0.01", "--samples", "1", "--out", "r"]
    assert train.main(words) == 0
    text = (here / "r/report.html").read_text(encoding="utf-8")
    for head in HEADS:
        assert f">{head}</h2>" in text
    assert str(here) not in text
    played = json.loads((here / "r/epochs.json").read_text(encoding="utf-8"))
    assert [answer["when"] for answer in played["answers"]] == [
        "before training",
        "epoch 1, step 4",
    ]
    run = read_run(here / "r")
    assert min(run.before["perplexity"].values()) > 1
    assert len(run.after["walk"]) == 10 and len(run.before["inside"]) == 2
    assert page(read_run(here / "r")) == text


def test_a_card_has_its_id():
    shown = card(Record("x", "yes"), {"Answer": Response("oh no", True, 2)}, "n")
    assert '<div class="pair wrong" id="n">' in shown


BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")
@pytest.mark.parametrize("width", [500, 1100])
def test_a_browser_sees_it_whole_at_two_widths(run_dir, tmp_path, width):
    """A script that the test adds has the browser say how wide the page came out."""
    text = shown(run_dir)
    probe = (
        "<script>for (const d of document.querySelectorAll('details')) d.open = true;"
        "document.getElementById('show-near').click();"
        "const n = s => [...document.querySelectorAll(s)].filter(e => e.offsetHeight).length;"
        "document.title = [document.documentElement.scrollWidth, innerWidth, n('.cards .pair'),"
        "n('.stop'), n('.wide-only'), document.scripts.length, "
        "getComputedStyle(document.querySelector('.said')).flexDirection].join(' ')</script>"
    )
    (tmp_path / "probe.html").write_text(text.replace("</body>", probe + "</body>"), "utf-8")
    seen = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", f"--user-data-dir={tmp_path / 'browser'}",
         f"--window-size={width},900", "--dump-dom", (tmp_path / "probe.html").as_uri()],
        capture_output=True, timeout=120, check=True, encoding="utf-8",
    )  # fmt: skip
    wide, window, near, stops, charts, scripts, direction = (
        re.search(r"<title>(.*?)</title>", seen.stdout).group(1).split()
    )
    assert int(wide) <= int(window) == width
    assert (near, stops, scripts) == ("1", "1", "1")
    assert (direction, charts) == (("row", "1") if width > 720 else ("column", "0"))
