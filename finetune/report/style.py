"""How the page looks: on wide screens and phones, in light and in dark."""

from collections.abc import Callable, Mapping
from html import escape

from finetune import plot

THEMES = {
    "light": {
        "ink": "#1f2328", "soft": "#59636e", "ground": "#ffffff", "card": "#f6f8fa",
        "line": "#d1d9e0", "hot": "232 93 32", "good": "#1a7f37", "bad": "#b42318",
        "near": "#8a5300", "link": "#0860ca", "mark": "#ffe2a8",
    },
    "dark": {
        "ink": "#e6edf3", "soft": "#9198a1", "ground": "#0d1117", "card": "#151b23",
        "line": "#3d444d", "hot": "160 62 16", "good": "#3fb950", "bad": "#ff7b72",
        "near": "#d9a13b", "link": "#58a6ff", "mark": "#5b4210",
    },
}  # fmt: skip
COLORS = {look: ";".join(f"--{n}:{c}" for n, c in each.items()) for look, each in THEMES.items()}

STYLE = (
    f"""
:root {{ {COLORS["light"]}; color-scheme: light dark }}
@media (prefers-color-scheme: dark) {{ :root {{ {COLORS["dark"]} }} }}
"""
    + """
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Arial, sans-serif }
main { max-width: 1000px; margin: 0 auto; padding: 24px 16px 64px }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 8px; overflow-wrap: anywhere }
h2 { font-size: 1.25rem; margin: 48px 0 8px; padding-top: 12px;
  border-top: 1px solid var(--line) }
h3 { font-size: 1rem; margin: 16px 0 4px }
p { margin: 8px 0; overflow-wrap: anywhere }
.soft { color: var(--soft) } small { font-size: .82rem }
.note { border-left: 4px solid var(--near); padding: 4px 12px }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 10px;
  margin: 20px 0 }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 10px 12px }
.tile b { display: block; font-size: 1.1rem; white-space: nowrap;
  font-variant-numeric: tabular-nums }
.plots { display: flex; flex-wrap: wrap; gap: 10px } svg { max-width: 100%; height: auto }
.narrow { display: none }
@media (max-width: 719px) { .wide-only { display: none } .narrow { display: block } }
.pair { border: 1px solid var(--line); border-radius: 8px; margin: 12px 0; overflow: hidden }
.asked { background: var(--card); padding: 10px 12px }
.said { display: flex; flex-direction: column; gap: 1px; background: var(--line) }
@media (min-width: 720px) { .said { flex-direction: row } .said > div { flex: 1 1 0 } }
.said > div { background: var(--ground); padding: 8px 12px }
.asked, .said > div { white-space: pre-wrap; overflow-wrap: anywhere }
.said small, .asked small { display: block; color: var(--soft) }
.right { color: var(--good) } .wrong { color: var(--bad) } .near { color: var(--near) }
.open { color: var(--soft) } .pair { color: var(--ink) }
mark { background: var(--mark); color: var(--ink); border-radius: 3px }
input { position: absolute; opacity: 0 }
label { display: inline-block; cursor: pointer; background: var(--card); padding: 2px 8px;
  margin: 2px 4px 2px 0; border: 1px solid var(--line); border-radius: 6px }
input:checked + label { border-color: var(--link); box-shadow: inset 0 -3px var(--link) }
input:focus-visible + label { outline: 2px solid var(--link) }
.stop, .head, .word { display: none }
.look { display: flex; flex-wrap: wrap; gap: 8px 32px; margin-top: 12px }
.look .arc { visibility: hidden } #word-all:checked ~ .look .arc { visibility: visible }
#show-right:checked ~ .cards .pair:not(.right), #show-near:checked ~ .cards .pair:not(.near),
#show-wrong:checked ~ .cards .pair:not(.wrong), #show-open:checked ~ .cards .pair:not(.open)
  { display: none }
.tokens { display: flex; flex-wrap: wrap; gap: 6px 2px; margin: 4px 0 22px;
  font: 12px/1.35 ui-monospace, Menlo, Consolas, monospace }
.tokens span { display: grid; grid-template-rows: repeat(3, auto); min-width: 12px }
.tokens i, .tokens b { font: inherit; padding: 1px 3px; white-space: pre; text-align: center;
  min-height: 1.6em }
.tokens i { color: var(--soft) }
.tokens b { background: rgb(var(--hot) / var(--l, 0)); border: 1px solid transparent }
.tokens .off b { background: none; color: var(--soft); border: 1px dashed var(--line) }
.tokens span:hover::after, .tokens span:focus::after { content: attr(data-loss); z-index: 1;
  position: fixed; bottom: 16px; left: 16px; padding: 4px 10px; font-size: 1rem;
  background: var(--ink); color: var(--ground); border-radius: 6px }
.tokens span:hover, .tokens span:focus { outline: 2px solid var(--link) }
.key { display: inline-block; width: 120px; height: 12px; vertical-align: middle;
  background: linear-gradient(90deg, rgb(var(--hot) / 0), rgb(var(--hot) / 1));
  border: 1px solid var(--line) }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: 4px 12px 4px 0; text-align: left; border-bottom: 1px solid var(--line) }
td.n, th.n { text-align: right } td.n { white-space: nowrap }
.kinds { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr));
  gap: 0 32px; align-items: start } .kinds table { width: 100%; font-size: .9rem }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px;
  white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem }
summary { cursor: pointer; color: var(--link) } details { margin: 8px 0 }
"""
    + plot.STYLE
)


def section(title: str, *parts: str) -> str:
    """A heading with an id, and what is under it."""
    name = escape(title.lower().replace(" ", "-").replace(",", ""))
    return f'<h2 id="{name}">{escape(title)}</h2>\n' + "\n".join(parts)


def radios(name: str, labels: Mapping[str, str], checked: int = 1) -> str:
    """Radio buttons with the ids name-key and labels in HTML; the one of that number is chosen."""
    return "".join(
        f'<input type="radio" name="{name}" id="{name}-{key}"{" checked" * (i == checked)}>'
        f'<label for="{name}-{key}">{label}</label>'
        for i, (key, label) in enumerate(labels.items(), start=1)
    )


def both_widths(draw: Callable[[int], str]) -> str:
    """A chart for screens and the same for phones, of which one is shown."""
    return (
        f'<div class="wide-only">{draw(plot.WIDE)}</div>'
        f'<div class="narrow">{draw(plot.NARROW)}</div>'
    )
