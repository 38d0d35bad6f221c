"""The page builder."""

from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.export import html

VOID = {"meta", "br", "hr"}
BAD = "<script>alert('x')</script>\"&"


class Checker(HTMLParser):
    """Checks that tags are closed in the order of their opening."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def check(text):
    checker = Checker()
    checker.feed(text)
    checker.close()
    assert checker.open == []
    return checker.seen


def test_whatever_people_type_is_escaped_everywhere():
    text = html.page(
        BAD,
        BAD,
        html.paragraph(BAD, kind=BAD),
        html.note(BAD),
        html.code([BAD]),
        html.tiles([(BAD, BAD)]),
        html.figure("<svg></svg>", BAD),
        html.details(BAD, BAD),
        html.table([BAD, html.Column(BAD, numeric=True, hint=BAD)], [(BAD, BAD)], marked=frozenset([0])),
        html.section(BAD, BAD, anchor=BAD),
        links=[(BAD, BAD)],
        footer=BAD,
    )
    assert "<script" not in text
    assert "script" not in {tag for tag, _ in check(text)}


@settings(deadline=None, max_examples=50)
@given(st.text(), st.lists(st.tuples(st.text(), st.text()), max_size=3))
def test_any_text_gives_a_well_formed_page(content, rows):
    check(html.page(content, html.table(("a", "b"), rows), html.paragraph(content), footer=content))


def test_rows_are_highlighted_and_numbers_stand_right():
    text = html.table(["a", html.Column("b", numeric=True)], [("1", "2"), ("3", "4")], bad=frozenset([1]))
    assert '<tr><td class="t">1</td><td class="n">2</td></tr>' in text
    assert '<tr class="bad"><td class="t">3</td>' in text


def test_a_page_can_do_without_everything():
    text = html.page("t")
    assert "<nav" not in text
    assert html.tiles([]) == ""
    check(text)
