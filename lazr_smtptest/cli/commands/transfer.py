"""``smtptest export`` and ``smtptest import``: messages in files of other programs."""

from __future__ import annotations

import argparse
import contextlib
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from lazr_smtptest._secrets import without_secrets
from lazr_smtptest.cli.commands.base import (
    INDEXING,
    CommandError,
    add_store,
    open_existing,
    parse,
    parser,
    run_command,
    trusted,
)
from lazr_smtptest.cli.copying import Copied, EmlFolder, Place, copy, count_of, read_eml
from lazr_smtptest.cli.read_copy import open_to_read
from lazr_smtptest.client.address import is_url
from lazr_smtptest.client.reader import RemoteReader
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.times import with_time
from lazr_smtptest.stores import MboxStore, check_spec, open_store

__all__ = [
    "check_target",
    "export_messages",
    "export_parser",
    "import_messages",
    "import_parser",
    "open_target",
]

_MBOX = "mbox:"
_EML = "eml:"


def export_parser() -> argparse.ArgumentParser:
    """Return the parser of ``smtptest export``."""
    options = parser(
        "export",
        "Write messages into files: .eml files in a folder, or one mbox. Header fields "
        "before the message keep its envelope, and import reads them.",
        queries=True,
    )
    add_store(options)
    options.add_argument("target", metavar="TO", help="eml:DIR or mbox:FILE")
    options.add_argument("query", metavar="QUERY", nargs="*")
    return options


def export_messages(arguments: Sequence[str]) -> int:
    """Run ``smtptest export``; return the exit status: 1 if nothing matches."""
    options = export_parser()
    given = parse(options, arguments)
    return run_command("export", partial(_export, given))


def import_parser() -> argparse.ArgumentParser:
    """Return the parser of ``smtptest import``."""
    options = parser(
        "import",
        "Add messages from .eml and mbox files to a store, or to a running server. A "
        "message whose id it has already is left out; one without a time of receipt "
        "gets that of the import.",
        queries=False,
    )
    options.add_argument("store", metavar="STORE")
    options.add_argument(
        "sources",
        metavar="FROM",
        nargs="+",
        help="an .eml file, eml:DIR (a folder of them), or mbox:FILE",
    )
    return options


def import_messages(arguments: Sequence[str]) -> int:
    """Run ``smtptest import``; return the exit status."""
    options = import_parser()
    given = parse(options, arguments)
    return run_command("import", partial(_import, given))


def _export(given: Namespace) -> int:
    query = " ".join(given.query)
    _check_files(given.target)
    done = "appended" if _has_messages(given.target) else "exported"
    with open_existing(given.store, given.ca_file) as reader:
        reader.page(query, limit=1, timeout=INDEXING)
        numbers = reader.numbers(query)
        if query and not numbers:
            raise CommandError(f"no message matches {query!r}")
        # A message may be deleted meanwhile.
        messages = filter(None, (reader.envelope(number) for number in numbers))
        with contextlib.closing(_target(given.target)) as target:
            copied = copy(messages, target, lambda count: None)
    print(f"{count_of(copied.count)} {done} to {given.target}")
    return 0


def _check_files(text: str) -> None:
    kind, _, path = text.partition(":")
    if kind not in ("eml", "mbox") or not path:
        raise CommandError(f"TO is eml:DIR or mbox:FILE, not {text!r}", 2)


def _has_messages(text: str) -> bool:
    """Return whether a target is an mbox to which messages are appended."""
    path = Path(text.removeprefix(_MBOX))
    return text.startswith(_MBOX) and path.exists() and path.stat().st_size > 0


def _target(text: str) -> Place:
    if text.startswith(_EML):
        return EmlFolder(text.removeprefix(_EML))
    return MboxStore(text.removeprefix(_MBOX))


def _import(given: Namespace) -> int:
    check_target(given.store)
    for source in given.sources:
        _check_source(source)
    with contextlib.closing(open_target(given.store, given.ca_file)) as store:
        new = _New(_messages(given.sources), store.ids())
        copied = copy(new, store, lambda count: None)
    # Another program may have added some since their ids were read.
    copied = Copied(copied.count, copied.known + new.known)
    shown = without_secrets(given.store)
    print(f"{count_of(copied.count)} imported into {shown}{copied.left_out}")
    return 0


def check_target(text: str) -> None:
    """Check the name of a store or server that gets messages.

    Raises:
        CommandError: it is no store on a disk, and no URL.
    """
    if is_url(text):
        return
    try:
        spec = check_spec(text)
    except ValueError as error:
        raise CommandError(str(error), 2) from None
    if spec.kind == "memory":
        raise CommandError("a store in memory ends with the command", 2)


def open_target(text: str, ca_file: str | None) -> Any:
    """Open a store or server that gets messages.

    Args:
        text: the store or the URL.
        ca_file: the value of ``--ca-file``.

    Raises:
        CommandError: the URL or the file is wrong.
    """
    verify = trusted(ca_file, text)
    try:
        if not is_url(text):
            return open_store(text)
        return RemoteReader(text, verify=verify)
    except ValueError as error:
        raise CommandError(str(error), 2) from None


class _New:
    """Messages whose ids are not known; each id once.

    Args:
        messages: the messages; each has an id.
        ids: the known ids.

    Attributes:
        known: how many messages were left out so far.
    """

    def __init__(self, messages: Iterable[Envelope], ids: Iterable[str]) -> None:
        self.known = 0
        self._messages = messages
        self._ids = set(ids)

    def __iter__(self) -> Iterator[Envelope]:
        for envelope in self._messages:
            if envelope.id in self._ids:
                self.known += 1
                continue
            self._ids.add(envelope.id)
            yield with_time(envelope)


def _check_source(text: str) -> None:
    name = text.removeprefix(_EML).removeprefix(_MBOX)
    path = Path(name)
    if name and not path.exists():
        raise CommandError(f"there is no {name!r}")
    if not name or (name == text and path.suffix != ".eml"):
        raise CommandError(
            f"FROM is a file .eml, eml:DIR or mbox:FILE, not {text!r}", 2
        )


def _messages(sources: Sequence[str]) -> Iterator[Envelope]:
    for source in sources:
        if source.startswith(_MBOX):
            with open_to_read(source) as store:
                yield from store
        elif source.startswith(_EML):
            yield from EmlFolder(source.removeprefix(_EML))
        else:
            yield read_eml(Path(source))
