"""The changes of flags and tags that all stores share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection

from lazr_smtptest.model.summary import Flag
from lazr_smtptest.query.edit import Edit
from lazr_smtptest.query.selection import Selection

__all__ = ["Editor"]


class Editor(ABC):
    """Checks what is to change; the store changes it."""

    @abstractmethod
    def _edit(self, selection: Selection, edit: Edit) -> int:
        """Change messages, all or none; return how many changed."""

    def change(
        self,
        selection: Selection,
        *,
        set_flags: Collection[Flag] = (),
        clear_flags: Collection[Flag] = (),
        add_tags: Collection[str] = (),
        remove_tags: Collection[str] = (),
        tags: Collection[str] | None = None,
    ) -> int:
        """Change flags and tags of messages, all or none; see `IMessageReader`."""
        edit = Edit.of(
            set_flags=set_flags,
            clear_flags=clear_flags,
            add_tags=add_tags,
            remove_tags=remove_tags,
            tags=tags,
        )
        return self._edit(selection, edit)
