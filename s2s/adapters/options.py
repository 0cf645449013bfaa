"""Options from another library's config files, by name: each is understood or refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from s2s.errors import UserError

T = TypeVar("T", bound=int | float | str | bool)


class Options:
    """Values by dotted key (``encoder.rnn_type``), from tables within tables."""

    def __init__(self, file: Path, values: Mapping[str, Any]) -> None:
        self.file, self.values = file, values

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or ``default`` where there is none."""
        value: Any = self.values
        for part in key.split("."):
            if not isinstance(value, Mapping) or value.get(part) is None:
                return default
            value = value[part]
        return value

    def need(self, key: str, kind: type[T], default: T | None = None) -> T:
        """A value of this type; UserError where it is missing, and there is no default, or of another type."""
        value = self.get(key, default)
        if value is None:
            raise UserError("import_missing", file=str(self.file), key=key)
        if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
            raise UserError("import_type", file=str(self.file), key=key, expected=kind.__name__, found=repr(value)[:80])
        return value

    def only(self, key: str, *allowed: object, default: object = None) -> Any:
        """The value, which must be one of these: another asks for a computation that models here do not have."""
        value = self.get(key, default)
        if value not in allowed:
            raise UserError("import_option", **self._found(key, value, allowed))
        return value

    def recurrent(self, key: str, *allowed: object, default: object = None) -> Any:
        """The kind of network, which must be one of these recurrent ones."""
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
