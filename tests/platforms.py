"""A plugin for pytest that hides from the package what another platform lacks.

::

    LAZR_SMTPTEST_PLATFORM=macos pytest -p tests.platforms tests/server

Only the modules of ``lazr_smtptest`` miss the names: Twisted, the standard library and
the tests themselves are made for the platform that they run on. What is missing is
hidden at the import, so this module is imported before the package.
"""

from __future__ import annotations

import builtins
import importlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

import pytest
from twisted.internet.selectreactor import SelectReactor

__all__ = ["PLATFORMS", "hide"]

_PACKAGES = ("lazr_smtptest", "lazr.smtptest")

# Modules that cannot be imported there.
_NO_EPOLL = {"twisted.internet.epollreactor"}
_NO_POSIX = {
    *("fcntl", "grp", "pty", "pwd", "resource", "termios"),
    "twisted.internet.pollreactor",
}
_ABSENT = {"macos": _NO_EPOLL, "windows": _NO_EPOLL | _NO_POSIX}

# Names that only Linux has, and those that Windows does not have either.
_LINUX_ONLY = {
    "os": {
        *("O_DIRECT", "copy_file_range", "eventfd", "fdatasync", "getrandom"),
        *("memfd_create", "pipe2", "posix_fadvise", "posix_fallocate"),
        *("sched_getaffinity", "splice"),
    },
    "select": {"epoll"},
    "signal": {"SIGRTMIN", "sigtimedwait", "sigwaitinfo"},
    "socket": {
        *("MSG_NOSIGNAL", "SOCK_CLOEXEC", "SOCK_NONBLOCK", "SO_PEERCRED"),
        *("TCP_KEEPIDLE", "TCP_QUICKACK", "TCP_USER_TIMEOUT"),
    },
}
_POSIX_ONLY = {
    "os": {
        *("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK"),
        *("chown", "fchmod", "fork", "forkpty", "geteuid", "getuid", "killpg"),
        *("mkfifo", "openpty", "pread", "pwrite", "register_at_fork", "setsid"),
        *("statvfs", "uname"),
    },
    "select": {"kqueue", "poll"},
    "signal": {
        *("SIGALRM", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGXFSZ"),
        *("alarm", "pthread_sigmask", "setitimer"),
    },
    "socket": {"AF_UNIX", "MSG_DONTWAIT", "SO_REUSEPORT", "recv_fds", "send_fds"},
}
_HIDDEN = {
    "macos": _LINUX_ONLY,
    "windows": {name: _LINUX_ONLY[name] | _POSIX_ONLY[name] for name in _LINUX_ONLY},
}

PLATFORMS = tuple(_HIDDEN)


class _Partial(ModuleType):
    """A module without some of its names; what is set is set in the module itself."""

    def __init__(self, module: ModuleType, hidden: set[str]) -> None:
        super().__init__(module.__name__)
        self.__dict__.update(_module=module, _hidden=hidden)

    def __getattr__(self, name: str) -> Any:
        if name in self._hidden:
            raise AttributeError(f"{self.__name__} has no {name} there")
        return getattr(self._module, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._module, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._module, name)


def hide(platform: str) -> None:
    """Hide from the package what a platform lacks, in this process and for good.

    Args:
        platform: one of `PLATFORMS`.

    Raises:
        RuntimeError: the package has been imported already.
    """
    if any(name.startswith(_PACKAGES) for name in sys.modules):
        raise RuntimeError("hide the names before lazr_smtptest is imported")
    absent = _ABSENT[platform]
    partial = {
        name: _Partial(importlib.import_module(name), hidden)
        for name, hidden in _HIDDEN[platform].items()
    }
    real = builtins.__import__

    def import_(
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        importer = (globals or {}).get("__name__", "")
        if not importer.startswith(_PACKAGES) or level:
            return real(name, globals, locals, fromlist or (), level)
        if name in absent:
            raise ImportError(f"there is no {name} on {platform}", name=name)
        module = real(name, globals, locals, fromlist or (), level)
        return partial.get(module.__name__, module)

    builtins.__import__ = import_


def pytest_configure() -> None:
    """Check that names are hidden: without them the run would say nothing."""
    from lazr_smtptest.net.reactor import PrivateReactor

    if not issubclass(PrivateReactor, SelectReactor):
        raise pytest.UsageError(f"LAZR_SMTPTEST_PLATFORM is one of {PLATFORMS}")


@pytest.hookimpl(wrapper=True)
def pytest_report_header() -> Iterator[Any]:
    """Add the platform that the package sees to the header."""
    lines = yield
    return [*lines, [f"lazr_smtptest sees: {_WANTED}"]]


_WANTED = os.environ.get("LAZR_SMTPTEST_PLATFORM", "")
if _WANTED in PLATFORMS:
    hide(_WANTED)
