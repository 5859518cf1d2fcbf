"""Every numbered equation is a line of the package or is proven by a cell."""

import re
from collections import Counter

from rnncourse import equations, notebooks


def tags_in_the_text() -> list[str]:
    texts = (notebooks.chapters_folder() / "src").glob("*.md")
    return [n for path in texts for n in equations.TAG.findall(path.read_text("utf-8"))]


def test_each_equation_has_a_number_of_its_own():
    twice = [n for n, k in Counter(tags_in_the_text()).items() if k > 1]
    assert twice == []


def test_each_equation_stands_in_a_block_that_colab_and_the_page_understand():
    assert sorted(tags_in_the_text(), key=equations.order) == list(equations.collect())


def test_each_equation_is_a_line_of_the_package_or_proven_by_a_cell(capsys):
    found = equations.collect().values()
    unknown = [e.number for e in found if not e.known]
    with capsys.disabled():  # a figure that every run shows
        print(f"\n{len(found)} equations, {len(unknown)} without line or cell")
    assert len(found) > 30
    assert unknown == []


def test_each_number_cited_in_the_package_is_written_in_its_chapter():
    written = set(equations.collect())
    chapters = {number.split(".")[0] for number in written}
    cited = {n for n, _ in equations.citations() if n.split(".")[0] in chapters}
    assert cited
    assert cited - written == set()


def test_no_cell_claims_to_prove_an_equation_that_is_not_written():
    written = set(equations.collect())
    claimed = {
        number
        for slug in notebooks.known()
        for cell in notebooks.render(slug).cells
        for number in equations.proven(cell.metadata.get("tags", []))
    }
    assert claimed - written == set()


def test_each_proof_has_a_cell_that_can_fail():
    """A proof may run over two cells; one of them asserts."""
    can_fail: dict[str, bool] = {}
    for slug in notebooks.known():
        for cell in notebooks.render(slug).cells:
            fails = bool(re.search(r"\bassert\b|check_gradient\(", cell.source))
            for number in equations.proven(cell.metadata.get("tags", [])):
                can_fail[number] = can_fail.get(number, False) or fails
    assert can_fail
    assert [number for number, fails in can_fail.items() if not fails] == []


def test_the_order_of_numbers_is_that_of_a_reader():
    assert sorted(["8.10", "8.9", "7.2"], key=equations.order) == ["7.2", "8.9", "8.10"]
