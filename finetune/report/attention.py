"""Inside the model, on the page: where it looked while it wrote an answer, and what else it thought
of, before fine-tuning and after. What is drawn was measured by finetune/report/inside.py.

A view is a dict as VIEW in finetune/report/files.py says. W counts written tokens, from 0.
"""

from collections.abc import Sequence
from html import escape
from textwrap import wrap
from typing import Any

from finetune.plot import STYLE, svg, svg_text
from finetune.report.answers import verdict
from finetune.report.files import Run
from finetune.report.style import radios, section, soft, table

View = dict[str, Any]
Pair = tuple[View, View]  # before and after
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
    heads, columns, words, tables = {}, "", {"all": "all of them"}, ""
    for i, (layer, head, what) in enumerate(telling_heads(before, after)):
        heads[f"{i}"] = f"Layer {layer + 1}, head {head + 1} {what}"
        columns += f'<div class="head h{i}">{_column(pair, (layer, head, what))}</div>'
    chances = [*zip(before["written"], after["written"], strict=True)]
    for w, (token, (old, new)) in enumerate(zip(_written(after), chances, strict=True)):
        words[f"{w}"] = f"{escape(token)} <small>{_percent(old)} → {_percent(new)}</small>"
        tables += f'<div class="word w{w}">{_tables(before, after, w)}</div>'
    gained_most = max(range(len(chances)), key=lambda w: chances[w][1] - chances[w][0])
    show_head = radios("head", heads, 0, ".look .hKEY { display: block }")
    effects = ("t", "visibility: visible"), ("q", "font-weight: 700"), ("w", "display: block")
    rules = (f".look .{what}KEY {{ {effect} }}" for what, effect in effects)
    show_word = radios("word", words, 1 + gained_most, *rules)
    intro = soft(
        "A test record and its reference answer, as the model reads them. An arc goes from where "
        "the model stands when it writes a token to a token that it looks at: before fine-tuning "
        "on the left, after it on the right, the thicker the larger the weight, from 5 % on."
    )
    note = soft(
        f"Of {sum(map(len, after['attention']))} heads: for each of four jobs the one that does it "
        f"most, if that is {CLEAR} % of its weights or more, on average over the written tokens, "
        "before → after; and the one whose weights training moved most."
    )
    title = "<h3>The written token, with its probability before → after</h3>"
    look = f'<div class="look"><div>{columns}</div><div>{tables}</div></div>'
    shown = f"<div><h3>The head</h3>{show_head}{note}{title}{show_word}{look}</div>"
    return section("Inside the model", intro, shown)


def attention_picture(run: Run) -> str:
    """The first of those heads as an SVG document of its own; "" without a record to look into."""
    pair = _pair(run)
    return _column(pair, telling_heads(*pair)[0], STYLE) if pair else ""


def telling_heads(before: View, after: View) -> list[tuple[int, int, str]]:
    """Layer, head and what it does, of the heads that are shown."""
    places = [(i, j) for i, layer in enumerate(after["attention"]) for j in range(len(layer))]
    found: dict[tuple[int, int], list[str]] = {}
    jobs = [_jobs(after, w) for w in range(len(_written(after)))]
    for name, *wanted in zip(JOBS, *jobs, strict=True):
        best = max(places, key=lambda at: _share(after, at, wanted))
        old, new = _share(before, best, wanted), _share(after, best, wanted)
        if new >= CLEAR:
            found.setdefault(best, []).append(f"{name} ({old:.0f} % → {new:.0f} %)")
    most = max(places, key=lambda at: _moved(before, after, at))
    change = f"was changed most ({_moved(before, after, most):.0f} % of its weights moved)"
    found.setdefault(most, []).append(change)
    return [(*at, "; ".join(names)) for at, names in found.items()]


def _pair(run: Run) -> Pair | None:
    """The two views of a record: of those answered right the one that gained most by training."""
    answers = zip(run.records, run.responses, strict=True)
    right = [i for i, answer in enumerate(answers) if verdict(*answer) == "right"]
    pairs = {}
    for old, new in zip(run.before["inside"], run.after["inside"], strict=False):
        same_text = all(old[name] == new[name] for name in ("tokens", "prompt", "template"))
        if same_text and [*map(len, old["attention"])] == [*map(len, new["attention"])]:
            gain = sum(new["written"]) - sum(old["written"])
            pairs[new["record"] in right, gain / len(new["written"])] = old, new
    return pairs[max(pairs)] if pairs else None


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
    rows = [(dict(old), new) for old, new in zip(olds, news, strict=True)]
    gains = [sum(max(x - old.get(place, 0), 0) for place, x in new) for old, new in rows]
    return sum(gains) / len(gains)


def _rows(view: View) -> list[tuple[str, range]]:
    """What is drawn as one spot: each token that is read; what the template adds, as a whole."""
    tokens, prompt, (start, end) = view["tokens"], view["prompt"], view["template"]
    header = "".join(tokens[prompt - end : prompt]).strip("↵␣").replace("␣", " ")
    rows = [(tokens[i], range(i, i + 1)) for i in range(len(tokens) - 1)]
    if end:
        rows[prompt - end : prompt] = [(header or "↵", range(prompt - end, prompt))]
    return [("the template", range(start)), *rows[start:]] if start else rows


def _short(name: str) -> str:
    return name if len(name) <= NAME else f"{name[: NAME - 1]}…"


def _column(pair: Pair, told: tuple[int, int, str], style: str = "") -> str:
    """The tokens from top to bottom: arcs before on their left, after on their right. With a style
    of its own it has a title, too."""
    (before, after), (layer, head, what) = pair, told
    prompt, rows = after["prompt"], _rows(after)
    row_of = {place: row for row, (_, places) in enumerate(rows) for place in places}
    name = f"Layer {layer + 1}, head {head + 1} {what}"
    title = wrap(name, 50) if style else []
    parts = [svg_text(180, 18 + 18 * i, escape(line)) for i, line in enumerate(title)]
    top = 18 + 24 * len(title)
    parts += [svg_text(100, top, "before", "middle c1"), svg_text(260, top, "after", "middle c0")]
    for row, (token, places) in enumerate(rows):
        writes = places.stop - prompt  # the token that is written from here
        look = f"middle q{writes}" if writes >= 0 else "middle"
        parts.append(svg_text(180, top + 26 + 20 * row, escape(_short(token)), look))
    for view, side, look in ((before, -1, "c1"), (after, 1, "c0")):
        x = 180 + 62 * side
        for w, weights in enumerate(view["attention"][layer][head]):
            start, sums = row_of[prompt - 1 + w], dict.fromkeys(range(len(rows)), 0)
            for place, percent in weights:
                sums[row_of[place]] += percent
            for row, percent in sums.items():
                if percent and row != start:
                    y1, y2 = (top + 22 + 20 * end for end in (start, row))
                    bend = x + side * (12 + 133 * abs(start - row) / len(rows))
                    parts.append(
                        f'<path class="arc {look} t{w}" stroke-width="{0.5 + percent / 25:.1f}" '
                        f'd="M{x} {y1}C{bend:.0f} {y1} {bend:.0f} {y2} {x} {y2}">'
                        f"<title>{escape(rows[row][0])}: {percent} %</title></path>"
                    )
    return svg(360, top + 36 + 20 * len(rows), parts, style, name)


def _tables(before: View, after: View, w: int) -> str:
    """The likeliest tokens in the place of a written one, and the likeliest after each layer."""
    token = _written(after)[w]
    shown, mark = f"<h3>In the place of {escape(token)}</h3>", f"<mark>{escape(token)}</mark>"
    for title, key, what in (("The likeliest", "rivals", ""), ("After each", "lens", "layer ")):
        rows = []
        for i, pair in enumerate(zip(before[key][w], after[key][w], strict=False), start=1):
            said = [(mark if other == token else escape(other), p) for other, p in pair]
            cells = [f"{other} <small>{_percent(p)}</small>" for other, p in said]
            rows.append([f"{what}{i}", *cells])
        shown += table([title, "before", "after"], rows)
    return shown


def _percent(p: float) -> str:
    return f"{100 * p:.0f} %" if p >= 0.0995 or p < 0.0005 else f"{100 * p:.1f} %"
