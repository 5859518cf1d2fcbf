"""Settings of everybody's server in the classroom."""

import shutil

c = get_config()  # type: ignore[name-defined]  # noqa: F821

# A log-in shell would read the machine's profile and forget the course's commands.
c.ServerApp.terminado_settings = {
    "shell_command": [shutil.which("bash") or "/bin/sh"],
}
# Nothing is asked of other hosts.
c.LabApp.extension_manager = "readonly"
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.news_url = None
