"""What the pages say is true: their code is the code, their links lead somewhere, their commands exist."""

import re
from pathlib import Path

import pytest

import drivers
from edge.cli import COMMANDS

ROOT = Path(__file__).parent.parent
FOLDERS = "edge|drivers|tests|docs|config|systemd|hw_tests|scripts"
PAGES = sorted(page for page in ROOT.rglob("*.md") if not {".venv", "node_modules"} & set(page.parts))


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


def test_the_driver_in_contributing_is_the_driver_in_the_tree():
    assert blocks("CONTRIBUTING.md", "python") == [(ROOT / "drivers/air/sds011.py").read_text()]
    assert blocks("CONTRIBUTING.md", "text") == [(ROOT / "tests/captures/sds011/start.trace").read_text()]
    assert blocks("CONTRIBUTING.md", "json") == [(ROOT / "tests/captures/sds011/start.expect").read_text()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_are_named_exist(page):
    for code in re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8")):
        for name in re.findall(rf"(?<![\w./-])(?:{FOLDERS})/[\w./-]*\.\w+", code):
            assert (ROOT / name).exists(), f"{page.name} names {name}"
        for name in re.findall(r"-m (tests\.[\w.]+)", code):
            path = ROOT / name.replace(".", "/")
            assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), f"{page.name} runs {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_are_shown_exist(page):
    for block in blocks(page, "sh") + blocks(page, "console"):
        for command in re.findall(r"(?:^|/|\$ )edge (\w+)", block, re.MULTILINE):
            assert command in COMMANDS, f"{page.name} shows edge {command}"


def test_the_readme_counts_the_drivers_right():
    assert f"# {len(drivers.names())} sensors;" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_decisions_have_a_number_each_and_the_index_has_them_all():
    pages = sorted(page.name for page in (ROOT / "docs/decisions").glob("[0-9]*.md"))
    listed = re.findall(r"^\| \[(\d+)\]\((.*?)\)", (ROOT / "docs/decisions/README.md").read_text(), re.MULTILINE)
    assert [name for _, name in listed] == pages
    for place, (number, name) in enumerate(listed, start=1):
        title = (ROOT / "docs/decisions" / name).read_text()
        assert (number, name[:4], title[:6]) == (f"{place:03}", f"{number}-", f"# {number} ")


def test_the_architecture_has_a_place_for_everything():
    """Rows name folders and files from the root, further files of a row without their folder."""
    named = set()
    for row in re.findall(r"^\| (`.*?`) \|", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), re.MULTILINE):
        first, *others = re.findall(r"`([\w./]+)`", row)
        named |= {ROOT / first, *((ROOT / first).parent / other for other in others)}
    assert [str(path) for path in named if not path.exists()] == []
    there = [path for path in (ROOT / "edge").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    assert [path.name for path in there if path not in named and not path.name.startswith("__")] == []


def test_the_how_tos_are_all_in_their_index():
    folder = ROOT / "docs/how-to"
    listed = re.findall(r"^\| \[.*?\]\((.*?)\)", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(page.name for page in folder.glob("*.md") if page.name != "README.md")
