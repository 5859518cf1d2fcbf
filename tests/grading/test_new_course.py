"""A course folder of one's own, and its upgrades; certificates of the assignments."""

import json
import re
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import pytest

from rnncourse import cli, grade_commands, new_course
from rnncourse.exercises import ROOT, assignments
from rnncourse.grading import certificate, engine, history
from rnncourse.grading.engine import GradingError

NAME = "07-recurrent-networks"


@pytest.fixture
def clone(tmp_path):
    """Make a small course to lay out, which a test can bring to a newer release."""
    root = tmp_path / "clone"
    for folder in ("solutions", "exercises"):
        for name in (NAME, "08-backpropagation-through-time"):
            target = root / folder / name / f"{name}.ipynb"
            target.parent.mkdir(parents=True)
            target.write_bytes((ROOT / folder / name / f"{name}.ipynb").read_bytes())
    return root


def newer(root, name=NAME, folder="solutions"):
    path = root / folder / name / f"{name}.ipynb"
    path.write_bytes(path.read_bytes().replace(b"Recurrent networks", b"Networks"))
    assert b"Networks" in path.read_bytes()


def test_a_course_has_what_nbgrader_wants(tmp_path, capsys):
    folder = tmp_path / "my course"
    code = cli.main(["new-course", str(folder), "--chapters", "5,7-8,19"])
    assert code == 0
    assert "written" in capsys.readouterr().out
    names = sorted(path.name for path in (folder / "source").iterdir())
    assert [name[:2] for name in names] == ["05", "07", "08", "19"]
    for name in names:
        released = (folder / "release" / name / f"{name}.ipynb").read_bytes()
        assert released == (ROOT / "exercises" / name / f"{name}.ipynb").read_bytes()
        source = (folder / "source" / name / f"{name}.ipynb").read_text("utf-8")
        assert "{{ address." not in source and "BEGIN SOLUTION" in source
    plan = (folder / "term-plan.md").read_text(encoding="utf-8")
    assert plan.count("\n| ") == 5 and "| chapter 7, Recurrent networks |" in plan
    assert not re.search(r"\|\s*\|$", plan, re.M), "each has its hours"
    assert engine.releases(folder / "release").keys() == set(names)


def test_nbgrader_generates_the_same_hand_out_with_its_settings(tmp_path):
    folder = tmp_path / "course"
    new_course.make(ROOT, folder, [7])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nbgrader's own dependencies
        from nbgrader.converters import GenerateAssignment
        from nbgrader.coursedir import CourseDirectory
        from traitlets.config.loader import PyFileConfigLoader

        loader = PyFileConfigLoader("nbgrader_config.py", path=str(folder))
        config = loader.load_config()
        assert config.HTMLExporter.sanitize_html is True
        config.CourseDirectory.root = str(folder)
        config.SaveCells.enabled = False
        config.GenerateAssignment.no_database = True
        config.GenerateAssignment.force = True
        path = folder / "release" / NAME / f"{NAME}.ipynb"
        before = path.read_bytes()
        path.write_bytes(b"")
        directory = CourseDirectory(config=config, assignment_id=NAME)
        GenerateAssignment(coursedir=directory, config=config).start()
    assert path.read_bytes() == before


def test_an_upgrade_renews_what_is_untouched_and_keeps_what_was_changed(
    clone, tmp_path
):
    folder = tmp_path / "course"
    new_course.make(clone, folder, [7])
    notebook = f"source/{NAME}/{NAME}.ipynb"
    assert new_course.upgrade(clone, folder).text.startswith("nothing to do")
    (folder / "README.md").write_text("mine", encoding="utf-8")
    (folder / ".gitignore").unlink()
    newer(clone)
    done = new_course.upgrade(clone, folder, [8])
    assert set(done.renewed) == {"term-plan.md", notebook}
    assert done.kept == ["README.md"] and done.absent == [".gitignore"]
    assert len(done.written) == 2
    assert b"Networks" in (folder / notebook).read_bytes()
    assert (folder / "README.md").read_text(encoding="utf-8") == "mine"


def test_what_both_changed_is_kept_and_the_new_text_lies_beside(clone, tmp_path):
    folder = tmp_path / "course"
    new_course.make(clone, folder, [7])
    notebook = folder / "source" / NAME / f"{NAME}.ipynb"
    mine = notebook.read_bytes().replace(b"Recurrent networks", b"My networks")
    notebook.write_bytes(mine)
    newer(clone)
    newer(clone, folder="exercises")
    done = new_course.upgrade(clone, folder)
    name = f"source/{NAME}/{NAME}.ipynb"
    assert done.beside == [name]
    assert done.kept == [f"release/{NAME}/{NAME}.ipynb"]  # it follows its source
    assert notebook.read_bytes() == mine
    beside = notebook.with_name(f"{notebook.name}.new")
    assert b"# 7. Networks" in beside.read_bytes()
    assert new_course.upgrade(clone, folder).beside == []  # told once


def test_wrong_calls_say_what_to_do(tmp_path, capsys):
    def said(*arguments):
        assert cli.main(["new-course", *map(str, arguments)]) == 1
        return capsys.readouterr().err

    assert "there are: 1, 2" in said(tmp_path / "a", "--chapters", "99")
    assert "5,7-9,19" in said(tmp_path / "a", "--chapters", "all")
    assert "Say --chapters 5,7-9,19" in said(tmp_path / "a")
    assert "5-7 does" in said(tmp_path / "a", "--chapters", "7-5")
    assert "2027-04-12" in said(tmp_path / "a", "--chapters", "7", "--start", "soon")
    assert "it has no .rnncourse.json" in said(tmp_path / "b", "--upgrade")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    assert "is not empty; name a new" in said(tmp_path / "full", "--chapters", "7")
    assert "is not empty" in said(tmp_path / "full" / "x", "--chapters", "7")
    inside = tmp_path / "full" / "x" / "course"
    assert "cannot be written: Not a directory" in said(inside, "--chapters", "7")
    assert not (tmp_path / "a").exists()


def test_wrong_calls_on_a_course_say_what_to_do(tmp_path, capsys):
    folder = tmp_path / "course"
    assert cli.main(["new-course", str(folder), "--chapters", "7"]) == 0
    assert "read" in capsys.readouterr().out

    def said(*arguments):
        assert cli.main(["new-course", str(folder), *arguments]) == 1
        return capsys.readouterr().err

    assert "--upgrade takes the newer release" in said("--chapters", "8")
    assert "change term-plan.md" in said("--upgrade", "--start", "2027-04-12")
    assert cli.main(["new-course", str(folder), "--upgrade"]) == 0
    assert capsys.readouterr().out == "nothing to do: all is as the course has it\n"
    (folder / ".rnncourse.json").write_text("{", encoding="utf-8")
    assert ".rnncourse.json cannot be read" in said("--upgrade")


def test_chapters_are_read_as_people_write_them():
    assert new_course.chapters_of("5, 7-9,7,19") == [5, 7, 8, 9, 19]
    for wrong in ("", "7-", "a", "7;8"):
        with pytest.raises(GradingError):
            new_course.chapters_of(wrong)


# -- certificates ------------------------------------------------------------------

FOLDER = ROOT / certificate.FOLDER
RECORDS = {"faults", "fuzz"}  # of all assignments, as attacks-LEVEL is
STORED = sorted(
    path
    for path in FOLDER.glob("*.json")
    if path.stem not in RECORDS and not path.stem.startswith("attacks-")
)


def test_every_assignment_has_a_certificate_of_all_its_answers():
    assert [path.stem for path in STORED] == assignments(ROOT)
    for path in STORED:
        stored = json.loads(path.read_text(encoding="utf-8"))
        shipped = certificate._answers(ROOT, path.stem)
        assert stored["wrong"] == len(shipped.WRONG), path.stem
        assert stored["right"] == len(shipped.RIGHT), path.stem
        lost = stored["right"] - stored["accepted"]
        unnamed = stored["wrong"] - min(stored["caught"], stored["named"])
        model = sum("the model answer" in text for text in stored["missed"])
        assert len(stored["missed"]) == lost + unnamed + model
        assert stored["isolation"].startswith(("strict", "standard"))
        assert stored["median_seconds"] > 0


def test_the_page_is_what_the_counts_give():
    page = (ROOT / certificate.PAGE).read_text(encoding="utf-8")
    assert page == certificate.render(ROOT / certificate.FOLDER)


@pytest.mark.heavy  # `python -m tests.attacks --level strict` takes minutes
def test_every_attack_that_is_shipped_was_run_at_the_strict_level():
    stored = json.loads((FOLDER / "attacks-strict.json").read_text(encoding="utf-8"))
    shipped = sum(
        len(tomllib.loads(path.read_text(encoding="utf-8"))["attack"])
        for path in (ROOT / "tests" / "attacks").glob("*.toml")
    )
    assert len(stored["cases"]) == shipped


def test_counting_tells_caught_named_and_accepted_apart():
    from .common import POINTS, SHORT, short_release
    from .finished import result

    first, second, third = (name.removesuffix("-check") for name in POINTS)
    turns = {
        "wrong-00": {first: ("", "a"), second: ("", "b"), third: ("", "c")},
        "right-00": {first: ("",), second: ("",)},
    }
    wrong = result("wrong-00", dict(zip(POINTS, (0.0, 1.0, 2.0), strict=True)))
    wrong.mistakes = {f"{first}-check": ["a"], f"{second}-check": ["other"]}
    right = result("right-00", dict(zip(POINTS, (2.0, 1.0, 2.0), strict=True)))
    made = certificate._count(
        SHORT,
        short_release(),
        turns,
        {"wrong-00": wrong, "right-00": right},
        "isolation: strict (x)",
    )
    assert (made.wrong, made.caught, made.named) == (3, 2, 1)
    assert (made.right, made.accepted) == (2, 1)
    assert made.missed == (
        f"{second}: b",
        f"{third}: c",
        f"{second}: a right answer lost points",
    )
    assert "| 2 of 3 | 1 of 3 | 1 of 2 |" in made.row


# -- all commands ------------------------------------------------------------------


def test_each_grade_command_has_help_with_its_exit_codes(capsys):
    for word in ("collect", "feedback", "report", "export", "regrade", "similarity"):
        with pytest.raises(SystemExit) as done:
            cli.main(["grade", word, "--help"])
        assert done.value.code == 0
        said = capsys.readouterr().out
        assert said.startswith(f"usage: rnncourse grade {word}")
        assert "Exit codes" in said


def test_help_needs_nothing_but_plain_python():
    code = (
        "import sys; sys.argv = ['rnncourse', 'grade', 'report', '--help']\n"
        "from rnncourse import cli\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "assert not {'numpy', 'torch', 'nbgrader', 'nh3'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_folder_named_as_a_command_is_reached_by_its_path(tmp_path, capsys):
    assert grade_commands.two_words(["grade", "report", "x"]) == ["grade report", "x"]
    assert grade_commands.two_words(["grade", "./report"]) == ["grade", "./report"]
    assert grade_commands.two_words(["grade", "run", "x"]) == [
        *("grade", "x", "--no-pages")
    ]
    assert grade_commands.two_words(["check", "report"]) == ["check", "report"]
    with pytest.raises(GradingError, match="nothing was graded"):
        history.load(Path(tmp_path))
