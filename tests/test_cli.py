"""The command line: what a person types, and what it answers."""

import os
import subprocess
import sys
import tomllib

import pytest

from rnncourse import cli, environment, messages
from tests.conftest import ROOT


def run(*arguments, cwd=ROOT, **variables):
    """Call the command line as a person would; return its result."""
    return subprocess.run(
        [sys.executable, "-m", "rnncourse", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **variables},
        check=False,
    )


def test_no_command_prints_the_commands_and_fails():
    result = run()
    assert result.returncode == 2
    assert "COMMAND" in result.stderr


def test_help_has_a_sentence_for_every_command():
    result = run("--help")
    assert result.returncode == 0
    for name in cli.build_parser()._subparsers._group_actions[0].choices:
        assert name in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "nothing.ipynb"], "there is no file nothing.ipynb"),
        (["data", "shakespear"], "shakespeare"),
        (["notebooks", "99-nothing"], "07-recurrent-networks"),
        (["results", "99"], "19-energy-forecast"),
    ],
)
def test_a_wrong_name_gets_a_sentence_and_no_traceback(arguments, words):
    result = run(*arguments)
    assert result.returncode == 1
    assert words in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="pipes end otherwise on Windows")
@pytest.mark.parametrize(
    ("arguments", "codes"),
    # Help longer than a buffer is cut short by argparse itself, which then ends with 0.
    [(["check", "--list"], {1}), (["data"], {1}), (["--help"], {0, 1})],
)
def test_a_reader_that_has_gone_gets_no_traceback(arguments, codes):
    """What `rnncourse ... | head` does to the command, once head has ended."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = subprocess.run(
            [sys.executable, "-m", "rnncourse", *arguments],
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            check=False,
        )
    finally:
        os.close(writer)
    assert result.stderr == ""
    assert result.returncode in codes


def test_check_lists_every_check_with_its_points():
    result = run("check", "--list")
    assert result.returncode == 0
    assert "rnn-step" in result.stdout


def test_one_thing_is_no_plural():
    said = [messages.counted(number, "page") for number in (0, 1, 2, 2000)]
    assert said == ["0 pages", "1 page", "2 pages", "2,000 pages"]


def test_data_lists_every_set_with_its_licence():
    result = run("data")
    assert result.returncode == 0
    assert "shakespeare" in result.stdout
    assert "energy" in result.stdout


def test_doctor_says_what_is_here():
    result = run("doctor")
    assert "torch 2" in result.stdout
    assert "Traceback" not in result.stderr


def test_a_second_setup_that_changes_nothing_installs_nothing(tmp_path, monkeypatch):
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    calls = []
    prefix = tmp_path / "environment"
    prefix.mkdir()
    monkeypatch.setattr(sys, "prefix", str(prefix))
    monkeypatch.setattr(environment, "run", lambda command, advice: calls.append(1))
    environment.ensure(tmp_path)
    assert len(calls) == 1
    environment.ensure(tmp_path)
    assert len(calls) == 1
    (tmp_path / "constraints.txt").write_text("numpy==1.0\n")
    environment.ensure(tmp_path)
    assert len(calls) == 2


def test_an_old_python_gets_a_sentence(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    with pytest.raises(environment.SetupError, match=r"3\.11 or newer .* this is 3.9"):
        environment.ensure(ROOT)


def test_an_installed_package_without_clone_says_so(monkeypatch, tmp_path):
    elsewhere = tmp_path / "site-packages" / "rnncourse" / "environment.py"
    monkeypatch.setattr(environment, "__file__", str(elsewhere))
    with pytest.raises(environment.SetupError, match="needs a clone"):
        environment.project_root()


def test_a_failed_installation_ends_with_advice(monkeypatch, tmp_path):
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    failing = [sys.executable, "-c", "raise SystemExit(1)"]
    real = environment.run
    monkeypatch.setattr(environment, "run", lambda command, say: real(failing, say))
    with pytest.raises(environment.SetupError, match="pip's message above"):
        environment.ensure(tmp_path)
    assert not (tmp_path / environment.STAMP).exists()


def test_the_served_book_answers_on_this_machine_only(tmp_path):
    (tmp_path / "index.html").write_text("<p>hello</p>")
    code = f"from rnncourse.cli import serve; serve(r'{tmp_path}', 8765)"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as server:
        try:
            line = server.stdout.readline()
            assert "http://127.0.0.1:" in line
            address = line.split("read it at ")[1].split()[0]
            import urllib.request

            with urllib.request.urlopen(address, timeout=10) as answer:
                assert b"hello" in answer.read()
        finally:
            server.terminate()


def test_bench_runs_every_script_as_a_module_even_after_a_missed_goal(monkeypatch):
    calls = []
    codes = iter([0, 1, *[0] * 10])
    monkeypatch.setattr(
        cli, "inside", lambda *call, env: calls.append(call) or next(codes)
    )
    assert cli.main(["bench"]) == 1
    stems = sorted(path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py"))
    assert calls == [("-m", f"benchmarks.{stem}") for stem in stems]
    assert {"gpu", "layers", "train_characters"} <= set(stems)


def test_coverage_measures_the_reference_and_its_twins(monkeypatch):
    calls = []
    monkeypatch.setattr(cli, "inside", lambda *call, env: calls.append(call) or 0)
    assert cli.main(["coverage"]) == 0
    (call,) = calls
    assert "--cov" in call
    places = [word for word in call if word.startswith("tests/")]
    assert {"tests/reference", "tests/nn"} <= set(places)
    assert all((ROOT / place).exists() for place in places)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["coverage"]
    assert settings["run"]["branch"] is True
    assert settings["run"]["source"] == ["rnncourse/reference", "rnncourse/nn"]
    assert settings["report"]["fail_under"] >= 95


def test_pdf_prints_the_english_book_after_it_is_built(monkeypatch, tmp_path, capsys):
    from rnncourse import pdf

    done = []

    def book(english):
        done.append(("book", english))

    def make(site, target):
        done.append(("print", site, target.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"%PDF" * 500_000)
        return 7

    monkeypatch.setattr(cli, "project_root", lambda: tmp_path)
    monkeypatch.setattr(cli, "hand_over", lambda args: None)
    monkeypatch.setattr(cli, "build_book", book)
    monkeypatch.setattr(pdf, "make", make)
    assert cli.main(["pdf"]) == 0
    name = f"rnncourse-book-{cli.__version__}.pdf"
    site = tmp_path / "_build" / "html"
    assert done == [("book", True), ("print", site, name)]
    assert "7 pages, 2 MB" in capsys.readouterr().out

    def broken(english):
        raise environment.SetupError("the book has errors")

    monkeypatch.setattr(cli, "build_book", broken)
    assert cli.main(["pdf"]) == 1
    assert len(done) == 2


def test_publish_before_a_build_says_what_to_make_first(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(cli, "project_root", lambda: tmp_path)
    assert cli.main(["publish"]) == 1
    assert "run `make offline` and `make pdf` first" in capsys.readouterr().err
