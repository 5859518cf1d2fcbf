"""Settings of nbgrader for this course; run nbgrader's commands in this folder.

solutions/ is the source, exercises/ the release. What learners hand in, grades and
feedback stay in submitted/, autograded/, feedback/ and gradebook.db, which git
ignores.
"""

from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import NbGraderPreprocessor

from rnncourse.exercises import fill_address

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.CourseDirectory.course_id = "rnncourse"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", ".DS_Store"]

# What stands in place of a solution. The checks read it as "not answered yet".
c.ClearSolutions.code_stub = {"python": "# Your code here\nraise NotImplementedError()"}
c.ClearSolutions.text_stub = "Your answer here."

# One check takes well under a second; the largest task trains for half a minute.
c.ExecutePreprocessor.timeout = 120
c.Execute.timeout = 120

# Formgrader shows what learners wrote: no script of theirs runs in your browser.
c.HTMLExporter.sanitize_html = True


class FillAddress(NbGraderPreprocessor):
    """Put the course's public address into the line that installs the package."""

    def preprocess_cell(self, cell, resources, cell_index):
        """Replace the tokens of one cell."""
        cell.source = fill_address(cell.source)
        return cell, resources


c.GenerateAssignment.preprocessors = [
    FillAddress,
    *GenerateAssignment.preprocessors.default(),
]
