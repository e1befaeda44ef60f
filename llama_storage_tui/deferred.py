"""Values that cost little to define: `dataclass` of the standard library, made when a class is first used.

A start imports hundreds of small values and uses a fraction of them, while what `dataclasses` writes and compiles for each takes
about half a millisecond: a third of what `check` took. Here a class gets its slots at once, and what the standard library makes of
the same declaration when it is first constructed, compared, shown, matched or asked for its fields.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from dataclasses import dataclass as made_at_once
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    # To a type checker it is the same.
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, slots: bool = False, eq: bool = True, **options: bool) -> Callable[[type], type]:
        """Return a decorator that makes a dataclass as that of the standard library does, when it is first used."""
        names = _ALWAYS + (_COMPARING if eq else ())
        names += _FREEZING if options.get("frozen") else ()
        names += _ORDERING if options.get("order") else ()

        def decorate(declared: type) -> type:
            made = _with_slots(declared, is_frozen=bool(options.get("frozen"))) if slots else declared
            later = _Later(declared, made, options | {"eq": eq})
            for name in names:
                if vars(declared).get(name) is None:
                    setattr(made, name, _Part(later, name))
            return made

        return decorate


_ALWAYS: Final = ("__dataclass_fields__", "__dataclass_params__", "__match_args__", "__init__", "__repr__")
_COMPARING: Final = ("__eq__", "__hash__")
_FREEZING: Final = ("__setattr__", "__delattr__")
_ORDERING: Final = ("__lt__", "__le__", "__gt__", "__ge__")
_lock: Final = RLock()
"""Threads may use a class first at the same time; to make one makes those that it extends."""


class _Later:
    """A class that the standard library has not seen yet."""

    __slots__ = ("_declared", "_made", "_options")

    def __init__(self, declared: type, made: type, options: dict[str, bool]) -> None:
        self._declared: type | None = declared
        self._made = made
        self._options = options

    def part(self, name: str) -> Any:  # noqa: ANN401 - any attribute of a dataclass
        """Return an attribute of the class that the standard library makes; all are in place then."""
        with _lock:
            if self._declared is not None:
                declared = self._declared
                if declared is self._made:
                    declared = _without_parts(declared)
                parts = vars(made_at_once(**self._options)(declared))
                for each, now in [*vars(self._made).items()]:
                    if isinstance(now, _Part):
                        setattr(self._made, each, parts[each])
                    elif isinstance(now, Field):
                        _set_default(self._made, now, each)
                self._declared = None
        return vars(self._made)[name]


class _Part:
    """An attribute of a class that is not made yet: whoever asks for it has it made."""

    __slots__ = ("_later", "_name")

    def __init__(self, later: _Later, name: str) -> None:
        self._later = later
        self._name = name

    def __get__(self, instance: object, owner: type) -> Any:  # noqa: ANN401 - any attribute of a dataclass
        part = self._later.part(self._name)
        return part.__get__(instance, owner) if hasattr(part, "__get__") else part


def _set_default(made: type, field: Field[Any], name: str) -> None:
    """Leave of a field in a class without slots what the standard library leaves there: its default, or nothing."""
    if field.default is MISSING:
        delattr(made, name)
    else:
        setattr(made, name, field.default)


def _without_parts(declared: type) -> type:
    """Return the class as it was declared; one without slots has its parts in itself."""
    left_out = ("__dict__", "__weakref__")
    own = {
        name: value
        for name, value in vars(declared).items()
        if not (isinstance(value, _Part) or name in left_out)
    }
    return type(declared)(declared.__name__, declared.__bases__, own)


def _with_slots(declared: type, *, is_frozen: bool) -> type:
    """Return the class with a slot for each of its fields, which therefore holds no default."""
    inherited = {slot for base in declared.__mro__[1:-1] for slot in getattr(base, "__slots__", ())}
    # Read from the class's own: these are texts, and nobody evaluates them.
    own: dict[str, str] = vars(declared).get("__annotations__", {})
    names = tuple(name for name, type_ in own.items() if not type_.startswith("ClassVar"))
    parts = {
        name: part for name, part in vars(declared).items() if name not in (*names, "__dict__", "__weakref__")
    }
    parts["__slots__"] = tuple(name for name in names if name not in inherited)
    if is_frozen:
        parts |= {"__getstate__": _state, "__setstate__": _set_state}
    made = type(declared)(declared.__name__, declared.__bases__, parts)
    made.__qualname__ = declared.__qualname__
    return made


def _state(self: Any) -> list[object]:  # noqa: ANN401 - any frozen dataclass
    return [getattr(self, field.name) for field in fields(self)]


def _set_state(self: Any, state: list[object]) -> None:  # noqa: ANN401 - any frozen dataclass
    for field, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
