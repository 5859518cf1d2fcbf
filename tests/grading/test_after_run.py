"""Feedback, report, export and regrade on a real run with nbgrader's gradebook."""

import contextlib
import json
import os
import re
import shutil
import sqlite3
import warnings
from dataclasses import replace

import pytest

from rnncourse import cli
from rnncourse import grade_commands as commands
from rnncourse.checks import all_checks
from rnncourse.grading import engine, feedback, gradebook, history, regrade
from rnncourse.grading.limits import Limits

from .common import (
    POINTS,
    SHORT,
    filled,
    leftovers,
    linux,
    make_releases,
    model,
    write,
)
from .test_clean import HOSTILE, ran

pytestmark = linux
FIRST = "unrolled-sum-check"
HALF = """
def output_step(x, y_prev, W_x, W_o, b, W_y, b_y):
    h = np.tanh(x @ W_x + y_prev @ W_o + b)
    return h, h @ W_y
"""


def hand_ins():
    plotted = filled(model())
    source = "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()"
    source += "\nfrom IPython.display import HTML, display\ndisplay(HTML(HOSTILE))"
    own = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    source = f"HOSTILE = {HOSTILE[0]!r}\n{source}"
    plotted["cells"].insert(2, {**own, "source": source})
    for text in HOSTILE:
        said = {"cell_type": "markdown", "metadata": {}, "source": text}
        plotted["cells"].insert(2, said)
    half = {
        **model(),
        "output-step": HALF,
        "unrolled-sum": "def unrolled_sum(b, c):\n    pass",
    }
    return {"plotted": plotted, "half": filled(half), "model": filled(model())}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Grade a course folder as the exchange leaves it, and write the pages."""
    top = tmp_path_factory.mktemp("course")
    make_releases(top / "release")
    for name, notebook in hand_ins().items():
        folder = top / "submitted" / name / SHORT
        write(folder / f"{SHORT}.ipynb", notebook)
        (folder / "timestamp.txt").write_text("2026-11-20 18:00:00.000000 UTC")
        (folder / "submission_secret.txt").write_text(f"secret of {name}")
    folder = top / "submitted" / "broken" / SHORT
    folder.mkdir(parents=True)
    (folder / f"{SHORT}.ipynb").write_bytes(b"\xff\xfe\x00")
    (folder / "timestamp.txt").symlink_to("/etc/passwd")
    settings = settings_of(top)
    plan = engine.plan(settings)
    results = engine.grade(settings, plan)
    lines = commands.after_run(settings, plan, results)
    assert leftovers() == set()
    return {"top": top, "lines": lines}


def settings_of(top):
    return engine.Settings(
        folder=top,
        releases=top / "release",
        jobs=2,
        public=True,
        limits=Limits(cell_seconds=20),
    )


def page_of(top, student):
    path = top / "feedback" / student / SHORT / f"{SHORT}.html"
    return path.read_text(encoding="utf-8")


def words(text):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


@contextlib.contextmanager
def book_of(top):
    with (
        warnings.catch_warnings(),
        gradebook.open_gradebook(f"sqlite:///{top / 'gradebook.db'}") as book,
    ):
        warnings.simplefilter("ignore")  # of nbgrader's own dependencies
        yield book


def call(*arguments, capsys=None):
    code = cli.main(list(map(str, arguments)))
    return code, capsys.readouterr()


def test_each_hand_in_has_a_page_with_its_points_and_reasons(course):
    assert any("feedback: 4 pages" in line for line in course["lines"])
    assert "6 of 6 points" in words(page_of(course["top"], "model"))
    half = words(page_of(course["top"], "half"))
    assert "unrolled_sum: 0 of 2 points" in half
    assert "◐" in half and "Asked for:" in half
    named = all_checks()["output-step"].mistakes
    assert any(mistake.message in half for mistake in named)
    assert "not" in words(page_of(course["top"], "broken"))


def test_a_learners_picture_is_on_the_page_and_nothing_runs(course, browser, tmp_path):
    text = page_of(course["top"], "plotted")
    assert 'src="data:image/png;base64,' in text
    assert ran(browser, tmp_path, text) == (False, [])


def test_the_exchange_can_release_what_was_written(course, tmp_path):
    beside = course["top"] / "feedback" / "half" / SHORT
    assert (beside / "submission_secret.txt").read_text() == "secret of half"
    assert not (
        course["top"] / "feedback" / "broken" / SHORT / "timestamp.txt"
    ).exists()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nbgrader's own dependencies
        from nbgrader.coursedir import CourseDirectory
        from nbgrader.exchange.default import ExchangeReleaseFeedback
        from nbgrader.utils import notebook_hash
        from traitlets.config import Config

        config = Config()
        config.Exchange.root = str(tmp_path)
        tmp_path.chmod(0o777)
        config.CourseDirectory.root = str(course["top"])
        config.CourseDirectory.course_id = "course"
        config.CourseDirectory.assignment_id = SHORT
        config.CourseDirectory.student_id_exclude = "broken"
        directory = CourseDirectory(config=config)
        exchange = ExchangeReleaseFeedback(coursedir=directory, config=config)
        before = os.getcwd()
        os.chdir(course["top"])  # where its command is run
        try:
            exchange.start()
        finally:
            os.chdir(before)
        name = notebook_hash(secret="secret of half", notebook_id=SHORT)
    released = tmp_path / "course" / "feedback" / f"{name}.html"
    assert released.read_text(encoding="utf-8") == page_of(course["top"], "half")


def test_marks_and_comments_of_a_person_are_on_the_page(course, tmp_path, capsys):
    top = tmp_path / "course"
    shutil.copytree(course["top"], top)
    with book_of(top) as book:
        grade = book.find_grade(FIRST, SHORT, SHORT, "half")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        comment = book.find_comment("unrolled-sum", SHORT, SHORT, "half")
        comment.manual_comment = "A good *start*."
        book.db.commit()
    code, said = call("grade", "feedback", top, "half", "--db", url(top), capsys=capsys)
    assert (code, "rnncourse: 1 page in " in said.out) == (0, True)
    text = page_of(top, "half")
    assert "unrolled_sum: 1.5 of 2 points" in words(text)
    assert "A person has set these points." in text
    assert "A good <em>start</em>." in text
    code, said = call(
        "grade", "feedback", top, "nobody", "--db", url(top), capsys=capsys
    )
    assert (code, "no hand-in of nobody" in said.err) == (1, True)


def url(top):
    return f"sqlite:///{top / 'gradebook.db'}"


def test_report_export_and_similarity_by_the_command(course, tmp_path, capsys):
    top = course["top"]
    report = tmp_path / "report.html"
    assert call("grade", "report", top, "--to", report, capsys=capsys)[0] == 0
    assert "4 hand-ins" in words(report.read_text(encoding="utf-8"))
    assert call("grade", "similarity", top, capsys=capsys)[0] == 0
    assert "alike" in (top / f"similar-{SHORT}.html").read_text(encoding="utf-8")
    code, said = call(
        "grade", "export", top, "--format", "moodle", "--to", tmp_path, capsys=capsys
    )
    assert (code, "broken is left out" in said.err) == (3, True)
    text = (tmp_path / f"{SHORT}-moodle.csv").read_text(encoding="utf-8")
    assert "model,,6," in text
    code, said = call("grade", "export", top, "--format", "csv", capsys=capsys)
    assert code == 0 and (top / "export" / f"{SHORT}.csv").exists()
    with pytest.raises(SystemExit) as wrong:
        cli.main(["grade", "export", str(top), "--format", "abacus"])
    assert wrong.value.code == 2


def test_collect_says_what_is_let_in_and_writes_nothing(course, tmp_path, capsys):
    top = tmp_path / "course"
    make_releases(top / "release")
    broken = filled(model())
    broken["cells"].reverse()
    write(top / "submitted" / "ada" / SHORT / f"{SHORT}.ipynb", broken)
    (top / "submitted" / "ben").mkdir()
    before = sorted(top.rglob("*"))
    code, said = call("grade", "collect", top, capsys=capsys)
    assert code == 3
    assert "ada: put right\n  Cells stood in another order" in said.out
    assert "ben: needs attention, there is no notebook." in said.out
    assert sorted(top.rglob("*")) == before
    code, said = call("grade", "collect", tmp_path / "none", capsys=capsys)
    assert (code, "there is no folder" in said.err) == (1, True)


def test_what_was_never_graded_says_what_to_do(tmp_path, capsys):
    for word in ("report", "feedback", "similarity", "regrade"):
        code, said = call("grade", word, tmp_path, capsys=capsys)
        assert (code, "run `rnncourse grade" in said.err) == (1, True)


def test_a_regrade_shows_first_and_writes_only_when_told(course, tmp_path, capsys):
    top = tmp_path / "course"
    shutil.copytree(course["top"], top)
    (top / ".grading" / f"{SHORT}.run.json").write_text(
        (course["top"] / ".grading" / f"{SHORT}.run.json")
        .read_text(encoding="utf-8")
        .replace(str(course["top"]), str(top)),
        encoding="utf-8",
    )
    with book_of(top) as book:
        grade = book.find_grade("numbers-kept-check", SHORT, SHORT, "model")
        grade.manual_score = 1.0
        book.db.commit()
    better = filled({**model(), "output-step": HALF})
    write(top / "submitted" / "half" / SHORT / f"{SHORT}.ipynb", better)
    before = marks_of(top)
    settings = settings_of(top)
    made = regrade.again(settings)
    assert [(c.student, c.cell, c.before, c.after) for c in made.changes] == [
        ("half", FIRST, 0.0, 2.0)
    ]
    assert "the hand-in changed" in made.changes[0].why
    assert "1 mark would change; 1 learner would gain, 0 would lose" in made.text
    assert marks_of(top) == before
    kept = regrade.apply(settings, made)
    assert "half," in kept.read_text(encoding="utf-8")
    after = marks_of(top)
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {("half", FIRST)}
    assert after["half", FIRST][0] == 2.0
    assert after["model", "numbers-kept-check"] == (2.0, 1.0)
    assert engine.plan(settings).to_grade == ()
    assert regrade.again(settings).changes == ()
    assert leftovers() == set()


def marks_of(top):
    finished = history.load(top, url=url(top))
    return {
        (student, cell): (mark.auto, mark.manual)
        for student, marks in finished.marks.items()
        for cell, mark in marks.items()
    }


def test_a_changed_release_is_named_as_the_cause(course):
    finished = history.load(course["top"])
    results = [
        replace(one, rows=json.loads(json.dumps(one.rows))) for one in finished.results
    ]
    for row in next(r for r in results if r.student == "model").rows["grades"]:
        row["auto_score"] = 0.5
    changes = regrade.compare(finished, results, "the checks changed")
    assert {change.student for change in changes} == {"model"}
    assert len(changes) == len(POINTS)
    assert all("loses" in c.text and "the checks changed" in c.text for c in changes)


def test_the_journal_keeps_the_grading_secret_out_of_reports(course):
    path = course["top"] / ".grading" / f"{SHORT}.journal"
    with contextlib.closing(sqlite3.connect(path)) as journal:
        row = journal.execute("select value from facts where name = 'secret'")
        secret = row.fetchone()[0]
    for page in course["top"].rglob("*.html"):
        assert secret not in page.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_made_is_told_and_stops_no_other(course, tmp_path):
    top = tmp_path / "course"
    shutil.copytree(course["top"], top)
    finished = replace(history.load(top, url=url(top)), out=top)
    path = top / "autograded" / "half" / SHORT / f"{SHORT}.ipynb"
    path.write_text("{", encoding="utf-8")
    told = []
    written = feedback.write(finished, tell=told.append)
    assert len(written) == 3
    assert len(told) == 1 and told[0].startswith("half: no feedback page")


def test_who_was_taken_out_of_the_gradebook_has_no_page(course, tmp_path):
    top = tmp_path / "course"
    shutil.copytree(course["top"], top)
    finished = replace(history.load(top, url=url(top)), out=top, url=url(top))
    with book_of(top) as book:
        book.remove_submission(SHORT, "half")
    told = []
    assert len(feedback.write(finished, tell=told.append)) == 3
    assert told == [f"half: {feedback.GONE}"]


def test_pages_are_the_same_from_several_processes(course, tmp_path, monkeypatch):
    monkeypatch.setattr(feedback, "WORTH_IT", 1)
    pages = {}
    for jobs in (1, 3):
        top = tmp_path / str(jobs)
        shutil.copytree(course["top"], top)
        shutil.rmtree(top / "feedback", ignore_errors=True)
        finished = replace(history.load(top, url=url(top)), out=top)
        written = feedback.write(finished, jobs=jobs)
        pages[jobs] = {str(one.relative_to(top)): one.read_bytes() for one in written}
    assert pages[1] == pages[3]
    assert len(pages[1]) == 4
