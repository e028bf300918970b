"""The arguments of an IMAP command as values."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.fetch import parse_items
from lazr_smtptest.readers.imap.syntax import Atom, Literal, Quoted, values_of

# What is sent, and the values: RFC 3501 sections 4 and 9.
VALUES = {
    "nothing": ([b""], []),
    "an atom": ([b"INBOX"], [Atom(b"INBOX")]),
    "two atoms": ([b"1:3,5 FLAGS"], [Atom(b"1:3,5"), Atom(b"FLAGS")]),
    "a flag": ([rb"\Seen"], [Atom(rb"\Seen")]),
    "a pattern": ([b"a/%.*"], [Atom(b"a/%.*")]),
    "a quoted string": ([b'"a b"'], [Quoted(b"a b")]),
    "an empty string": ([b'""'], [Quoted(b"")]),
    "a quote with a backslash": ([rb'"p\"w"'], [Quoted(b'p"w')]),
    "a backslash with a backslash": ([rb'"p\\w"'], [Quoted(rb"p\w")]),
    "UTF-8 in a string": (['"ä"'.encode()], [Quoted("ä".encode())]),
    "a parenthesis in a string": ([b'")("'], [Quoted(b")(")]),
    "a literal": ([b"", Literal(b"a\r\n("), b""], [Literal(b"a\r\n(")]),
    "an empty literal": ([b"", Literal(b""), b""], [Literal(b"")]),
    "a literal after an atom": (
        [b"LOGIN ", Literal(b"a b"), b' "c"'],
        [Atom(b"LOGIN"), Literal(b"a b"), Quoted(b"c")],
    ),
    "a literal in a list": ([b"(", Literal(b"a"), b")"], [[Literal(b"a")]]),
    "an empty list": ([b"()"], [[]]),
    "a list of lists": ([b"(a (b) ())"], [[Atom(b"a"), [Atom(b"b")], []]]),
    "a list that begins with lists": (
        [b"((a) b) c"],
        [[[Atom(b"a")], Atom(b"b")], Atom(b"c")],
    ),
    "a section": ([b"BODY[]"], [Atom(b"BODY[]")]),
    "a section in lower case": ([b"body.peek[text]"], [Atom(b"body.peek[text]")]),
    "a part of a section": ([b"BODY[1.2]<0.10>"], [Atom(b"BODY[1.2]<0.10>")]),
    "a section with fields": (
        [b"(UID BODY.PEEK[HEADER.FIELDS (A B)]<0.9>)"],
        [[Atom(b"UID"), Atom(b"BODY.PEEK[HEADER.FIELDS (A B)]<0.9>")]],
    ),
    "a section with a bracket in a string": (
        [b'BODY[HEADER.FIELDS ("]" B)] UID'],
        [Atom(b'BODY[HEADER.FIELDS ("]" B)]'), Atom(b"UID")],
    ),
    "a section with literals": (
        [b"BODY[HEADER.FIELDS (", Literal(b'a"'), b" ", Literal(b"b\\"), b")] UID"],
        [Atom(rb'BODY[HEADER.FIELDS ("a\"" "b\\")]'), Atom(b"UID")],
    ),
    "a binary section": ([b"BINARY.SIZE[1]"], [Atom(b"BINARY.SIZE[1]")]),
    "a name that begins like a section": (
        [b"BODY[a BODY[b"],
        [Atom(b"BODY[a"), Atom(b"BODY[b")],
    ),
    "brackets in another name": ([b"a[b]c"], [Atom(b"a[b]c")]),
}

# What is sent, and the end of the error.
WRONG = {
    "a space at the end": ([b"a "], "list, not ''"),
    "a space at the beginning": ([b" a"], "list, not ' a'"),
    "two spaces": ([b"a  b"], "list, not ' b'"),
    "a space in an empty list": ([b"( )"], "list, not ' )'"),
    "a list without its end": ([b"(a"], "a parenthesis is not closed"),
    "a list without its beginning": ([b"a)"], "a parenthesis was not opened, not ')'"),
    "an end alone": ([b")"], "a parenthesis was not opened, not ')'"),
    "no space after a string": ([b'"a"b'], "expected a space, not 'b'"),
    "no space before a string": ([b'a"b"'], "expected a space, not '\"b\"'"),
    "no space before a list": ([b"a(b)"], "expected a space, not '(b)'"),
    "no space after a list": ([b"(a)b"], "expected a space, not 'b'"),
    "no space before a literal": ([b"a", Literal(b"b"), b""], "not '\\n'"),
    "a string without its end": ([b'"a'], "list, not '\"a'"),
    "another letter with a backslash": ([rb'"\n"'], r"""list, not '"\\n"'"""),
    "NUL in a string": ([b'"\0"'], "list, not '\"\\x00\"'"),
    "NUL in an atom": ([b"a\0"], "expected a space, not '\\x00'"),
    "a control character": ([b"\x1b"], "list, not '\\x1b'"),
    "an atom that is not ASCII": ([b"\xff"], "list, not '\\xff'"),
    "a brace": ([b"{5}"], "list, not '{5}'"),
    "a line feed": ([b"a\nb"], "a line feed is not allowed in a command"),
    "a line end in a section": (
        [b"BODY[HEADER.FIELDS (", Literal(b"a\r\n"), b")]"],
        "a line end or NUL is not allowed in a section",
    ),
}


def types_of(value):
    """Return the types of a value, in lists as the value has them."""
    return list(map(types_of, value)) if isinstance(value, list) else type(value)


@pytest.mark.parametrize(("parts", "values"), VALUES.values(), ids=VALUES)
def test_the_arguments_become_values_of_their_types(parts, values):
    """Each word is an atom, a string or a literal; parentheses are lists."""
    parsed = values_of(parts)
    assert (parsed, types_of(parsed)) == (values, types_of(values))


@pytest.mark.parametrize(("parts", "error"), WRONG.values(), ids=WRONG)
def test_malformed_arguments_are_refused(parts, error):
    """The error names what was expected, and where."""
    with pytest.raises(CommandError) as caught:
        values_of(parts)
    assert caught.value.text.endswith(error)


def test_an_error_of_syntax_is_bad():
    """RFC 3501 section 7.1.3: BAD for what cannot be parsed."""
    with pytest.raises(CommandError) as caught:
        values_of([b"("])
    assert caught.value.status == "BAD"


def test_an_error_shows_the_beginning_of_a_long_word():
    """An error is one short line, whatever was sent."""
    with pytest.raises(CommandError) as caught:
        values_of([b"{" * 60_000])
    assert len(caught.value.text) < 100


def test_fifty_lists_may_be_nested():
    """The bound is far above what clients send."""
    value = values_of([b"(" * 50 + b")" * 50])
    for _ in range(50):
        (value,) = value
    assert value == []


@pytest.mark.parametrize("depth", [51, 2000, 30_000])
def test_more_lists_are_refused(depth):
    """Nesting is bounded, without recursion."""
    with pytest.raises(CommandError) as caught:
        values_of([b"(" * depth + b")" * depth])
    assert caught.value.text == "at most 50 parentheses may be nested"


def test_the_end_of_a_section_is_searched_once():
    """Many names such as ``BODY[`` cost no more than other names."""
    assert len(values_of([b" ".join([b"BODY["] * 10_000)])) == 10_000


def test_a_section_is_an_item_of_a_fetch():
    """The atom of a section is what FETCH parses."""
    (section,) = parse_items(
        values_of([b"(FLAGS BODY.PEEK[HEADER.FIELDS (Subject)])"])
    ).sections
    assert section.is_peek


WORDS = st.recursive(
    st.one_of(
        st.from_regex(rb"[A-Z0-9\\*%]+", fullmatch=True).map(Atom),
        st.from_regex(rb"[^\x00\r\n]*", fullmatch=True).map(Quoted),
        st.binary().map(Literal),
    ),
    st.lists,
    max_leaves=20,
)


def sent(value):
    """Return the parts that a client sends for a value."""
    if isinstance(value, list):
        return [b"(", *sent_all(value), b")"]
    if isinstance(value, Quoted):
        escaped = value.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        return [b'"' + escaped + b'"']
    return [value]


def sent_all(values):
    """Return the parts of all values, with spaces between them."""
    parts = []
    for value in values:
        parts += [b" "] * bool(parts) + sent(value)
    return parts


@pytest.mark.slow
@given(st.lists(WORDS))
def test_values_that_were_sent_are_parsed_again(values):
    """Whatever a client sends by the grammar arrives."""
    parsed = values_of(sent_all(values))
    assert (parsed, types_of(parsed)) == (values, types_of(values))


@given(st.lists(st.one_of(st.binary(), st.binary().map(Literal))))
def test_any_bytes_are_parsed_or_refused(parts):
    """Malformed bytes raise no other error, and the error can be sent in a line."""
    text = "-"
    try:
        values_of(parts)
    except CommandError as error:
        text = error.text
    assert re.fullmatch("[ -~]+", text)
