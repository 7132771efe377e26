"""How the page looks, on wide screens and phones, in light and in dark; and its building blocks."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from finetune import plot

STYLE = (
    """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --ground: #ffffff;
  --card: #f6f8fa; --line: #d1d9e0; --hot: 232 93 32; --good: #1a7f37; --bad: #b42318;
  --near: #8a5300; --link: #0860ca; --mark: #ffe2a8 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --ground: #0d1117;
  --card: #151b23; --line: #3d444d; --hot: 160 62 16; --good: #3fb950; --bad: #ff7b72;
  --near: #d9a13b; --link: #58a6ff; --mark: #5b4210 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Arial, sans-serif }
main { max-width: 1000px; margin: 0 auto; padding: 24px 16px 64px }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 } h3 { font-size: 1rem; margin: 16px 0 4px }
h2 { font-size: 1.25rem; margin: 48px 0 8px; padding-top: 12px; border-top: 1px solid var(--line) }
h1, p, pre, .asked, .said > div { overflow-wrap: anywhere }
p, details { margin: 8px 0 } small { font-size: .82rem }
summary { cursor: pointer; color: var(--link) } mark { background: var(--mark); color: var(--ink) }
.soft, .open { color: var(--soft) } .right { color: var(--good) } .wrong { color: var(--bad) }
.near { color: var(--near) } .note { border-left: 4px solid var(--near); padding: 4px 12px }
.tiles div, .pair, pre { border: 1px solid var(--line); border-radius: 8px }
.tiles div, .asked, pre { background: var(--card); padding: 10px 12px }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 10px }
.tiles b { display: block; font-size: 1.1rem; white-space: nowrap }
.look, .kinds { display: flex; flex-wrap: wrap; align-items: start; gap: 10px 32px }
svg { max-width: 100%; height: auto } .kinds table { flex: 1 1 330px; font-size: .9rem }
.pair { margin: 12px 0; overflow: hidden; color: var(--ink) }
.said { display: flex; flex-direction: column; gap: 1px; background: var(--line) }
.said > div { background: var(--ground); padding: 8px 12px; flex: 1 }
.asked, .said > div, pre { white-space: pre-wrap } pre { font-size: .85rem }
.said small, .asked small { display: block; color: var(--soft) }
@media (min-width: 720px) { .said { flex-direction: row } .narrow { display: none } }
@media (max-width: 719px) { .wide-only { display: none } }
input { position: absolute; opacity: 0 }
label { display: inline-block; cursor: pointer; background: var(--card); padding: 2px 8px;
  margin: 2px 4px 2px 0; border: 1px solid var(--line); border-radius: 6px }
input:checked + label { border-color: var(--link); box-shadow: inset 0 -3px var(--link) }
input:focus-visible + label, .tokens > :hover, .tokens > :focus { outline: 2px solid var(--link) }
.stop, .head, .word { display: none }
.look .arc { visibility: hidden } #word-all:checked ~ .look .arc { visibility: visible }
.tokens { display: flex; flex-wrap: wrap; gap: 6px 2px; margin: 4px 0 22px;
  font: 12px/1.35 ui-monospace, Menlo, Consolas, monospace }
.tokens span { display: grid; text-align: center } .tokens i { color: var(--soft) }
.tokens i, .tokens b { font: inherit; padding: 1px 3px; white-space: pre }
.tokens b { background: rgb(var(--hot) / var(--l, 0)); border: 1px solid transparent }
.tokens .off b { color: var(--soft); border: 1px dashed var(--line) }
.tokens span:hover::after, .tokens span:focus::after { content: attr(data-loss); z-index: 1;
  position: fixed; bottom: 16px; left: 16px; padding: 4px 10px; font-size: 1rem;
  background: var(--ink); color: var(--ground); border-radius: 6px }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: 4px 12px 4px 0; text-align: left; border-bottom: 1px solid var(--line) }
.wide :is(th, td) + * { text-align: right } .wide td + td { white-space: nowrap }
"""
    + plot.STYLE
)


def document(title: str, body: Iterable[str]) -> str:
    """An HTML document of some parts, with the page's style."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><main>\n{chr(10).join(filter(None, body))}\n</main></body></html>\n"
    )


def section(title: str, *parts: str) -> str:
    """A heading with an id, and what is under it."""
    name = escape(title.lower().replace(" ", "-").replace(",", ""))
    return f'<h2 id="{name}">{escape(title)}</h2>\n' + "\n".join(parts)


def soft(text: str) -> str:
    """A paragraph that explains, of HTML."""
    return f'<p class="soft">{text}</p>'


def folded(summary: str, *parts: str) -> str:
    """What is folded under a line, both in HTML."""
    return f"<details><summary>{summary}</summary>{''.join(parts)}</details>"


def first_of(parts: Sequence[str], shown: int) -> str:
    """The first parts; the rest is folded."""
    rest = parts[shown:]
    return "".join(parts[:shown]) + (folded(f"{len(rest)} more", *rest) if rest else "")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells in HTML."""
    lines = ["".join(f"<th>{cell}</th>" for cell in head)]
    lines += ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def radios(group: str, labels: Mapping[str, str], checked: int, *effects: str) -> str:
    """Radio buttons with the ids group-key, labels in HTML; the one of a number, from 0, is chosen.

    An effect is a CSS rule about what comes after the buttons, with KEY for the chosen one's key.
    """
    rules = [f"#{group}-{key}:checked ~ {e.replace('KEY', key)}" for key in labels for e in effects]
    return f"<style>{''.join(rules)}</style>" + "".join(
        f'<input type="radio" name="{group}" id="{group}-{key}"{" checked" * (i == checked)}>'
        f'<label for="{group}-{key}">{label}</label>'
        for i, (key, label) in enumerate(labels.items())
    )


def charts(draw: Callable[[int], str]) -> str:
    """A chart for screens and the same for phones, of which one is shown."""
    wide, narrow = draw(plot.WIDE), draw(plot.NARROW)
    return f'<div class="wide-only">{wide}</div><div class="narrow">{narrow}</div>'
