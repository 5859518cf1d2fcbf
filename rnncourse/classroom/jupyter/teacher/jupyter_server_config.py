"""Settings of the teacher's server in the classroom."""

c = get_config()  # type: ignore[name-defined]  # noqa: F821

# JupyterLab shows Formgrader in a frame, which JupyterHub forbids by default. People
# who do not trust each other need a host name each (JupyterHub.subdomain_host).
c.ServerApp.tornado_settings = {
    "headers": {"Content-Security-Policy": "frame-ancestors 'self'"}
}
