"""Options from another library's config files, by name: each is read or refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from s2s.errors import UserError

T = TypeVar("T", bound=int | float | str | bool)


class Options:
    """Nested tables, read by dotted key (``encoder.rnn_type``)."""

    def __init__(self, file: Path, values: Mapping[str, Any]) -> None:
        self.file, self.values = file, values

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or ``default`` if the key is missing."""
        value: Any = self.values
        for part in key.split("."):
            if not isinstance(value, Mapping) or value.get(part) is None:
                return default
            value = value[part]
        return value

    def need(self, key: str, kind: type[T], default: T | None = None) -> T:
        """A value of type ``kind``. UserError for another type, and for a missing key without a default."""
        value = self.get(key, default)
        if value is None:
            raise UserError("import_missing", file=str(self.file), key=key)
        if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
            raise UserError("import_type", file=str(self.file), key=key, expected=kind.__name__, found=repr(value)[:80])
        return value

    def only(self, key: str, *allowed: object, default: object = None) -> Any:
        """The value. UserError unless it is in ``allowed``: another would need a computation that our models lack."""
        value = self.get(key, default)
        if value not in allowed:
            raise UserError("import_option", **self._found(key, value, allowed))
        return value

    def recurrent(self, key: str, *allowed: object, default: object = None) -> Any:
        """The kind of network. UserError unless it is one of the recurrent kinds in ``allowed``."""
        value = self.get(key, default)
        if value not in allowed:
            raise UserError("import_recurrent", **self._found(key, value, allowed))
        return value

    def _found(self, key: str, value: object, allowed: tuple[object, ...]) -> dict[str, object]:
        return {
            "file": str(self.file),
            "key": key,
            "found": repr(value)[:80],
            "expected": " / ".join(str(value).lower() if isinstance(value, bool) else str(value) for value in allowed),
        }
