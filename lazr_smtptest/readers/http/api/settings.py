"""The settings of the running server: reading, and changing for new sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import attrs
import msgspec

from lazr_smtptest.faults.errors import FieldError
from lazr_smtptest.interfaces import IAdjustableStore
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, HTTPError, json_answer
from lazr_smtptest.readers.http.api.operations import operation
from lazr_smtptest.readers.http.api.store_settings import (
    Adjustment,
    BoundsChange,
    StoreBounds,
    StoreTags,
    TagsChange,
)
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.routes import Route

__all__ = ["ServerSettings"]

_ELSEWHERE = {409: "The settings are in another process, or the store has none."}


class SettingsAnswer(msgspec.Struct, frozen=True):
    """The settings for new sessions, and the names of those that cannot be changed.

    ``store`` and ``tags`` are null where the store has none that can be changed.
    ``shared``: whether a change is one of all servers that share the database.
    """

    limits: dict[str, int | float | None]
    profile: str
    hidden: list[str]
    values: dict[str, str | None]
    require_tls: bool
    require_auth: bool
    xclient: bool
    vrfy: bool
    fixed: list[str]
    store: StoreBounds | None
    tags: StoreTags | None
    shared: bool


class SettingsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields to change, with values as in a file of faults; null undoes a change.

    ``store`` and ``tags`` are those of the store in which messages are kept.
    """

    limits: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    store: BoundsChange | None = None
    tags: TagsChange | None = None


class ServerSettings:
    """The part of the API that is about settings.

    Args:
        context: the server.
    """

    def __init__(self, context: ReaderContext) -> None:
        self._context = context
        self._adjustment: Adjustment | None = None
        if IAdjustableStore.providedBy(context.store):
            self._adjustment = Adjustment(context.store)

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the routes."""
        path = f"{prefix}/settings"
        yield operation(
            "GET",
            path,
            self.settings,
            "Get the settings",
            answer=SettingsAnswer,
            others=_ELSEWHERE,
        )
        yield operation(
            "PATCH",
            path,
            self.change,
            "Change settings for new sessions",
            body=SettingsRequest,
            example={
                "limits": {"message_size": "10M"},
                "settings": {"vrfy": False},
                "store": {"max_count": 1000},
            },
            answer=SettingsAnswer,
            others=_ELSEWHERE,
        )

    async def settings(self, call: Call) -> Answer:
        """Answer with the settings."""
        return self._answer()

    async def change(self, call: Call) -> Answer:
        """Change some settings, and answer with all.

        All servers that share a database change them, the others half a second later;
        one that starts later has them, too. A field that is ``fixed`` at one of the
        others stays there as it is, and its log says so.
        """
        asked = await call.json(SettingsRequest)
        live = self._context.needed_settings()
        shared = self._context.shared
        try:
            adjust = self._prepared(asked)
            if shared is None:
                live.change(asked.limits, asked.settings)
            else:
                live.check(asked.limits, asked.settings)
        except FieldError as error:
            raise HTTPError(
                HTTPStatus.BAD_REQUEST, f"bad {error.key}: {error}"
            ) from error
        except ValueError as error:
            raise HTTPError(HTTPStatus.BAD_REQUEST, str(error)) from error
        if shared is not None:
            await shared.settings.change(_changes(asked))
        elif adjust is not None:
            await self._context.reader.call(adjust)
        return self._answer()

    def _prepared(self, asked: SettingsRequest) -> Callable[[], object] | None:
        """Return the call that changes the store; ``None`` for no change of it."""
        if asked.store is None and asked.tags is None:
            return None
        if self._adjustment is None:
            raise HTTPError(
                HTTPStatus.CONFLICT,
                "the store of this server has no bounds and tag rules to change",
            )
        return self._adjustment.prepare(
            asked.store or BoundsChange(), asked.tags or TagsChange()
        )

    def _answer(self) -> Answer:
        live = self._context.needed_settings()
        current = live.current
        return json_answer(
            SettingsAnswer(
                limits=attrs.asdict(current.limits),
                profile=current.profile,
                hidden=sorted(current.hidden),
                values=dict(current.values),
                require_tls=current.require_tls,
                require_auth=current.require_auth,
                xclient=current.xclient,
                vrfy=current.vrfy,
                fixed=sorted(live.fixed),
                store=StoreBounds.of(self._context.store),
                tags=StoreTags.of(self._context.store),
                shared=self._context.shared is not None,
            )
        )


def _changes(asked: SettingsRequest) -> dict[str, dict[str, Any]]:
    """Return the values to change, by table and name."""
    changes = {"limits": asked.limits, "settings": asked.settings}
    for name, table in (("store", asked.store), ("tags", asked.tags)):
        given = {} if table is None else msgspec.structs.asdict(table)
        changes[name] = {
            key: value for key, value in given.items() if value is not msgspec.UNSET
        }
    return changes
