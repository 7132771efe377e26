"""finetune/report.py: what is on the page, that nothing on it comes from elsewhere or gets out of
its place, and how a browser sees it."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

import train
from finetune.report import __main__ as report
from gpt.errors import UserError
from tests.test_cli import SMALL

EVIL = '<script>alert("x")</script> & <b>bold</b>'
NO_ENDS = {"meta", "path", "rect"}


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


@pytest.fixture
def finished(here):
    """A run whose data and model say what a page must not take for its own."""
    rows = [
        {"instruction": f"{EVIL} {i}", "input": "a < b" if i % 2 else "", "output": f"{EVIL} {i}!",
         "kind": "odd_kind" if i % 2 else "<even>"}
        for i in range(20)
    ]  # fmt: skip
    (here / "data.json").write_text(json.dumps(rows), encoding="utf-8")
    short = ["--batch-size", "2", "--lr", "0.01", "--eval-every", "2", "--mask-prompt"]
    assert train.main([*SMALL, *short, "--samples", "1", "--out", "r"]) == 0
    answers = json.loads((here / "r/responses.json").read_text(encoding="utf-8"))
    answers[0] |= {"response": answers[0]["output"].upper(), "ended": True}
    answers[1] |= {"response": EVIL, "ended": False}
    (here / "r/responses.json").write_text(json.dumps(answers), encoding="utf-8")
    assert report.main([str(here / "r")]) == 0
    return here / "r"


def test_the_page_shows_the_run_and_lets_nothing_out(finished):
    text = (finished / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    shown = "".join(page.texts)
    assert "script" not in page.tags and "alert" in shown and "<even>" in shown
    assert not [name for name, _ in page.attributes if name in ("src", "href")]
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", text)
    heads = ["Before and after", "Learning", "One batch under the microscope"]
    heads += ["Scores on the test records", "All test answers", "To do the same again"]
    for head in heads:
        assert head in page.texts
    answers = json.loads((finished / "responses.json").read_text(encoding="utf-8"))
    for answer in answers:
        assert shown.count(answer["instruction"]) >= 1 and answer["output"] in shown
    # Of the two test answers one is right now, the other was cut off; one of them is shown twice.
    marks = [t for t in page.texts if t in ("✓", "✗")]
    assert marks.count("✓") == 2 and len(marks) == 2 + len(answers)
    assert f"{EVIL} …" in shown
    assert "--lr=0.01" in shown and "--mask-prompt" in shown and "python train.py" in shown


def test_the_microscope_has_a_cell_for_each_position_and_greys_what_is_masked(finished):
    text = (finished / "report.html").read_text(encoding="utf-8")
    before = json.loads((finished / "before.json").read_text(encoding="utf-8"))["microscope"]
    after = json.loads((finished / "after.json").read_text(encoding="utf-8"))["microscope"]
    losses = [loss for row in before for loss in row[2]]
    assert text.count('class="off"') == losses.count(None) > 0
    for old, new in zip(before, after, strict=True):
        assert old[:2] == new[:2] and old[2] != new[2]
        for before_it, after_it in zip(old[2], new[2], strict=True):
            if before_it is not None:
                assert f'title="loss {before_it:.2f} → {after_it:.2f}"' in text
                assert f"--l:{min(before_it / report.HOTTEST, 1):.2f}" in text


def test_what_is_missing_is_left_out_and_what_is_no_run_is_refused(finished, tmp_path):
    whole = report.page(finished, report.read_responses(finished))
    for name in ("before.json", "after.json", "scores.json", "responses.json", "run.json"):
        (finished / name).unlink()
    bare = report.page(finished, report.read_responses(finished))
    Page(bare)
    assert "Learning" in bare and "Learning" in whole
    for head in ("Before and after", "microscope", "Scores on", "All test", "To do the same"):
        assert f">{head}" in whole or f"{head}</h2>" in whole
        assert f">{head}" not in bare and f"{head}</h2>" not in bare
    with pytest.raises(UserError, match=r"metrics\.jsonl: no metrics of a run"):
        report.main([str(tmp_path / "nowhere")])
    (finished / "metrics.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match="has not measured anything yet"):
        report.main([str(finished)])
    (finished / "metrics.jsonl").write_text('{"step": 1}\n', encoding="utf-8")
    with pytest.raises(UserError, match="no metrics of a run"):
        report.main([str(finished)])


BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")
@pytest.mark.parametrize("width", [500, 1100])
def test_a_browser_sees_it_whole_at_two_widths(finished, tmp_path, width):
    """A script that the test adds has the browser say how wide the page came out."""
    text = (finished / "report.html").read_text(encoding="utf-8")
    probe = (
        "<script>document.title = [document.documentElement.scrollWidth, innerWidth, "
        "document.querySelectorAll('.pair').length, document.scripts.length, "
        "getComputedStyle(document.querySelector('.said')).flexDirection].join(' ')</script>"
    )
    (tmp_path / "probe.html").write_text(text.replace("</body>", probe + "</body>"), "utf-8")
    seen = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", f"--user-data-dir={tmp_path / 'browser'}",
         f"--window-size={width},900", "--dump-dom", (tmp_path / "probe.html").as_uri()],
        capture_output=True, timeout=60, check=True, encoding="utf-8",
    )  # fmt: skip
    wide, window, pairs, scripts, direction = (
        re.search(r"<title>(.*?)</title>", seen.stdout).group(1).split()
    )
    assert int(wide) <= int(window) == width
    assert int(pairs) == 1 + 2 and scripts == "1"
    assert direction == ("row" if width > 720 else "column")
