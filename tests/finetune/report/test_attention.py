"""finetune/report/attention.py: which heads are shown. The rest is in test_report.py."""

from finetune.report.attention import JOBS, telling_heads

TOKENS = ["T", "t", "Do", ":", "␣a", "␣cat", "R", "↵", "Cat", "␣is", "END"]
# The prompt's last token is 7, "↵"; "Cat" is written from there, "␣is" from 8, END from 9.
COPIES = [[[5, 90], [0, 10]], [[8, 100]], [[9, 100]]]
TASK = [[[2, 60], [3, 20]], [[2, 70]], [[3, 80]]]
BACK = [[[6, 100]], [[7, 100]], [[8, 40], [9, 60]]]
FIRST = [[[0, 100]]] * 3
ITSELF = [[[7, 100]], [[8, 100]], [[9, 100]]]


def view(*layers, **more):
    common = {"record": 0, "tokens": TOKENS, "prompt": 8, "template": [2, 2]}
    common["written"] = [0.001, 0.25, 0.999]
    common["rivals"] = [[["x", 0.5], [token, 0.25]] for token in TOKENS[8:]]
    common["lens"] = [[["y", 0.5]] * len(layers)] * 3
    return common | {"attention": [list(heads) for heads in layers]} | more


def test_each_job_has_the_head_that_does_it_most():
    after = view([ITSELF, COPIES, TASK], [BACK, FIRST, ITSELF])
    before = view([ITSELF, ITSELF, TASK], [BACK, ITSELF, ITSELF])
    heads = {(layer, head): what for layer, head, what in telling_heads(before, after)}
    assert list(heads) == [(0, 1), (0, 2), (1, 0), (1, 1)]
    assert heads[0, 1] == f"{JOBS[0]} (0 % → 90 %)"  # the end of text stands nowhere in the task
    assert heads[0, 2].startswith(f"{JOBS[1]} (43 % → 43 %)")  # the words before the colon
    assert heads[1, 0].startswith(f"{JOBS[2]} (80 % → 80 %)")
    assert heads[1, 1].endswith("was changed most (100 % of its weights moved)")


def test_a_head_that_does_nothing_clearly_is_not_shown():
    found = telling_heads(view([ITSELF, FIRST]), view([ITSELF, ITSELF]))
    assert found == [(0, 1, "was changed most (100 % of its weights moved)")]
