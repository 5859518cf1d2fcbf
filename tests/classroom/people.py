"""What a learner and a teacher do in JupyterLab, step by step, in a real browser."""

import re
import time

START = 600_000  # ms; a server starts in ten seconds, on a busy machine in minutes
MOMENT = 180_000  # ms, for everything else


class Person:
    """One person in a browser window of their own.

    Parameters
    ----------
    browser : playwright Browser
    address : str
        Of the hub.
    name : str
    pictures : Path or None
        Where pictures of the steps go.
    """

    def __init__(self, browser, address, name, pictures=None):
        self.address, self.name, self.pictures = address, name, pictures
        self.context = browser.new_context(viewport={"width": 1280, "height": 860})
        self.page = self.context.new_page()
        self.page.set_default_timeout(MOMENT)
        self.asked = []  # addresses outside of this machine
        self.page.on("request", self._note)

    def _note(self, request):
        if not re.match(r"(https?|wss?)://127\.0\.0\.1[:/]|data:|blob:", request.url):
            self.asked.append(request.url)

    def close(self):
        self.context.close()

    def picture(self, step):
        print(time.strftime("%H:%M:%S"), self.name, step, flush=True)
        if self.pictures:
            self.page.screenshot(path=self.pictures / f"{step}-{self.name}.png")

    # -- the hub -------------------------------------------------------------------

    def sign_in(self, password):
        """Fill in the form; return the text of its complaint, or ""."""
        page = self.page
        page.goto(f"{self.address}/hub/login")
        page.fill("input[name=username]", self.name)
        page.fill("input[name=password]", password)
        page.click("#login_submit")
        page.wait_for_selector(".login_error, .lm-MenuBar-itemLabel", timeout=START)
        complaint = page.locator(".login_error")
        if complaint.count():
            return complaint.inner_text()
        page.wait_for_selector(".lm-DockPanel-tabBar .lm-TabBar-tab")
        return ""

    def status(self, path):
        """Ask the hub for an address as this person; return the HTTP status."""
        return self.context.request.get(f"{self.address}{path}").status

    def menu(self, *labels):
        """Choose an entry of a menu."""
        first, *rest = labels
        self.page.click(f'.lm-MenuBar-itemLabel:text-is("{first}")')
        for label in rest:
            self.page.click(f'.lm-Menu .lm-Menu-itemLabel:text-is("{label}")')

    # -- a learner -----------------------------------------------------------------

    def open_list(self):
        """Open the list of assignments, and bring it up to date."""
        page = self.page
        listed = re.compile(r"/assignments\?course_id=")
        if page.locator('.lm-TabBar-tabLabel:text-is("Assignments")').count():
            self.menu("Nbgrader", "Assignment List")
        else:
            # It loads by itself, which would undo what is done before that ends.
            with page.expect_response(listed):
                self.menu("Nbgrader", "Assignment List")
        with page.expect_response(listed):
            page.click("#refresh_assignments_list")
        page.wait_for_selector("#assignments .list_loading:visible", state="hidden")
        page.wait_for_selector(
            "#assignments :is(.list_item, .list_placeholder):visible"
        )

    def rows(self, which):
        """Return the rows of one part: released, fetched or submitted."""
        return self.page.locator(f"#{which}_assignments_list > .list_item")

    def fetch(self, assignment):
        row = self.rows("released").filter(has_text=assignment)
        row.get_by_role("button", name="Fetch").click()
        self.rows("fetched").filter(has_text=assignment).wait_for()

    def open_notebook(self, assignment):
        page = self.page
        if page.locator(".jp-Notebook:visible").count():
            return
        tab = page.locator(f'.lm-TabBar-tabLabel:text-is("{assignment}.ipynb")')
        if tab.count():
            tab.first.click()
        else:
            row = self.rows("fetched").filter(has_text=assignment)
            inner = row.locator(f'.nested_list_item a:text-is("{assignment}")')
            if not inner.is_visible():
                row.locator(".item_name a").first.click()
            inner.click()
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        # A cell that is run before there is a kernel asks which one to take.
        page.wait_for_selector(
            ':is(#jp-main-statusbar, #jp-bottom-panel) :text("| Idle")', timeout=START
        )

    def run(self, cell):
        """Run a cell and wait until it has run."""
        prompt = cell.locator(".jp-InputArea-prompt")
        before = prompt.inner_text()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        end = time.monotonic() + MOMENT / 1000
        while not re.search(r"\d", now := prompt.inner_text()) or now == before:
            assert time.monotonic() < end, f"the cell did not run: {now}"
            self.page.wait_for_timeout(200)

    def answer(self, task, source):
        """Type an answer, run it and the check below it; return the check's words."""
        page = self.page
        start = re.search(r"def \w+\(", source)[0]
        cell = page.locator(".jp-CodeCell").filter(has_text=start).first
        cell.scroll_into_view_if_needed()
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(source.strip())
        self.run(cell)
        check = page.locator(".jp-CodeCell").filter(has_text=f'check("{task}"').first
        self.run(check)
        return check.locator(".jp-OutputArea-output").all_inner_texts()

    def run_first(self):
        """Run the cell that imports."""
        self.run(
            self.page.locator(".jp-CodeCell").filter(has_text="import check").first
        )

    def save(self):
        self.page.keyboard.press("Control+S")
        self.page.wait_for_selector(
            ".lm-DockPanel-tabBar .jp-mod-dirty", state="detached"
        )

    def validate(self):
        """Press "Validate"; return the words of the dialog."""
        self.page.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate").click()
        dialog = self.page.locator(".jp-Dialog")
        dialog.filter(has_text="Validation Results").wait_for()
        return dialog.inner_text()

    def dismiss(self):
        self.page.click(".jp-Dialog .jp-mod-accept")
        self.page.wait_for_selector(".jp-Dialog", state="detached")

    def submit(self, assignment):
        """Hand in; return how often that has been done."""
        before = self.rows("submitted").locator(".nested_list_item").count()
        row = self.rows("fetched").filter(has_text=assignment)
        row.get_by_role("button", name="Submit").first.click()
        self.page.wait_for_function(
            "n => document.querySelectorAll("
            "'#submitted_assignments_list .nested_list_item').length > n",
            arg=before,
        )
        return self.rows("submitted").locator(".nested_list_item").count()

    def fetch_feedback(self, assignment):
        """Fetch feedback; return the lines of the hand-ins."""
        row = self.rows("submitted").filter(has_text=assignment)
        button = row.get_by_role("button", name="Fetch Feedback")
        with self.page.expect_response("**/assignments/fetch_feedback*"):
            button.click()
        row.get_by_role("button", name="Fetch Feedback").wait_for()
        return row.locator(".nested_list_item .item_name").all_text_contents()

    # -- the teacher ---------------------------------------------------------------

    @property
    def formgrader(self):
        """The frame of Formgrader."""
        return self.page.frame_locator('iframe[src*="formgrader"], .jp-IFrame iframe')

    def open_formgrader(self):
        """Open Formgrader anew, at the list of assignments."""
        old = self.page.locator('.lm-TabBar-tab:has-text("Formgrader")')
        if old.count():
            old.first.locator(".lm-TabBar-tabCloseIcon").click()
        self.menu("Nbgrader", "Formgrader")
        self.formgrader.locator("#main-table td.collect").first.wait_for()

    def press(self, column):
        """Press a button of the first assignment; return what it says when done."""
        self.formgrader.locator(f"#main-table td.{column} a").first.click()
        dialog = self.formgrader.locator(".modal-dialog:visible")
        dialog.locator(".modal-body").wait_for()
        said = dialog.inner_text()
        dialog.get_by_role("button", name="Close").last.click()
        dialog.wait_for(state="hidden")
        return said

    def type_in_terminal(self, *lines):
        """Open a terminal, if there is none, and type lines into it."""
        page = self.page
        if page.locator(".jp-Terminal:visible").count() == 0:
            self.menu("File", "New", "Terminal")
        page.locator(".jp-Terminal:visible .xterm-screen").click()
        for line in lines:
            page.keyboard.insert_text(line)
            page.keyboard.press("Enter")

    def open_submissions(self, assignment):
        """Open the hand-ins under "Manual Grading"; return the rows."""
        (frame,) = [one for one in self.page.frames if "/formgrader" in one.url]
        frame.get_by_text("Manual Grading").first.click()
        frame.wait_for_url("**/formgrader/gradebook")
        name = frame.locator(f'#main-table td a:text-is("{assignment}")')
        name.click()
        frame.wait_for_url(f"**/gradebook/{assignment}")
        name.click()
        frame.wait_for_url(f"**/gradebook/{assignment}/{assignment}")
        frame.locator("#main-table a.name-hidden").first.wait_for()
        return frame.locator("#main-table tr").all_inner_texts()

    def open_first_submission(self):
        """Open a hand-in as Formgrader shows it; return its text."""
        (frame,) = [one for one in self.page.frames if "/formgrader" in one.url]
        frame.locator("#main-table a.name-hidden").first.click()
        frame.wait_for_url("**/formgrader/submissions/**")
        frame.locator(".nbgrader_cell, div.cell, .jp-Cell").first.wait_for()
        return frame.locator("body").inner_text()

    # -- feedback ------------------------------------------------------------------

    def read_feedback(self):
        """Open the newest feedback from the list; return its text."""
        page = self.page
        self.rows("submitted").get_by_text("view feedback").last.click()
        listed = page.locator('.jp-DirListing-item:has-text(".html")')
        listed.first.dblclick()
        shown = page.frame_locator(".jp-HTMLViewer iframe").locator("body")
        shown.get_by_role("heading").first.wait_for()
        return shown.inner_text()
