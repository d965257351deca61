"""`home serve`: the API and the web page."""

from __future__ import annotations

import socket
from typing import Annotated

import typer
import uvicorn

from api.app import create_app
from api.logs import configure_logs
from api.terminal import STDERR, settings_of
from home.bootstrap import open_home
from home.errors import ConfigurationError


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8000,
) -> None:
    """Serve the API and the web page, learning from feedback as it comes.

    Open http://HOST:PORT/ for the page, /docs for the API, /metrics for Prometheus. The learner runs in
    this process every HOME_LEARN_EVERY_S seconds; set it to 0 and run `home learn --watch` elsewhere to
    keep learning out of the serving process.
    """
    settings = settings_of(context)
    configure_logs()
    # An address that is taken is found out before the wait for the catalogue, not after.
    with _bind(host, port) as bound:
        STDERR.print("loading the layout engine and the catalogue …")
        home = open_home(settings)
        config = uvicorn.Config(create_app(home), host, port, log_level="warning", access_log=False)
        _Server(config).run(sockets=[bound])


def _bind(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise ConfigurationError(
            f"cannot listen on {host}:{port}: {(error.strerror or str(error)).lower()}; "
            "choose another with --host or --port"
        ) from error
    return bound


class _Server(uvicorn.Server):
    """A server that says where it is once it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            STDERR.print(f"[bold green]Home is at http://{host}:{port}/[/]", highlight=False)
