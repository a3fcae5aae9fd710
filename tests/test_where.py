import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.settings.where import Place, positions

TRICKY = [
    "",
    "# only a comment",
    "a = 1",
    "a.b.c = 1\na.b.d = 2\n\n[x]\ny.z = 1 # [no]\n",
    '"a.b" = 1\n\'c d\'."e\\"f" = 2\n"\\u00e9" = "]"\n',
    "[[s]]\nn = 1\n[s.o]\nk = 2\n[[s.f]]\nt = 1\n[[s.f]]\nt = 2\n[[s]]\n[[s.f]]\nt = 3\n[s.f.x]\ny = 1\n",
    "[ a . 'b' ]\nc = 1\n[ [q] ]\n".replace("[ [q] ]", "[[ q ]]"),
    "[a.b.c]\nx = 1\n[a]\ny = 2\n",
    "p = [ 1, [2, 3,], # ]\n  'x', \n]\nq = []\nr = [\n\n]\n",
    'p = { x = 1, y.z = [ { u = "}" }, {} ], "w" = {} } # }\nq = 2\n',
    's = """\n[x]\na = 1 \\" \\\n""" \nt = \'\'\'\n[[y]]\n"""\'\'\'\nu = 1\n',
    's = """a"""""\nt = \'\'\'b\'\'\'\'\'\nu = """"""\nv = \'\'\'\'\'\'\nw = """ "" " \\\\"""\n',
    "d = 1979-05-27 07:32:00 # x\ne = 1979-05-27T07:32:00Z\nf = 0xff\ng = -inf\nh = 1_000.5e-3\n",
    'x = "a # b"\ny = \'c, "d"\'\nz = ["a,b", \'c]\', "d\\"]"]\n',
    "\t a =\t1\t\n  [ t ]\t# c\n\tb\t=\t2",
    "[[a]]\n[[a.b]]\n[[a.b.c]]\nd = 1\n[[a.b.c]]\n[a.b.c.e]\nf = 2\n",
]


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def span(text, place):
    return text.split("\n")[place.line - 1][place.column - 1 :][: place.length]


def agrees(text):
    """Every leaf has a place, and what stands there reads as its value."""
    where = positions(text)
    for path, value in leaves(tomllib.loads(text)):
        written = span(text, where.values[path])
        assert written
        if not written.startswith(('"""', "'''")):
            assert repr(tomllib.loads(f"k = {written}")["k"]) == repr(value)
        if not isinstance(path[-1], int):
            assert tomllib.loads(f"{span(text, where.keys[path])} = 1") == {path[-1]: 1}
    assert set(where.values) >= {path for path, _ in leaves(tomllib.loads(text))}


@pytest.mark.parametrize("text", TRICKY)
def test_every_leaf_has_a_place(text):
    agrees(text)


def test_every_table_has_a_header():
    where = positions(TRICKY[5])
    assert where.headers == {
        ("s", 0): Place(1, 3, 1),
        ("s", 0, "o"): Place(3, 2, 3),
        ("s", 0, "f", 0): Place(5, 3, 3),
        ("s", 0, "f", 1): Place(7, 3, 3),
        ("s", 1): Place(9, 3, 1),
        ("s", 1, "f", 0): Place(10, 3, 3),
        ("s", 1, "f", 0, "x"): Place(12, 2, 5),
    }
    assert where.keys["s", 0, "o"] == Place(3, 4, 1)


def test_places_count_from_one_and_end_with_the_value():
    where = positions('[n]\n  key = "text"  # comment\nlist = [1,\n 22]\n')
    assert where.keys["n", "key"] == Place(2, 3, 3)
    assert where.values["n", "key"] == Place(2, 9, 6)
    assert where.values["n", "list"] == Place(3, 8, 3)
    assert where.values["n", "list", 1] == Place(4, 2, 2)


KEY = st.sampled_from(["a", "b-1", '"q.x"', "'l l'", '"\\u00e9"', "_"])
VALUE = st.recursive(
    st.sampled_from(
        ["1", "-2.5", "true", '"x # ]"', "'y}'", '"""m\n,"""', "'''n'n\n'''", "1979-05-27 07:32:00", '"\\""']
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[ " + ", # c ]\n".join(items) + "\n]"),
        st.lists(st.tuples(KEY, inner), max_size=3, unique_by=lambda pair: pair[0]).map(
            lambda pairs: "{ " + ", ".join(f"{key} = {value}" for key, value in pairs) + " }"
        ),
    ),
    max_leaves=6,
)
LINE = st.one_of(
    st.tuples(st.lists(KEY, min_size=1, max_size=2), VALUE).map(lambda kv: f"{'.'.join(kv[0])} = {kv[1]}"),
    st.lists(KEY, min_size=1, max_size=2).map(lambda keys: f"[{' . '.join(keys)}]"),
    st.lists(KEY, min_size=1, max_size=2).map(lambda keys: f"[[{'.'.join(keys)}]] # x"),
)


@given(st.lists(LINE, max_size=8))
def test_places_agree_with_tomllib_on_any_document(lines):
    good = []
    for line in lines:  # a line that tomllib refuses here is left out
        try:
            tomllib.loads("\n".join([*good, line]))
        except tomllib.TOMLDecodeError:
            continue
        good.append(line)
    agrees("\n".join(good))
