"""Small pages of HTML: one file, no links to the outside, readable on a phone and on paper.

Text given to these functions is escaped; what is markup already, as pictures are, is a :class:`Markup`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opt_twin.export.svg import escape

__all__ = [
    "Column",
    "Markup",
    "code",
    "details",
    "figure",
    "note",
    "page",
    "paragraph",
    "section",
    "table",
    "tiles",
]


class Markup(str):
    """Text that is HTML or SVG already and stands in a page as it is."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, whether it holds numbers, and a hint for people who point at it."""

    name: str
    numeric: bool = False
    hint: str = ""


_STYLE = """
:root{--ink:#1d2733;--muted:#55606d;--rule:#d9dee4;--pale:#f5f7f9;--blue:#0b4f8a;--red:#b3261e}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;color:var(--ink);background:#fff;
font:16px/1.5 "Helvetica Neue",Helvetica,Arial,"Liberation Sans",sans-serif}
main,header,footer{max-width:1040px;margin:0 auto;padding:0 20px}
h1{font-size:1.75rem;line-height:1.2;margin:1.6rem 0 .3rem}
h2{font-size:1.3rem;margin:2.6rem 0 .5rem;padding-top:.7rem;border-top:2px solid var(--ink)}
h3{font-size:1.02rem;margin:1.5rem 0 .3rem}
p{margin:.5rem 0;max-width:72ch}
ul{margin:.5rem 0;padding-left:1.2rem;max-width:72ch}
h1,p,li,dd,h2,h3{overflow-wrap:anywhere}
td.t{overflow-wrap:break-word}
.lead{font-size:1.08rem}
.muted{color:var(--muted);font-size:.92rem}
nav{margin:.8rem 0;font-size:.92rem}
nav a{color:var(--blue);margin-right:1rem;display:inline-block}
.box{overflow-x:auto;margin:.8rem 0;max-width:100%}
.box svg{display:block}
figure{margin:1rem 0}
figcaption{color:var(--muted);font-size:.92rem;max-width:72ch}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.28rem .7rem .28rem 0;border-bottom:1px solid var(--rule);vertical-align:top}
th{font-weight:600;border-bottom:2px solid var(--ink);vertical-align:bottom}
th.n,td.n{text-align:right;white-space:nowrap}
td.t{max-width:22em}
@media(max-width:700px){table{width:max-content}td.t{max-width:14em}}
tr.mark td{background:#fdf3dc;font-weight:600}
tr.bad td{color:var(--red)}
.note{border-left:4px solid #e39b1c;background:#fdf7ea;padding:.5rem .8rem;margin:.8rem 0;
max-width:76ch;overflow-wrap:anywhere}
.tiles{display:flex;flex-wrap:wrap;gap:12px;margin:1rem 0}
.tiles div{flex:1 1 165px;background:var(--pale);border-top:3px solid var(--blue);
padding:.6rem .8rem;min-width:0}
.tiles b{display:block;font-size:1.25rem;line-height:1.25;overflow-wrap:anywhere}
.tiles span{display:block;color:var(--muted);font-size:.86rem}
pre{background:var(--pale);padding:.7rem;overflow-x:auto;font-size:.86rem;max-width:100%}
summary{cursor:pointer;color:var(--blue);margin:.5rem 0}
footer{margin-top:2.5rem;padding-bottom:2rem;color:var(--muted);font-size:.86rem}
svg .jobs:hover>g{opacity:.2}
svg .jobs>g:hover{opacity:1}
@media print{nav{display:none}body{font-size:11pt}main,header,footer{max-width:none;padding:0}
.box{overflow:visible}.box svg{max-width:100%;height:auto}figure,table,.tiles{break-inside:avoid}
h2,h3{break-after:avoid}
tr.mark td,.tiles div,.note,pre,svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}
thead{display:table-header-group}}
"""


def _text(content: str) -> str:
    return content if isinstance(content, Markup) else escape(content)


def _attribute(name: str, value: str) -> str:
    """Return an attribute with a space before it, or nothing where the value is empty."""
    return f' {name}="{escape(value)}"' if value else ""


def paragraph(content: str, *, kind: str = "") -> Markup:
    """Return a paragraph; `kind` is ``lead``, ``muted`` or empty."""
    return Markup(f"<p{_attribute('class', kind)}>{_text(content)}</p>\n")


def note(content: str) -> Markup:
    """Return a sentence that must not be missed."""
    return Markup(f'<div class="note">{_text(content)}</div>\n')


def code(lines: Iterable[str]) -> Markup:
    """Return lines of text as they are typed."""
    return Markup(f"<pre>{escape(chr(10).join(lines))}</pre>\n")


def tiles(items: Iterable[tuple[str, str]]) -> Markup:
    """Return figures that catch the eye: (value, what it is)."""
    inner = "".join(f"<div><b>{_text(value)}</b><span>{_text(what)}</span></div>" for value, what in items)
    return Markup(f'<div class="tiles">{inner}</div>\n' if inner else "")


def figure(picture: str, caption: str = "") -> Markup:
    """Return a picture (SVG markup) in a box that scrolls where the screen is narrower, with its caption."""
    text = f"<figcaption>{_text(caption)}</figcaption>" if caption else ""
    return Markup(f'<figure><div class="box" tabindex="0">{picture}</div>{text}</figure>\n')


def details(summary: str, *content: str) -> Markup:
    """Return content that opens at a click."""
    return Markup(f"<details><summary>{_text(summary)}</summary>{''.join(map(_text, content))}</details>\n")


def table(
    columns: Sequence[Column | str],
    rows: Iterable[Sequence[str]],
    *,
    marked: frozenset[int] = frozenset(),
    bad: frozenset[int] = frozenset(),
) -> Markup:
    """Return a table in a box that scrolls where the screen is narrower.

    Parameters
    ----------
    columns
        From the left; plain text stands for a column of text.
    rows
        Cells, from the top.
    marked, bad
        Numbers of the rows that are highlighted, and of those that are printed red.
    """
    known = [column if isinstance(column, Column) else Column(column) for column in columns]
    head = "".join(
        f'<th scope="col"{_attribute("class", "n" if c.numeric else "")}{_attribute("title", c.hint)}>'
        f"{escape(c.name)}</th>"
        for c in known
    )
    body = []
    for at, row in enumerate(rows):
        kinds = " ".join(name for name, chosen in (("mark", marked), ("bad", bad)) if at in chosen)
        cells = "".join(
            f'<td class="{"n" if c.numeric else "t"}">{_text(cell)}</td>'
            for c, cell in zip(known, row, strict=True)
        )
        body.append(f"<tr{_attribute('class', kinds)}>{cells}</tr>\n")
    inner = f"<thead><tr>{head}</tr></thead>\n<tbody>{''.join(body)}</tbody>"
    return Markup(f'<div class="box" tabindex="0"><table>{inner}</table></div>\n')


def section(name: str, *content: str, anchor: str) -> Markup:
    """Return a section with its heading; `anchor` is what links point to."""
    return Markup(
        f'<section id="{escape(anchor)}"><h2>{_text(name)}</h2>\n{"".join(map(_text, content))}</section>\n'
    )


def page(title: str, *content: str, links: Sequence[tuple[str, str]] = (), footer: str = "") -> str:
    """Return a whole page.

    Parameters
    ----------
    title
        Of the page, also its first heading.
    content
        Markup; plain text is escaped.
    links
        (anchor, name) of the sections, for the line of links below the title.
    footer
        Below everything.
    """
    anchors = "".join(f'<a href="#{escape(anchor)}">{escape(name)}</a>' for anchor, name in links)
    navigation = f'<nav aria-label="Sections">{anchors}</nav>' if links else ""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>"
        f"<header><h1>{escape(title)}</h1>{navigation}</header>\n"
        f"<main>{''.join(map(_text, content))}</main>\n"
        f"<footer>{_text(footer)}</footer></body></html>\n"
    )
