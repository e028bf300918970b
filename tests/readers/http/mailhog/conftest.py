"""A store, and its HTTP side for clients of MailHog."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lazr_smtptest.faults import Faults
from lazr_smtptest.readers.http.mailhog.reader import MailHogReader
from lazr_smtptest.readers.http.reader import HTTPSettings

from ..conftest import Mail


class Hog(Mail):
    """A store, and its HTTP side for clients of MailHog.

    Attributes:
        faults: the fault rules of the server.
    """

    def __init__(self, **settings: Any) -> None:
        self.faults = Faults()
        super().__init__(server={"faults": self.faults})
        self.reader.close()
        context = type(self.context)(
            store=self.store, reactor=self.reactor, pool=self, faults=self.faults
        )
        self.reader: Any = MailHogReader(context, HTTPSettings(**settings))
        self.client = self.connect()


@pytest.fixture
def make_hog() -> Iterator[Callable[..., Hog]]:
    """Makes stores with HTTP sides that have settings of their own."""
    made: list[Hog] = []

    def make(**settings: Any) -> Hog:
        made.append(Hog(**settings))
        return made[-1]

    yield make
    for each in made:
        each.reader.close()


@pytest.fixture
def hog(make_hog: Callable[..., Hog]) -> Hog:
    """An empty store, and its HTTP side for clients of MailHog."""
    return make_hog()
