"""The options of ``smtptest`` and ``twistd smtptest``.

The module imports little: no import may install a reactor, because the options
choose it.
"""

# Twisted's names.

from __future__ import annotations

import getopt
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from twisted.cred.credentials import IUsernameHashedPassword, IUsernamePassword
from twisted.cred.strcred import AuthOptionMixin
from twisted.python import usage

import twisted
from lazr_smtptest._checks import brief
from lazr_smtptest._toml import FileError
from lazr_smtptest.cli.alias_flags import take_flags
from lazr_smtptest.cli.aliases import note_others
from lazr_smtptest.cli.config_file import FIELDS, ConfigFile
from lazr_smtptest.cli.errors import OptionError
from lazr_smtptest.cli.help import hint_for, write_help
from lazr_smtptest.cli.option import Groups, Option, merge_groups
from lazr_smtptest.cli.option_checks import check_options
from lazr_smtptest.cli.option_table import TABLE
from lazr_smtptest.cli.option_values import describe_wrong, read_values
from lazr_smtptest.cli.places import add_readers, default_endpoint, read_endpoints
from lazr_smtptest.cli.readers import READERS
from lazr_smtptest.cli.relay_files import read_relay_files
from lazr_smtptest.cli.tagging import tag_queries
from lazr_smtptest.version import __version__

__all__ = ["Options"]


# An option at the beginning of an error.
_OPTION = re.compile("--([a-z0-9-]+)")
# The options of the server, and those of the ways to read its mail.
_ALL = merge_groups(TABLE, [reader.groups for reader in READERS])


def _flags(groups: Groups) -> list[list[str | None]]:
    return [
        [option.name, None, option.help]
        for option in chain.from_iterable(groups.values())
        if option.kind == "flag"
    ]


def _parameters(groups: Groups) -> list[list[str | None]]:
    return [
        [option.name, None, option.default, option.help]
        for option in chain.from_iterable(groups.values())
        if option.kind not in ("flag", "list", "action")
    ]


class Options(usage.Options, AuthOptionMixin):
    """The parsed options, by name; an option of the kind ``"list"`` is a list.

    Attributes:
        groups: the table of the options.
        files: the files of ``--config`` and ``--faults``, in the order of reading, by
            the name of the option.
        given: the options that the command line or the environment has set.
        notes: lines for the log about options without effect.
        http_default: the endpoint of HTTP if no option names one; ``None`` for none.
        default_endpoint: the endpoint of --host and --port; ``None`` for none.
    """

    http_default: str | None = None
    default_endpoint: str | None = None
    synopsis = "[options]"
    longdesc = (
        "Receive mail by SMTP and keep it; deliver none. Each message that is "
        "accepted or refused is one line in the log. SIGTERM and Ctrl-C stop it."
    )
    groups: ClassVar[Groups] = _ALL
    optParameters: ClassVar = _parameters(_ALL)
    optFlags: ClassVar = _flags(_ALL)
    # The credentials of checkers that --help-auth lists: plain passwords and digests.
    supportedInterfaces = (IUsernamePassword, IUsernameHashedPassword)

    def __init__(self) -> None:
        super().__init__()
        self.authOutput = sys.stdout
        self.files: dict[str, ConfigFile] = {}
        self.given: set[str] = set()
        self.notes: list[str] = []
        self._written_names: set[str] = set()
        # The environment variable that has set an option.
        self._variables: dict[str, str] = {}
        # The lists of files and the environment, which the command line replaces.
        self._lists: dict[str, list[str]] = {}
        # What an error calls an option: the name that the user has written.
        self._names: dict[str, str] = {}
        for option in self.table().values():
            if option.kind == "list":
                self[option.name] = []

    @classmethod
    def table(cls) -> Mapping[str, Option]:
        """Return the options by name."""
        return {each.name: each for each in chain.from_iterable(cls.groups.values())}

    def fixed_fields(self) -> frozenset[str]:
        """Return the names of limits and settings that no file may change.

        These are set by the command line or the environment.
        """
        return frozenset(
            field for option, (_, field) in FIELDS.items() if option in self.given
        )

    def rank(self, name: str) -> int:
        """Return where an option was set; a lower number overrides a greater one.

        It is 0 for the command line, 1 for the environment, 2 for a file, 3 for none.
        """
        in_files = any(name in file.values for file in self.files.values())
        places = (name in self._written_names, name in self.given, in_files, True)
        return places.index(True)

    def parseArgs(self, *others: str) -> None:
        """Refuse arguments that are no options.

        Raises:
            UsageError: there is one.
        """
        if others:
            raise usage.UsageError(
                f"unexpected argument {brief(others[0])}: the server takes options "
                "only, --help lists them"
            )

    def opt_help_auth(self) -> None:
        """Display the checkers and exit."""
        print("any lets everybody in, with any password. Twisted has:\n")
        super().opt_help_auth()

    def opt_version(self) -> NoReturn:
        """Display the versions and exit."""
        print(f"lazr.smtptest {__version__} on Twisted {twisted.__version__}")
        sys.exit(0)

    def __repr__(self) -> str:
        # Passwords are among the values.
        return f"<Options {', '.join(sorted(self))}>"

    def getUsage(self, width: int | None = None) -> str:
        """Return the help, in groups, unlike Twisted's."""
        columns = width or int(os.environ.get("COLUMNS", "80"))
        return write_help(self.groups, self.longdesc, columns)

    # Where the values come from

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Parse the files, the environment and the command line.

        Each of them overrides those before it.

        Raises:
            OptionError: an option is wrong. For a `UsageError` Twisted would print the
                whole help, and the reason after it.
        """
        arguments = list(sys.argv[1:] if options is None else options)
        try:
            environment, arguments = self._read_environment(arguments)
            written = dict(self._written(arguments))
            for name in ("config", "faults"):
                source = written.get(name) or environment.get(name) or self[name]
                if source:
                    self._read_file(name, source)
            for name, value in environment.items():
                self._set(name, value, self._variables[name])
            self._written_names = {
                *written,
                # A flag of another server is on the command line, too.
                *(name for name, text in self._variables.items() if text[0] == "-"),
            }
            self.given = {*environment, *written}
            self._names.update((name, f"--{name}") for name in written)
            super().parseOptions(arguments)
        except usage.UsageError as error:
            hint = hint_for(str(error), self.table(), self.longOpt)
            raise OptionError(f"{self._as_written(error)}{hint}") from error

    def _written(self, arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield the options on the command line with their values."""
        try:
            pairs, _ = getopt.getopt(list(arguments), self.shortOpt, self.longOpt)
        except getopt.GetoptError:
            # Twisted reports it.
            return
        for name, value in pairs:
            yield name.lstrip("-"), value

    def _read_environment(
        self, arguments: list[str]
    ) -> tuple[dict[str, Any], list[str]]:
        """Return the values of variables and of other servers' flags, by option.

        Args:
            arguments: the command line.

        Returns:
            the values, and the arguments without these flags.
        """
        table = self.table()
        try:
            flags, others = take_flags(arguments, table)
            environment, set_flags = read_relay_files(os.environ, flags)
            found = read_values(environment, set_flags, table)
        except ValueError as error:
            raise usage.UsageError(str(error)) from error
        self.notes += note_others(environment, set_flags)
        self._variables = {name: source for name, (_, source) in found.items()}
        return {name: value for name, (value, _) in found.items()}, others

    def _read_file(self, name: str, path: str) -> None:
        """Read the options in a file.

        Args:
            name: ``"config"`` or ``"faults"``.
            path: the name of the file.
        """
        # twistd may change its working directory.
        absolute = Path(os.path.abspath(path))  # noqa: PTH100 - links stay as they are
        if any(each.path == absolute for each in self.files.values()):
            return
        try:
            file = ConfigFile(absolute, self.table())
            if name == "faults" and "faults" in file.values:
                raise file.error("faults", "only the file of --config names it")
        except FileError as error:
            raise usage.UsageError(f"--{name}: {error}") from error
        self.files[name] = file
        for key, value in file.values.items():
            self._set(key, value, f"--{name}: {file.error(key, '')}")

    def _set(self, name: str, value: Any, source: str) -> None:
        self._names[name] = source
        if isinstance(value, list):
            self._lists[name] = value
        else:
            self[name] = value

    def name(self, option: str) -> str:
        """Return what an error calls an option."""
        return self._names.get(option, f"--{option}")

    def _as_written(self, error: usage.UsageError) -> str:
        """Return an error that begins with an option, with what the user wrote for it.

        That may be a variable, a flag of another server, or a line of a file.
        """
        text = str(error)
        found = _OPTION.match(text)
        return text if found is None else self.name(found[1]) + text[found.end() :]

    # Checks

    def postOptions(self) -> None:
        """Check the options as far as possible without a reactor and the disk."""
        for name, values in self._lists.items():
            self[name] = self[name] or values
        for option in self.table().values():
            self._parse(option)
        add_readers(self)
        read_endpoints(self)
        self._add_default_endpoint()
        tag_queries(self, self.name("tag"))
        check_options(self)
        for reader in READERS:
            reader.check(self)

    def _parse(self, option: Option) -> None:
        if option.kind not in ("number", "size", "choice"):
            return
        value = self[option.name]
        if isinstance(value, str):
            try:
                self[option.name] = option.parse(value)
            except ValueError:
                name = self.name(option.name)
                raise usage.UsageError(describe_wrong(option, name, value)) from None

    def _add_default_endpoint(self) -> None:
        self.default_endpoint = default_endpoint(self)
        if self.default_endpoint is not None:
            self["smtp"] = [*self["smtp"], self.default_endpoint]


def _appender(option: Option) -> Callable[[Options, str], None]:
    """Return the method that Twisted calls for an option of the kind ``"list"``."""

    def append(self: Options, value: str) -> None:
        self[option.name].append(value)

    append.__doc__ = option.help
    return append


def _methods(groups: Groups) -> dict[str, Callable[[Options, str], None]]:
    return {
        f"opt_{option.name.replace('-', '_')}": _appender(option)
        for option in chain.from_iterable(groups.values())
        if option.kind == "list"
    }


for _method_name, _method in _methods(_ALL).items():
    setattr(Options, _method_name, _method)
