"""The commands around a graded run: ``rnncourse grade report FOLDER`` and its like.

Only the standard library is imported before a command runs, so that ``--help`` works
on a fresh clone.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnncourse.environment import SetupError, project_root, say
from rnncourse.messages import counted

if TYPE_CHECKING:
    from rnncourse.grading.engine import Plan, Settings
    from rnncourse.grading.history import Finished
    from rnncourse.grading.result import Result

Add = Callable[[str, Callable[..., int], str], argparse.ArgumentParser]

FORMATS = ("csv", "moodle", "canvas", "blackboard", "ilias", "gradescope", "lti-ags")
CODES = "Exit codes: 0 done, 1 could not be done (the sentence says what to do), "


def two_words(argv: Sequence[str]) -> list[str]:
    """Read ``grade report`` as one word; a folder of that name is ``./report``.

    ``grade run`` is ``grade`` without its pages.
    """
    words = list(argv)
    if words[:2] == ["grade", "run"]:
        return ["grade", *words[2:], "--no-pages"]
    if words[:1] == ["grade"] and words[1:2] and words[1] in WORDS:
        return [f"grade {words[1]}", *words[2:]]
    return words


def add_commands(add: Add) -> None:
    """Describe the commands."""
    sub = add("grade collect", run_collect, "say what is let in and what is put right")
    sub.add_argument("folder", metavar="FOLDER", help="of the hand-ins")
    sub.add_argument("--assignment", default="", help="if the notebooks do not tell")
    sub.epilog = "Nothing is run or written. " + CODES + "3 some cannot be read."
    sub = _add(add, "feedback", run_feedback, "write a feedback page for each hand-in")
    sub.add_argument("students", nargs="*", metavar="STUDENT", help="default: all")
    sub.epilog = (
        "The pages go to feedback/STUDENT/ASSIGNMENT/, from where nbgrader releases "
        f"them. Points and comments given by hand are in. {CODES}3 some not made."
    )
    sub = _add(add, "report", run_report, "write the class report, one HTML page")
    sub.add_argument("--to", metavar="FILE", help="default: report-ASSIGNMENT.html")
    sub.epilog = CODES + "2 a wrong call."
    sub = _add(add, "export", run_export, "write the marks as a platform imports them")
    sub.add_argument("--format", required=True, choices=FORMATS, help="of the files")
    sub.add_argument("--to", metavar="FOLDER", help="default: export/ in the results")
    sub.add_argument(
        "--column", default="", help="the column's heading on the platform, with its id"
    )
    sub.add_argument(
        "--pass-at",
        type=float,
        default=0.5,
        metavar="SHARE",
        help="of the points, for a format with passed and failed; default 0.5",
    )
    sub.add_argument(
        "--provisional",
        action="store_true",
        help="take those too who wait for a person, with the points so far",
    )
    sub.epilog = CODES + "3 written, and somebody was left out or needs a look."
    sub = _add(add, "regrade", run_regrade, "grade again and show which marks change")
    sub.add_argument("--yes", action="store_true", help="write the changes")
    sub.add_argument("--fresh", action="store_true", help="forget an unconfirmed one")
    sub.add_argument("--jobs", type=int, default=0, help="how many at a time")
    sub.add_argument("--isolation", choices=("strict", "standard", "none"), default="")
    sub.epilog = (
        "Without --yes nothing is changed. With it the old marks are kept in a file, "
        "and marks and comments given by hand stay. "
        f"{CODES}4 marks would change and were not written."
    )
    sub = _add(add, "similarity", run_similarity, "list answers that are alike")
    sub.add_argument("--to", metavar="FILE", help="default: similar-ASSIGNMENT.html")
    sub.add_argument(
        "--alike", type=float, default=0.5, metavar="SHARE", help="default 0.5"
    )
    sub.epilog = "A list to look at, no verdict. " + CODES + "2 a wrong call."
    sub = add("handin", run_handin, "check your notebook and write the file to hand in")
    sub.add_argument("notebook", metavar="NOTEBOOK", help="it is never changed")
    sub.add_argument("--name", default="", help="whose it is, for the file's name")
    sub.add_argument("--to", metavar="FOLDER", help="default: handin/ beside it")
    sub.add_argument("--no-check", action="store_true", help="do not run the checks")
    sub.add_argument("--release", metavar="FILE", help="the notebook as handed out")
    sub.add_argument("--verify", metavar="RECEIPT", help="is this the receipt's file?")
    sub.epilog = (
        "In Colab: from rnncourse.grading.handin import from_colab; from_colab(). "
        f"{CODES}3 written, and points are missing or something was put right."
    )
    sub = add("new-course", run_new_course, "lay out a course folder of your own")
    sub.add_argument("folder", metavar="FOLDER", help="new or empty")
    sub.add_argument(
        "--chapters", default="", help="such as 5,7-9,19; with --upgrade those to add"
    )
    sub.add_argument("--start", metavar="DATE", help="of the first week: 2027-04-12")
    sub.add_argument(
        "--own-numbers",
        default="",
        metavar="WORD",
        help="everybody gets numbers of their own, made of this word and their name",
    )
    sub.add_argument(
        "--upgrade",
        action="store_true",
        help="take this release of the course; what you changed is kept",
    )
    sub.epilog = CODES + "3 upgraded, and something was changed by you and the course."
    sub = add("certificate", run_certificate, "count what each assignment's checks do")
    sub.add_argument("chapters", nargs="*", metavar="CHAPTER", help="default: all")
    sub.add_argument("--jobs", type=int, default=0, help="how many at a time")
    sub.add_argument("--isolation", choices=("strict", "standard"), default="")
    sub.add_argument("--attacks", action="store_true", help="run the attacks too")
    sub.epilog = CODES + "3 an answer or an attack was not as it should be."


def _add(
    add: Add, word: str, run: Callable[..., int], text: str
) -> argparse.ArgumentParser:
    sub = add(f"grade {word}", run, text)
    sub.add_argument("folder", metavar="FOLDER", help="of the hand-ins, or the results")
    sub.add_argument("--assignment", default="", help="if several were graded there")
    sub.add_argument("--out", help="as given to `rnncourse grade`")
    sub.add_argument("--db", default="", metavar="URL", help="as given to it")
    return sub


def _load(args: argparse.Namespace) -> Finished:
    try:
        from rnncourse.grading import history
        from rnncourse.grading.engine import GradingError
    except ImportError as error:
        raise SetupError(f"{error.name} is missing; run `make setup` first") from None
    try:
        return history.load(
            Path(args.folder),
            args.assignment,
            out=Path(args.out) if args.out else None,
            url=args.db,
        )
    except GradingError as error:
        raise SetupError(str(error)) from None


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text, encoding="utf-8", newline="")
    os.replace(fresh, path)


def releases_of(folder: Path) -> Path:
    """Give the released notebooks: those of a course folder, else of this clone."""
    own = folder / "release"
    return own if own.is_dir() else project_root() / "exercises"


# -- after a run -------------------------------------------------------------------


def after_run(
    settings: Settings, plan: Plan, results: Sequence[Result], *, pages: bool = True
) -> list[str]:
    """Remember the run; write feedback and the class report.

    Returns
    -------
    list of str
        Lines to print.
    """
    from rnncourse.grading import engine, feedback, history

    history.remember(plan, settings.releases)
    if not pages:
        return []
    finished = history.load(
        settings.folder, plan.assignment, out=plan.out, url=settings.gradebook
    )
    troubles: list[str] = []
    written = feedback.write(
        finished,
        submitted=_submitted(settings.folder),
        tell=troubles.append,
        jobs=engine.jobs_of(settings.jobs),
    )
    path = _write_report(finished)
    where = finished.out / "feedback"
    return [
        *troubles,
        f"feedback: {counted(len(written), 'page')} in {where}",
        f"class report: {path}",
    ]


def _submitted(folder: Path) -> Path | None:
    inner = folder / "submitted"
    return inner if inner.is_dir() else None


def _write_report(finished: Finished, to: str = "") -> Path:
    from rnncourse.grading import class_report

    path = Path(to) if to else finished.out / f"report-{finished.assignment}.html"
    write_text(path, class_report.make(finished))
    return path


def run_collect(args: argparse.Namespace) -> int:
    """Read every hand-in as the grader does; 3 if one cannot be read."""
    try:
        from rnncourse.grading import engine, intake
    except ImportError as error:
        raise SetupError(f"{error.name} is missing; run `make setup` first") from None
    folder = Path(args.folder)
    if not folder.is_dir():
        raise SetupError(f"there is no folder {folder}")
    releases = releases_of(folder)
    try:
        assignment = args.assignment or engine.guess(folder, releases)
    except engine.GradingError as error:
        raise SetupError(str(error)) from None
    path = releases / assignment / f"{assignment}.ipynb"
    if not path.is_file():
        known = ", ".join(sorted(engine.releases(releases)))
        raise SetupError(f"there is no assignment {assignment}; there are: {known}")
    release = engine.read_release(path)
    found = intake.collect(folder, assignment)
    troubled = 0
    for one in found:
        notes, trouble = list(one.notes), one.trouble
        if not trouble:
            try:
                notes += intake.rebuild(intake.parse(one.notebook), release).notes
            except intake.Refused as refused:
                trouble = str(refused)
        troubled += bool(trouble)
        if trouble:
            print(f"{one.student}: needs attention, {trouble}")
        else:
            print(f"{one.student}: {'put right' if notes else 'as it should be'}")
        for note in notes:
            print(f"  {note}")
    hand_ins = counted(len(found), "hand-in")
    say(f"{assignment}: {hand_ins}, {troubled} cannot be read")
    return 3 if troubled else 0


# -- the commands ------------------------------------------------------------------


def run_feedback(args: argparse.Namespace) -> int:
    """Write the feedback pages; 3 if one could not be made."""
    from rnncourse.grading import feedback

    finished = _load(args)
    known = {result.student for result in finished.results}
    for student in args.students:
        if student not in known:
            raise SetupError(f"there is no hand-in of {student}; see grade report")
    troubles: list[str] = []
    written = feedback.write(
        finished,
        args.students or None,
        submitted=_submitted(Path(args.folder)),
        tell=troubles.append,
    )
    for text in troubles:
        print(f"rnncourse: {text}", file=sys.stderr)
    say(f"{counted(len(written), 'page')} in {finished.out / 'feedback'}")
    return 3 if troubles else 0


def run_report(args: argparse.Namespace) -> int:
    """Write the class report."""
    finished = _load(args)
    say(f"class report: {_write_report(finished, args.to or '')}")
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Write the files of a format; 3 if the teacher must look at something."""
    from rnncourse.grading import export
    from rnncourse.grading.engine import GradingError

    finished = _load(args)
    options = export.Options(
        column=args.column, pass_at=args.pass_at, provisional=args.provisional
    )
    try:
        made = export.export(finished, args.format, options)
    except GradingError as error:
        raise SetupError(str(error)) from None
    folder = Path(args.to) if args.to else finished.out / "export"
    for name, data in made.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    names = list(made.files)
    what = str(folder / names[0]) if len(names) == 1 else f"{len(names)} files"
    say(f"written: {what}" + ("" if len(names) == 1 else f" in {folder}"))
    for text in made.warnings:
        print(f"rnncourse: {text}", file=sys.stderr)
    return 3 if made.warnings else 0


def run_regrade(args: argparse.Namespace) -> int:
    """Grade again; 4 if marks would change and that was not confirmed."""
    finished = _load(args)
    from rnncourse.grading import engine, regrade, report
    from rnncourse.grading.host import HostError

    root = project_root()
    settings = engine.Settings(
        folder=Path(args.folder),
        releases=releases_of(Path(args.folder)),
        assignment=finished.assignment,
        out=finished.out,
        gradebook=finished.url,
        jobs=args.jobs,
        isolation=args.isolation,
        hidden=(root / "solutions", Path(args.folder) / "source"),
    )
    bars: list[Any] = []

    def began(plan: Plan) -> None:
        print(report.announcement(plan))
        bars.append((report.Progress(len(plan.to_grade)), plan.out_of))

    try:
        made = regrade.again(
            settings,
            fresh=args.fresh,
            began=began,
            tell=lambda result: bars[0][0].add(result, bars[0][1]),
        )
        print("\n" + made.text)
        if not made.changes and not args.yes:
            return 0
        if not args.yes:
            say("nothing was written; the same with --yes writes it")
            return 4
        kept = regrade.apply(settings, made)
    except (engine.GradingError, HostError) as error:
        raise SetupError(str(error)) from None
    say(f"written; the marks before are in {kept}")
    say(f"now renew the pages: rnncourse grade feedback {args.folder}")
    return 0


def run_similarity(args: argparse.Namespace) -> int:
    """Write the page of answers that are alike."""
    if not 0 < args.alike <= 1:
        raise SetupError(f"--alike must lie between 0 and 1, got {args.alike:g}")
    finished = _load(args)
    from rnncourse.grading import similarity

    found = similarity.find(finished, alike=args.alike)
    path = finished.out / f"similar-{finished.assignment}.html"
    path = Path(args.to) if args.to else path
    write_text(path, similarity.page(finished, found))
    for pair in found[:20]:
        where = ", ".join(pair.cells)
        print(f"  {pair.first} and {pair.second}: {pair.share:.0%} ({where})")
    say(f"{counted(len(found), 'pair')} alike, see {path}")
    return 0


def run_handin(args: argparse.Namespace) -> int:
    """Write the file to hand in; 3 if its owner should look at something."""
    try:
        from rnncourse.grading import handin
    except ImportError as error:
        raise SetupError(
            f"{error.name} is missing; install the course with its grading part: "
            'pip install "rnncourse[grade]"'
        ) from None
    if hasattr(sys.stdout, "reconfigure"):  # a console may know few letters
        sys.stdout.reconfigure(errors="replace")
    path = Path(args.notebook)
    if not path.is_file():
        raise SetupError(f"there is no file {path}")
    if args.verify:
        receipt = Path(args.verify)
        if not receipt.is_file():
            raise SetupError(f"there is no receipt {receipt}")
        if not handin.matches(path, receipt):
            raise SetupError(f"{path} is not the file of {receipt}")
        say(f"{path} is the file of {receipt}")
        return 0
    try:
        made = handin.hand_in(
            path,
            to=Path(args.to) if args.to else None,
            name=args.name,
            check=not args.no_check,
            release=Path(args.release) if args.release else None,
        )
    except handin.NotHandedIn as error:
        raise SetupError(str(error)) from None
    print(made.text)
    return 0 if made.complete else 3


def run_new_course(args: argparse.Namespace) -> int:
    """Lay out a course folder, or renew one; 3 if both sides changed something."""
    from datetime import date

    try:
        from rnncourse import new_course
        from rnncourse.grading.engine import GradingError
    except ImportError as error:
        raise SetupError(f"{error.name} is missing; run `make setup` first") from None
    folder, root = Path(args.folder), project_root()
    try:
        start = date.fromisoformat(args.start) if args.start else None
    except ValueError:
        raise SetupError(
            f"--start must be a date like 2027-04-12, got {args.start}"
        ) from None
    if args.upgrade and (args.start or args.own_numbers):
        raise SetupError(
            "--start and --own-numbers are for a new course; in this one change "
            "term-plan.md, and COURSE in the cell `learner` of a source"
        )
    try:
        chapters = new_course.chapters_of(args.chapters) if args.chapters else []
        if args.upgrade:
            done = new_course.upgrade(root, folder, chapters)
        else:
            done = new_course.make(
                root, folder, chapters, start=start, word=args.own_numbers
            )
    except GradingError as error:
        raise SetupError(str(error)) from None
    except OSError as error:
        where = error.filename or folder
        raise SetupError(f"{where} cannot be written: {error.strerror}") from None
    print(done.text)
    if not args.upgrade:
        say(f"{folder}: read {folder / 'README.md'} first")
    return 3 if done.beside else 0


def run_certificate(args: argparse.Namespace) -> int:
    """Grade the shipped answers and store what was counted."""
    try:
        from rnncourse.exercises import assignments
        from rnncourse.grading import certificate
        from rnncourse.grading.engine import GradingError
        from rnncourse.grading.host import HostError
    except ImportError as error:
        raise SetupError(f"{error.name} is missing; run `make setup` first") from None
    root = project_root()
    known = assignments(root)
    wanted = [
        name
        for name in known
        if not args.chapters or any(name.startswith(one) for one in args.chapters)
    ]
    if not wanted:
        raise SetupError(f"no such chapter; there are: {', '.join(known)}")
    bad = False
    try:
        for name in wanted:
            made = certificate.make(root, name, jobs=args.jobs, level=args.isolation)
            certificate.store(root, [made])
            print(made.row)
            for text in made.missed:
                print(f"  not as it should be: {text}")
            bad = bad or bool(made.missed)
        if args.attacks:
            say("running the attacks (minutes)")
            counted = certificate.attacks(root, args.isolation)
            certificate.store(root, [])
            print(f"{counted['withstood']} of {counted['shipped']} attacks withstood")
            bad = bad or counted["withstood"] < counted["shipped"]
    except (GradingError, HostError) as error:
        raise SetupError(str(error)) from None
    return 3 if bad else 0


WORDS = {
    "collect": run_collect,
    "feedback": run_feedback,
    "report": run_report,
    "export": run_export,
    "regrade": run_regrade,
    "similarity": run_similarity,
}
