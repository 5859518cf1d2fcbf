"""Settings of JupyterHub for the classroom; `rnncourse classroom` starts it with them.

Servers are started by SimpleLocalProcessSpawner: it needs no accounts on the machine,
and so all of them run as whoever started the classroom. A real server must not do
that; the book's page "A classroom" says what to take there.
"""

import hmac
import os
import sys
from functools import partial
from typing import Any

from jupyterhub.auth import Authenticator
from traitlets import Dict

from rnncourse.classroom.room import NAMES, Room

c = get_config()  # type: ignore[name-defined]  # noqa: F821
room = Room.from_environment()


class Roster(Authenticator):  # type: ignore[misc]
    """Lets in who is on a list, each with a password of their own."""

    passwords = Dict(help="password of each name").tag(config=True)

    async def authenticate(self, handler: Any, data: dict[str, str]) -> str | None:
        """Give the name if the password is right."""
        wanted = self.passwords.get(data["username"])
        given = data["password"].encode()
        right = wanted is not None and hmac.compare_digest(wanted.encode(), given)
        return data["username"] if right else None


def variable(name: str, spawner: Any) -> str:
    """Give a variable of a person's server."""
    return room.variables(spawner.user.name)[name]


local = "http://127.0.0.1:"
c.JupyterHub.bind_url = f"{local}{os.environ['RNNCOURSE_PORT']}"
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.hub_port = int(os.environ["RNNCOURSE_HUB_PORT"])
c.JupyterHub.db_url = f"sqlite:///{room.hub / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(room.hub / "cookie-secret")
c.JupyterHub.cleanup_servers = True
c.JupyterHub.cleanup_proxy = True

c.ConfigurableHTTPProxy.command = [
    os.environ["RNNCOURSE_NODE"],
    os.environ["RNNCOURSE_PROXY"],
]
c.ConfigurableHTTPProxy.api_url = f"{local}{os.environ['RNNCOURSE_PROXY_PORT']}"
c.ConfigurableHTTPProxy.pid_file = str(room.hub / "proxy.pid")

c.JupyterHub.authenticator_class = Roster
c.Roster.passwords = room.read()["passwords"]
c.Roster.allowed_users = set(NAMES)

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(room.homes / "{username}")
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
# In a container everything may be root; Jupyter wants to be told so.
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
c.Spawner.default_url = "/lab"
c.Spawner.environment = {
    key: partial(variable, key) for key in room.variables(NAMES[0])
}
c.Spawner.env_keep = (
    [key for key in c.Spawner.env_keep if key != "PATH"]
    if "env_keep" in c.Spawner
    else [
        "PYTHONPATH",
        "VIRTUAL_ENV",
        "CONDA_DEFAULT_ENV",
        "LANG",
        "LC_ALL",
        "RNNCOURSE_DATA",
    ]
)
c.Spawner.start_timeout = 180
c.Spawner.http_timeout = 120
