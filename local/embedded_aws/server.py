"""The emulator's process: every patch installed, then MiniStack served on loopback until told to stop."""

import asyncio
import os
import signal
import threading
import time

from hypercorn.asyncio import serve as serve_asgi
from hypercorn.config import Config
from ministack import app
from ministack.core import lambda_runtime

from . import (
    cloudformation,
    cloudtrail,
    enforcement,
    events,
    faults,
    functions,
    lifetime,
    metrics,
    pinned,
    unimplemented,
    workers,
)
from .control import Control
from .environment import Settings

_PARENT_CHECK_SECONDS = 0.5


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM, or until the parent process is gone."""
    if settings.parent is not None:
        threading.Thread(target=_end_with, args=(settings.parent,), name="parent", daemon=True).start()
    application = build(settings)
    config = Config()
    config.bind = [f"127.0.0.1:{settings.port}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    try:
        asyncio.run(serve_asgi(application, config))  # type: ignore[arg-type] # a plain ASGI callable
    finally:
        lambda_runtime.reset()


def build(settings: Settings) -> Control:
    """Install every patch and return the application."""
    workers.install()
    enforcement.install()
    events.install()
    functions.install(settings.concurrency)
    cloudformation.install()
    metrics.install()
    unimplemented.install()
    injected = faults.install()
    cloudtrail.install()  # after the faults, so that it also records the calls that they fail
    _reset_our_state_too(injected)
    pinned.function(app, "app", "scope, receive, send")
    return Control(app.app, injected)


def _reset_our_state_too(injected: faults.Faults) -> None:
    def reset() -> None:
        lifetime.begin_next()
        injected.replace([])
        enforcement.switch(on=False)
        original()

    original = pinned.replace(app, "_reset_all_state", "", reset)


def _end_with(parent: int) -> None:
    """End this process and every function it runs when the process that started it is gone."""
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_SECONDS)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
