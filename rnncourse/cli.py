"""The command line of the course.

Every command of the Makefile is one of these, so that nothing is lost without
make (on Windows, say). The commands that need the course's environment make it
first: `python -m rnncourse book` works on a fresh clone with plain Python.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from rnncourse import __version__, built, environment
from rnncourse import grade_commands as commands
from rnncourse.environment import SetupError, project_root, say
from rnncourse.messages import counted

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"
)

# jupyter_book 1 has no __main__.
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return 0 on success, 1 on failure, 2 on a wrong call."""
    try:
        try:
            return _main(argv)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Who reads, `head` say, has what it wanted. At its end Python would write what
        # is left, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _main(argv: Sequence[str] | None) -> int:
    parser = build_parser()
    words = commands.two_words(sys.argv[1:] if argv is None else argv)
    args = parser.parse_args(words)
    if args.pytest and args.command != "test":
        parser.error(f"unrecognized arguments: {' '.join(args.pytest)}")
    try:
        return int(args.run(args))
    except SetupError as error:
        print(f"rnncourse: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nrnncourse: stopped", file=sys.stderr)
        return 130


def build_parser() -> argparse.ArgumentParser:
    """Describe every command once."""
    parser = argparse.ArgumentParser(
        prog="rnncourse",
        description="The course on recurrent neural networks: book, checks and data.",
        epilog="`rnncourse COMMAND --help` says more about a command.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(pytest=[])
    subparsers = parser.add_subparsers(
        required=True, metavar="COMMAND", dest="command", title="commands"
    )

    def add(name: str, run: Callable[..., int], text: str) -> argparse.ArgumentParser:
        sub = subparsers.add_parser(
            name, help=text, description=text.capitalize() + "."
        )
        sub.set_defaults(run=run)
        return sub

    add("setup", run_setup, "make the environment and install the pinned versions")
    sub = add("book", run_book, "build the book and serve it on this machine")
    sub.add_argument("--no-serve", action="store_true", help="only build")
    sub.add_argument("--port", type=int, default=8000, help="first port to try")
    sub.add_argument("--english", action="store_true", help="no other language")
    sub.add_argument("--force", action="store_true", help="build it unchanged too")
    add("offline", run_offline, "pack the book into one zip that needs no network")
    sub = add("lab", run_lab, "open the chapters in JupyterLab on this machine")
    sub.add_argument("--port", type=int, default=8888, help="first port to try")
    sub.add_argument("--no-browser", action="store_true", help="only say the address")
    add("pdf", run_pdf, "print the book into one PDF, by Chromium")
    sub = add("publish", run_publish, "lay out the site with its older releases")
    sub.add_argument(
        "--releases", default="_build/releases", help="the folder of their zips"
    )
    sub = add("test", run_test, "check style and types and run the tests")
    sub.add_argument("--all", action="store_true", help="run the heavy tests too")
    sub.add_argument("pytest", nargs="*", help="given to pytest, after --")
    add("lint", run_lint, "check style, format and types")
    sub = add("notebooks", run_notebooks, "run the chapters whose text or code changed")
    sub.add_argument("names", nargs="*", metavar="CHAPTER", help="such as 07 or a slug")
    sub.add_argument("--check", action="store_true", help="exit 1 if any is stale")
    sub.add_argument("--force", action="store_true", help="run unchanged ones too")
    sub.add_argument("--jobs", type=int, default=2, help="how many at a time")
    sub.add_argument("--lang", default="", help="only draw the figures with its labels")
    sub = add("translations", run_translations, "count what is translated")
    sub.add_argument("--update", action="store_true", help="bring the catalogues up")
    sub.add_argument("--lang", default="es", help="the language; default es")
    sub.add_argument(
        "pages", nargs="*", metavar="PAGE", help="such as intro; may be new"
    )
    sub = add("results", run_results, "run the full labs and store their figures")
    sub.add_argument("names", nargs="*", metavar="CHAPTER", help="such as 19 or a slug")
    sub = add("exercises", run_exercises, "generate the students' notebooks")
    sub.add_argument("--check", action="store_true", help="exit 1 if any differs")
    sub = add("check", run_check, "check your answers to an assignment")
    sub.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="a filled .ipynb")
    sub.add_argument("--list", action="store_true", help="list the checks there are")
    sub = add("grade", run_grade, "grade a folder of hand-ins")
    sub.add_argument("folder", metavar="FOLDER", help="notebooks, or a folder each")
    sub.add_argument("--assignment", default="", help="if the notebooks do not tell")
    sub.add_argument("--out", help="where results go; default FOLDER-graded")
    sub.add_argument("--db", default="", metavar="URL", help="nbgrader's gradebook")
    sub.add_argument(
        "--jobs",
        type=int,
        default=0,
        help="how many at a time (default: one more than there are cores)",
    )
    sub.add_argument(
        "--scheduler", default="", metavar="ADDRESS", help="of Dask, to grade there"
    )
    sub.add_argument(
        "--isolation",
        choices=("strict", "standard", "none"),
        default="",
        help="demand a level; default: the best there is, and never none",
    )
    sub.add_argument("--dry-run", action="store_true", help="only say what would be")
    sub.add_argument(
        "--no-pages", action="store_true", help="no feedback pages, no class report"
    )
    sub.epilog = (
        "Results: 0 all graded, 1 could not begin, 2 wrong arguments, 3 some need "
        "attention, 4 stopped because something could not be written, 130 stopped by "
        "Ctrl-C. The same command goes on where it was stopped. Then come "
        "`rnncourse grade feedback`, `report`, `export`, `regrade` and `similarity`."
    )
    commands.add_commands(add)
    sub = add("data", run_data, "list the data sets, or fetch some")
    sub.add_argument("names", nargs="*", metavar="NAME", help="data sets to fetch")
    sub = add("classroom", run_classroom, "open a classroom: teacher, two learners")
    sub.add_argument("--port", type=int, default=8100, help="default 8100")
    sub.add_argument("--folder", help="where it keeps its state; default classroom/")
    sub.add_argument("--chapters", default="", help="such as 1,5; the first is out")
    sub.add_argument("--fresh", action="store_true", help="forget what was there")
    sub.epilog = (
        "It listens on this machine only, and keeps what people did until --fresh. "
        "Ctrl-C closes it. A demonstration: everybody runs as your own user."
    )
    add("test-classroom", run_test_classroom, "go through it in a browser")
    add("test-site", run_test_site, "look at every page of the book in a browser")
    add("doctor", run_doctor, "say what this machine has and what it lacks")
    add("bench", run_bench, "measure speed against torch.nn and nbgrader")
    add("coverage", run_coverage, "measure which branches of the package tests take")
    sub = add("mutants", run_mutants, "spoil the reference line by line: who notices?")
    sub.add_argument("modules", nargs="*", metavar="MODULE", help="such as functional")
    add("colab", run_colab, "run the chapters with the versions Colab has")
    sub = add("status", run_status, "run the chapters here and record where they run")
    sub.add_argument("environment", metavar="NAME", help="pinned, newest, macos, …")
    sub.add_argument("names", nargs="*", metavar="CHAPTER", help="such as 19 or a slug")
    add("links", run_links, "ask every link of the book whether it still answers")
    add("clean", run_clean, "remove what a build leaves behind")
    add("targets", run_targets, "list the targets of the Makefile")
    return parser


# -- the environment ---------------------------------------------------------------


def inside(*arguments: str, env: dict[str, str] | None = None) -> int:
    """Run ``python ARGUMENTS`` in the course's environment, from the root."""
    root = project_root()
    python = environment.ensure(root)
    path = os.pathsep.join([str(python.parent), os.environ.get("PATH", "")])
    full = {**os.environ, "PATH": path, "PYTHONUTF8": "1", **(env or {})}
    return subprocess.run([str(python), *arguments], cwd=root, env=full).returncode


def hand_over(args: argparse.Namespace) -> int | None:
    """Make the environment and start again in it, unless this is it already."""
    python = environment.ensure()
    if Path(python).absolute() == Path(sys.executable).absolute():
        return None
    return inside("-m", "rnncourse", *sys.argv[1:])


def become(python: Path) -> NoReturn:
    """Start again in an environment, in place of this process.

    A process that waits would be killed by the Ctrl-C that is meant for the other.
    """
    os.environ["PYTHONUTF8"] = "1"
    os.chdir(project_root())
    os.execv(python, [str(python), "-m", "rnncourse", *sys.argv[1:]])


def run_setup(args: argparse.Namespace) -> int:
    """Make the environment."""
    python = environment.ensure()
    say(f"ready; the course's Python is {python}")
    return 0


# -- the book ----------------------------------------------------------------------


def run_book(args: argparse.Namespace) -> int:
    """Build the book, if anything has changed, then serve it."""
    index = build_book(english=args.english, force=args.force)
    return 0 if args.no_serve else serve(index.parent, args.port)


def build_book(*, english: bool = False, force: bool = False) -> Path:
    """Build the book with warnings as errors; return its first page.

    Parameters
    ----------
    english : bool
        Whether to leave the other languages out.
    force : bool
        Whether to build even if nothing has changed since the last build.

    Raises
    ------
    SetupError
        If there was an error or a warning.
    """
    root = project_root()
    python = environment.ensure(root)
    index = root / built.PAGES / "index.html"
    languages = ["en"] if english else ["en", *editions(root)]
    now = built.fingerprint(root, python)
    if not force and built.holds(root, now, languages):
        say(
            f"nothing has changed since the last build: the book is in {index} "
            "(`rnncourse book --force` builds it again)"
        )
        return index
    built.forget(root)
    log = root / "_build" / "book.log"
    log.parent.mkdir(exist_ok=True)
    say("building the book (about a minute)")
    others = begin_editions(root, languages[1:])
    broken = log if _build_book(root, log) else None
    for language, (running, its_log) in others.items():
        broken = its_log if end_edition(root, language, running) else broken
    if broken:
        print(broken.read_text(encoding="utf-8")[-4000:])
        raise SetupError(f"the book has errors or warnings, see above and {broken}")
    built.keep(root, now, languages)
    say(f"the book is in {index}")
    return index


def _build_book(root: Path, log: Path) -> int:
    python = environment.environment_python(root)
    command = [str(python), "-c", JUPYTER_BOOK, "build"]
    command += ["-W", "-n", "--keep-going", "--all", "."]
    with log.open("w", encoding="utf-8") as stream:
        return subprocess.run(
            command, cwd=root, stdout=stream, stderr=subprocess.STDOUT
        ).returncode


def run_offline(args: argparse.Namespace) -> int:
    """Build the book and pack it into one file that needs no network."""
    build_book()
    build = project_root() / "_build"
    target = build / f"rnncourse-book-{__version__}.zip"
    count = pack(build / "html", target)
    size = target.stat().st_size / 1e6
    say(f"{counted(count, 'file')}, {size:.0f} MB: {target}")
    say("to read it: unpack it anywhere and open index.html, no server needed")
    return 0


def run_lab(args: argparse.Namespace) -> int:
    """Open JupyterLab, in the course's environment."""
    python = environment.ensure()
    if Path(python).absolute() != Path(sys.executable).absolute():
        become(python)
    from rnncourse import lab

    return lab.open_lab(args.port, browser=not args.no_browser)


def run_pdf(args: argparse.Namespace) -> int:
    """Build the book and print it."""
    if (code := hand_over(args)) is not None:
        return code
    try:
        from rnncourse import pdf
    except ImportError as error:
        raise SetupError(f"{error.name} is missing; run `make setup` first") from None
    build_book(english=True)
    build = project_root() / "_build"
    target = build / f"rnncourse-book-{__version__}.pdf"
    count = pdf.make(build / "html", target)
    size = target.stat().st_size / 1e6
    say(f"{counted(count, 'page')}, {size:.0f} MB: {target}")
    return 0


def run_publish(args: argparse.Namespace) -> int:
    """Lay out what the Pages workflow publishes."""
    from rnncourse import publish

    out = project_root() / "_build" / "site"
    publish.publish(project_root() / "_build", Path(args.releases), out)
    say(f"the site is in {out}")
    return 0


def pack(pages: Path, target: Path) -> int:
    """Pack a folder of pages into a zip, in one folder; return how many files."""
    files = sorted(path for path in pages.rglob("*") if path.is_file())
    part = target.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path in files:
            packed.write(path, Path(target.stem) / path.relative_to(pages))
    part.replace(target)
    return len(files)


BUILD_EDITION = (
    "import sys; from pathlib import Path; from rnncourse import translations; "
    "translations.build(sys.argv[1], Path(sys.argv[2]))"
)


def editions(root: Path) -> list[str]:
    """Return the languages other than English that the book is in."""
    found = (root / "locales").glob("*/LC_MESSAGES")
    return sorted(path.parent.name for path in found)


def begin_editions(
    root: Path, languages: Sequence[str]
) -> dict[str, tuple[subprocess.Popen[bytes], Path]]:
    """Start building the other languages beside the English book."""
    python = environment.environment_python(root)
    started = {}
    for language in languages:
        log = root / "_build" / f"book-{language}.log"
        work = root / "_build" / language
        command = [str(python), "-c", BUILD_EDITION, language, str(work)]
        with log.open("w", encoding="utf-8") as stream:
            running = subprocess.Popen(
                command, cwd=root, stdout=stream, stderr=subprocess.STDOUT
            )
        started[language] = (running, log)
    return started


def end_edition(root: Path, language: str, running: subprocess.Popen[bytes]) -> int:
    """Wait for an edition and put it beside the English pages."""
    if code := running.wait():
        return code
    target = root / "_build" / "html" / language
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(root / "_build" / language / "_build" / "html", target)
    return 0


def serve(folder: Path, port: int) -> int:
    """Serve a folder on this machine until Ctrl-C."""
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    from rnncourse.lab import free_port

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *values: object) -> None:
            """Print nothing: a reader is not interested in requests."""

    handler = partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", free_port(port)), handler)
    say(f"read it at http://127.0.0.1:{server.server_port}/  (Ctrl-C stops)")
    with server, contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    return 0


def run_notebooks(args: argparse.Namespace) -> int:
    """Bring the executed chapters up to date."""
    if (code := hand_over(args)) is not None:
        return code
    from rnncourse import notebooks

    if args.lang:
        return draw_figures(args.lang, args.names)
    try:
        reasons = notebooks.stale(args.names or None)
    except ValueError as error:
        raise SetupError(str(error)) from None
    for reason in reasons:
        say(f"stale: {reason}")
    if args.check:
        say("a chapter is stale; run `make notebooks`" if reasons else "all fresh")
        return int(bool(reasons))
    try:
        notebooks.build(args.names or None, jobs=args.jobs, force=args.force)
    except notebooks.BuildError as error:
        raise SetupError(str(error)) from None
    return 0


def draw_figures(language: str, names: Sequence[str]) -> int:
    """Draw the figures of translated chapters with the labels of a language."""
    from rnncourse import notebooks, translations

    try:
        slugs = notebooks.select(names or None)
        there = translations.pages(language)
        for slug in (slug for slug in slugs if f"chapters/{slug}" in there):
            missed = translations.draw_figures(language, slug)
            labels = counted(len(missed), "label")
            say(f"{slug}: figures drawn, {labels} without a translation")
            for label in missed:
                say(f"  {label}")
    except (ValueError, notebooks.BuildError) as error:
        raise SetupError(str(error)) from None
    return 0


def run_translations(args: argparse.Namespace) -> int:
    """Count what is translated, or bring the catalogues up to date with the text."""
    if (code := hand_over(args)) is not None:
        return code
    from rnncourse import translations

    try:
        if args.update:
            for page in args.pages or translations.pages(args.lang):
                known, new = translations.update(args.lang, page)
                say(f"{page}: {known} translated, {new} to do")
        for line in translations.table(args.lang):
            print(line)
    except (ValueError, FileNotFoundError) as error:
        raise SetupError(str(error)) from None
    return 0


def run_results(args: argparse.Namespace) -> int:
    """Run the full labs, one after another."""
    labs = sorted((project_root() / "chapters" / "labs").glob("*.py"))
    wanted = [lab for lab in labs if match(lab.stem, args.names)]
    if not wanted:
        known = ", ".join(lab.stem for lab in labs)
        raise SetupError(f"no lab {' '.join(args.names)}; there are: {known}")
    for lab in wanted:
        say(f"running the lab {lab.stem}")
        if code := inside(str(lab), env=ONE_THREAD):
            return code
    return 0


def match(slug: str, names: Sequence[str]) -> bool:
    """Tell whether a slug is meant by any of the names; by none given, it is."""
    return not names or any(slug == name or slug.startswith(name) for name in names)


# -- the assignments ---------------------------------------------------------------


def run_exercises(args: argparse.Namespace) -> int:
    """Generate exercises/ from solutions/."""
    if (code := hand_over(args)) is not None:
        return code
    from rnncourse.exercises import exercises

    differing = exercises(check=args.check)
    verb = "differs" if args.check else "written"
    for name in differing:
        say(f"{verb}: {name}")
    if not differing:
        say("exercises/ is what solutions/ generates")
    return int(args.check and bool(differing))


def run_check(args: argparse.Namespace) -> int:
    """Check filled notebooks with the words that the notebook itself shows."""
    from rnncourse import checks

    if args.list or not args.notebooks:
        for line in checks.list_checks():
            print(line)
        return 0
    complete = True
    for name in args.notebooks:
        path = Path(name)
        if not path.is_file():
            raise SetupError(f"there is no file {name}")
        report = checks.check_notebook(path)
        print(report.text)
        complete = complete and report.complete
    return int(not complete)


def run_grade(args: argparse.Namespace) -> int:
    """Grade a folder of hand-ins; 3 if some of them need attention."""
    if not sys.platform.startswith("linux"):
        raise SetupError("grading needs Linux; elsewhere use WSL or a container")
    try:
        from rnncourse.grading import engine, report
        from rnncourse.grading.host import HostError
    except ImportError as error:
        raise SetupError(f"{error.name} is missing; run `make setup` first") from None
    root = project_root()
    settings = engine.Settings(
        folder=Path(args.folder),
        releases=commands.releases_of(Path(args.folder)),
        assignment=args.assignment,
        out=Path(args.out) if args.out else None,
        gradebook=args.db,
        jobs=args.jobs,
        scheduler=args.scheduler,
        isolation=args.isolation,
        hidden=(root / "solutions", Path(args.folder) / "source"),
    )
    try:
        plan = engine.plan(settings)
        print(report.announcement(plan))
        if args.dry_run:
            return 0
        progress = report.Progress(len(plan.to_grade))
        results = engine.grade(
            settings,
            plan,
            tell=lambda result: progress.add(result, plan.out_of),
            keep=False,
        )
    except engine.Stopped as error:
        say(str(error))
        return 4
    except KeyboardInterrupt:
        print(flush=True)  # below a bar that was not full
        say("stopped; what was graded is kept, and the same command goes on from here")
        return 130
    except (engine.GradingError, HostError) as error:
        raise SetupError(str(error)) from None
    print("\n" + report.summary(plan, results))
    for text in commands.after_run(settings, plan, results, pages=not args.no_pages):
        print(text)
    return 3 if any(result.trouble for result in results) else 0


def run_data(args: argparse.Namespace) -> int:
    """List the data sets, or fetch some now for later."""
    from rnncourse import datasets

    if not args.names:
        print(datasets.data_table())
        return 0
    for name in args.names:
        try:
            path = datasets.fetch(name)
        except (ValueError, datasets.DataNotFound) as error:
            raise SetupError(str(error)) from None
        say(f"{name}: {path}")
    return 0


def run_classroom(args: argparse.Namespace) -> int:
    """Open the classroom, in the course's environment."""
    from rnncourse.classroom import run

    python = run.ensure()
    if Path(python).absolute() != Path(sys.executable).absolute():
        become(python)
    return run.run_classroom(args)


def run_test_site(args: argparse.Namespace) -> int:
    """Look at every page in every mode, and at every figure; then measure, alone."""
    pytest, measured = ["-m", "pytest", "-m", "", "-rs"], "tests/book/test_quality.py"
    looked = inside(
        *[*pytest, "-n", "2", "--dist", "loadfile", f"--ignore={measured}"],
        *["tests/book", "tests/interactive"],
        env=ONE_THREAD,
    )
    return inside(*pytest, measured, env=ONE_THREAD) or looked


def run_test_classroom(args: argparse.Namespace) -> int:
    """Go through the classroom in a browser (minutes)."""
    from rnncourse.classroom import run

    run.ensure()
    return inside("-m", "pytest", "-m", "", "-x", "-s", "-rs", "tests/classroom")


# -- looking after it --------------------------------------------------------------


def run_doctor(args: argparse.Namespace) -> int:
    """Say what is here."""
    from rnncourse import doctor

    lines, healthy = doctor.examine()
    print("\n".join(lines))
    return int(not healthy)


def run_lint(args: argparse.Namespace) -> int:
    """Check style, format and types."""
    steps = (
        ("style", ["-m", "ruff", "check", "--quiet", "."]),
        ("format", ["-m", "ruff", "format", "--check", "--quiet", "."]),
        ("types", ["-m", "mypy"]),
    )
    failed = []
    for name, command in steps:
        say(name)
        if inside(*command):
            failed.append(name)
    if failed:
        say(f"failed: {', '.join(failed)}")
    return int(bool(failed))


def run_test(args: argparse.Namespace) -> int:
    """Check style and types, then run the tests in two processes."""
    lint = run_lint(args)
    if args.all and os.name != "nt":
        from rnncourse.classroom import run

        run.ensure()
    say("tests (a skipped one says why at the end)")
    select = ["-m", ""] if args.all else []
    jobs = str(min(2, os.cpu_count() or 1))
    code = inside(
        *["-m", "pytest", "-n", jobs, "--dist", "loadfile", "-rs", *select],
        *args.pytest,
        env=ONE_THREAD,
    )
    if lint:
        say("style, format or types failed, see the top")
    return code or lint


def run_bench(args: argparse.Namespace) -> int:
    """Run the benchmarks, one after another, on one thread."""
    worst = 0
    for script in sorted((project_root() / "benchmarks").glob("[a-z]*.py")):
        say(f"measuring {script.stem}")
        code = inside("-m", f"benchmarks.{script.stem}", env=ONE_THREAD)
        worst = max(worst, code)  # a goal that one misses stops none of the others
    return worst


def run_coverage(args: argparse.Namespace) -> int:
    """Run the tests of the reference and its twins; fail under the share wanted."""
    files = ("test_onnx.py", "test_keras.py", "test_training.py")
    return inside(
        *["-m", "pytest", "-q", "--cov", "--cov-report=term-missing:skip-covered"],
        *["tests/reference", "tests/nn", *(f"tests/{name}" for name in files)],
        env=ONE_THREAD,
    )


def run_mutants(args: argparse.Namespace) -> int:
    """Run mutmut over the reference package, or some modules of it; list survivors."""
    wanted = [f"rnncourse.reference.{name}.*" for name in args.modules]
    if code := inside("-m", "mutmut", "run", "--max-children", "2", *wanted):
        return code
    return inside("-m", "mutmut", "results")


def run_colab(args: argparse.Namespace) -> int:
    """Run every chapter from an empty folder with Colab's versions."""
    return inside(
        *["-m", "pytest", "-m", "", "-s", "-rs", "tests/test_colab.py"],
        env=ONE_THREAD,
    )


def run_status(args: argparse.Namespace) -> int:
    """Run stored chapters in this very Python and keep the day of each."""
    from rnncourse import status

    try:
        failed = status.run(args.environment, args.names or None)
    except ValueError as error:
        raise SetupError(str(error)) from None
    if failed:
        say(f"failed: {', '.join(failed)}")
    return int(bool(failed))


def run_links(args: argparse.Namespace) -> int:
    """Let Sphinx call every outside link of the book."""
    return inside("-c", JUPYTER_BOOK, "build", "--builder", "linkcheck", ".")


def run_clean(args: argparse.Namespace) -> int:
    """Remove builds and caches; the environment and the data stay."""
    root = project_root()
    names = ("_build", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis")
    for name in names:
        if (root / name).exists():
            shutil.rmtree(root / name)
            say(f"removed {name}")
    return 0


def run_targets(args: argparse.Namespace) -> int:
    """List the targets of the Makefile with their one line."""
    text = (project_root() / "Makefile").read_text(encoding="utf-8")
    print("Usage: make TARGET   (without make: python -m rnncourse TARGET)\n")
    for name, line in re.findall(r"^(\S+):  ## (.+)$", text, re.MULTILINE):
        print(f"  {name:<14} {line}")
    return 0
