"""Inside the model, on the page: where it looked while it wrote an answer, and what else it thought
of, before fine-tuning and after. What is drawn was measured by finetune/report/inside.py.

A view is a dict as VIEW in finetune/report/files.py says. W counts written tokens, from 0.
"""

from collections.abc import Sequence
from html import escape
from itertools import accumulate
from typing import Any

from finetune.plot import STYLE, svg, svg_text
from finetune.report.answers import verdict
from finetune.report.files import Run, record_of, response_of
from finetune.report.style import radios, section

View = dict[str, Any]
# What a head can be seen to do: the tokens that it then looks at are in `_jobs`, in this order.
JOBS = (
    "looks at the word that it then writes",
    "looks at what is to be done",
    "looks one token back",
    "looks at the first token, as heads do that have found nothing",
)
CLEAR = 25  # per cent; a head that does less of its job is not shown
NAME = 14  # characters of a token that are shown


def inside_section(run: Run) -> str:
    """The arcs of a chosen head and written token, the token's rivals, and what each layer said."""
    pair = _pair(run)
    if pair is None:
        return ""
    before, after = pair
    heads = telling_heads(before, after)
    gains = [new - old for old, new in zip(before["written"], after["written"], strict=True)]
    words = {"all": "all of them"}
    for w, token in enumerate(_written(after)):
        change = f"{_percent(before['written'][w])} → {_percent(after['written'][w])}"
        words[f"{w}"] = f"{escape(token)} <small>{change}</small>"
    shows = "".join(
        f"#word-{w}:checked ~ .look .t{w} {{ visibility: visible }}"
        f"#word-{w}:checked ~ .look .q{w} {{ font-weight: 700 }}"
        f"#word-{w}:checked ~ .look .w{w} {{ display: block }}"
        for w in range(len(words) - 1)
    ) + "".join(f"#head-{i}:checked ~ .look .h{i} {{ display: block }}" for i in range(len(heads)))
    named = {f"{i}": f"Layer {layer + 1}, head {head + 1} {what}"
             for i, (layer, head, what) in enumerate(heads)}  # fmt: skip
    drawn = "".join(
        f'<div class="head h{i}">{_column(before, after, layer, head)}</div>'
        for i, (layer, head, _) in enumerate(heads)
    )
    tables = "".join(
        f'<div class="word w{w}">{_table(before, after, w)}</div>' for w in range(len(words) - 1)
    )
    count = sum(map(len, after["attention"]))
    return section(
        "Inside the model",
        f"<style>{shows}</style>",
        '<p class="soft">A test record and its reference answer, as the model reads them before '
        "fine-tuning and after it. An arc goes from the token where the model stands when it "
        "writes the next one to a token that it looks at: before on the left, after on the right. "
        "The thicker it is, the larger the attention weight; those below 5 % are left out.</p>",
        f"<div><h3>The head</h3>{radios('head', named)}"
        f'<p class="soft">Of {count} heads these are shown: for each of four jobs the one that '
        "does it most, by the mean of its weights over the written tokens before → after, if that "
        f"is {CLEAR} % or more; and the one whose weights training moved most.</p>"
        "<h3>The written token, with its probability before → after</h3>"
        f"{radios('word', words, 2 + gains.index(max(gains)))}"
        f'<div class="look"><div>{drawn}</div><div>{tables}</div></div></div>',
    )


def attention_picture(run: Run) -> str:
    """The first of those heads as an SVG document: lines from the answer up to the task; or ""."""
    pair = _pair(run)
    if pair is None:
        return ""
    layer, head, what = telling_heads(*pair)[0]
    tokens, prompt, (start, end) = (pair[1][name] for name in ("tokens", "prompt", "template"))
    names = tokens[start : prompt - end], tokens[prompt:]
    sizes = [[7.4 * min(len(name.strip("␣")), NAME) + 12 for name in line] for line in names]
    title = f"As it writes, head {head + 1} of layer {layer + 1} {what}"
    width = max(600, 8 * len(title), *(sum(each) + 32 for each in sizes))
    top, bottom = (
        [(width - sum(line) - size) / 2 + x for size, x in zip(line, accumulate(line), strict=True)]
        for line in sizes
    )
    parts = [svg_text(16, 26, escape(title), "title")]
    for view, look, when, y in zip(pair, ("c1", "c0"), ("before", "after"), (70, 270), strict=True):
        parts.append(svg_text(16, y - 14, f"{when} fine-tuning", look))
        for line, xs, at in zip(names, (top, bottom), (y + 12, y + 152), strict=True):
            shown = (_short(name.strip("␣") or name) for name in line)
            parts += [svg_text(x, at, name) for x, name in zip(xs, shown, strict=True)]
        parts += [
            f'<path class="arc {look}" stroke-width="{0.5 + percent / 25:.1f}" d="M{x:.0f} '
            f"{y + 136}C{x:.0f} {y + 76} {top[i - start]:.0f} {y + 76} {top[i - start]:.0f} "
            f'{y + 18}"/>'
            for x, row in zip(bottom, view["attention"][layer][head], strict=True)
            for i, percent in row
            if start <= i < prompt - end
        ]
    return svg(width, 440, parts, STYLE, title)


def telling_heads(before: View, after: View) -> list[tuple[int, int, str]]:
    """Layer, head and what it does, of the heads that are shown."""
    places = [(i, j) for i, layer in enumerate(after["attention"]) for j in range(len(layer))]
    found: dict[tuple[int, int], list[str]] = {}
    jobs = [_jobs(after, w) for w in range(len(_written(after)))]
    for job, name in enumerate(JOBS):
        wanted = [each[job] for each in jobs]
        best = max(places, key=lambda at: _share(after, at, wanted))
        old, new = _share(before, best, wanted), _share(after, best, wanted)
        if new >= CLEAR:
            found.setdefault(best, []).append(f"{name} ({old:.0f} % → {new:.0f} %)")
    moved = {at: _moved(before, after, at) for at in places}
    most = max(places, key=lambda at: moved[at])
    found.setdefault(most, []).append(
        f"was changed most ({moved[most]:.0f} % of its weights moved)"
    )
    return [(*at, "; ".join(names)) for at, names in found.items()]


def _pair(run: Run) -> tuple[View, View] | None:
    """The two views of a record: of those answered right the one that gained most by training."""
    pairs = [
        (old, new)
        for old, new in zip(run.before.get("inside", []), run.after.get("inside", []), strict=False)
        if all(old[name] == new[name] for name in ("tokens", "prompt", "template"))
        and [*map(len, old["attention"])] == [*map(len, new["attention"])]
    ]
    right = [i for i, entry in enumerate(run.responses)
             if verdict(record_of(entry), response_of(entry)) == "right"]  # fmt: skip

    def rank(pair: tuple[View, View]) -> tuple[bool, float]:
        old, new = (sum(view["written"]) / len(view["written"]) for view in pair)
        return pair[1]["record"] in right, new - old

    return max(pairs, key=rank, default=None)


def _written(view: View) -> list[str]:
    return view["tokens"][view["prompt"] :]


def _jobs(view: View, w: int) -> list[set[int]]:
    """For each of JOBS the places it is about, when a token is written."""
    tokens, prompt, (start, end) = view["tokens"], view["prompt"], view["template"]
    task = range(start, prompt - end)
    is_end = (i for i in task if tokens[i].endswith(":") or "↵" in tokens[i])
    wanted = tokens[prompt + w].strip("␣").lower()
    copied = {i for i in task if tokens[i].strip("␣").lower() == wanted}
    return [copied, {*range(start, next(is_end, start))}, {prompt + w - 2}, {0}]


def _share(view: View, at: tuple[int, int], wanted: Sequence[set[int]]) -> float:
    """Per cent of a head's weight that is on the wanted places, the mean over written tokens."""
    rows = zip(view["attention"][at[0]][at[1]], wanted, strict=True)
    shares = [sum(x for i, x in row if i in places) for row, places in rows if places]
    return sum(shares) / max(len(shares), 1)


def _moved(before: View, after: View, at: tuple[int, int]) -> float:
    """Per cent of a head's weight that is on other places than before, the mean likewise."""
    olds, news = (view["attention"][at[0]][at[1]] for view in (before, after))
    gains = [
        sum(max(x - dict(map(tuple, old)).get(i, 0), 0) for i, x in new)
        for old, new in zip(olds, news, strict=True)
    ]
    return sum(gains) / len(gains)


def _rows(view: View) -> list[tuple[str, range]]:
    """What is drawn as one spot: each token that is read; what the template adds, as a whole."""
    tokens, prompt, (start, end) = view["tokens"], view["prompt"], view["template"]
    single = [(tokens[i], range(i, i + 1)) for i in range(start, len(tokens) - 1)]
    header = "".join(tokens[prompt - end : prompt]).strip("↵␣").replace("␣", " ")
    rows = [("the template", range(start))] if start else []
    rows += single[: prompt - end - start]
    rows += [(header or "↵", range(prompt - end, prompt))] if end else []
    rows += single[prompt - start :]
    return rows


def _short(name: str) -> str:
    return escape(name if len(name) <= NAME else f"{name[: NAME - 1]}…")


def _column(before: View, after: View, layer: int, head: int) -> str:
    """The tokens from top to bottom: arcs before on their left, after on their right."""
    prompt, rows = after["prompt"], _rows(after)
    row_of = {place: row for row, (_, places) in enumerate(rows) for place in places}
    parts = [svg_text(100, 18, "before", "middle c1"), svg_text(260, 18, "after", "middle c0")]
    for row, (name, places) in enumerate(rows):
        writes = places.stop - prompt  # the token that is written from here
        look = f"middle q{writes}" if writes >= 0 else "middle"
        parts.append(svg_text(180, 44 + 20 * row, _short(name), look))
    for view, side, look in ((before, -1, "c1"), (after, 1, "c0")):
        x = 180 + 62 * side
        for w, weights in enumerate(view["attention"][layer][head]):
            start, sums = row_of[prompt - 1 + w], dict.fromkeys(range(len(rows)), 0)
            for place, percent in weights:
                sums[row_of[place]] += percent
            for row, percent in sums.items():
                y1, y2 = 40 + 20 * start, 40 + 20 * row
                bend = x + side * (12 + 133 * abs(start - row) / len(rows))
                if percent and row != start:
                    parts.append(
                        f'<path class="arc {look} t{w}" stroke-width="{0.5 + percent / 25:.1f}" '
                        f'd="M{x} {y1}C{bend:.0f} {y1} {bend:.0f} {y2} {x} {y2}">'
                        f"<title>{escape(rows[row][0])}: {percent} %</title></path>"
                    )
    return svg(360, 54 + 20 * len(rows), parts, label="Attention of one head")


def _table(before: View, after: View, w: int) -> str:
    """The likeliest tokens in the place of a written one, and the likeliest after each layer."""
    token = _written(after)[w]
    head = "<tr><th></th><th>before</th><th>after</th></tr>"
    rows = head
    for title, key, name in (
        ("The likeliest tokens", "rivals", ""),
        ("The likeliest after each layer", "lens", "layer "),
    ):
        rows += f'<tr><th colspan="3">{title}</th></tr>'
        for i, pair in enumerate(zip(before[key][w], after[key][w], strict=False), start=1):
            cells = "".join(
                f"<td>{f'<mark>{escape(said)}</mark>' if said == token else escape(said)} "
                f"<small>{_percent(p)}</small></td>"
                for said, p in pair
            )
            rows += f"<tr><td>{name}{i}</td>{cells}</tr>"
    return f"<h3>In the place of {escape(token)}</h3><table>{rows}</table>"


def _percent(p: float) -> str:
    return f"{100 * p:.0f} %" if p >= 0.0995 or p < 0.0005 else f"{100 * p:.1f} %"
