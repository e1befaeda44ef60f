"""Values that cost little to define: `dataclass` of the standard library, made when a class is first used.

A start imports hundreds of small values and uses a fraction of them, while what `dataclasses` writes and compiles for each takes
about half a millisecond: a third of what `check` took. Here a class gets its slots at once, and what the standard library makes of
the same declaration when it is first constructed, compared, shown, matched or asked for its fields.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from dataclasses import dataclass as made_at_once
from dataclasses import replace as replace_any
from functools import cache
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    # To a type checker they are the same.
    from dataclasses import dataclass as dataclass
    from dataclasses import replace as replace
else:

    def replace(value: Any, /, **changes: Any) -> Any:  # noqa: ANN401 - any dataclass
        """Return a copy of a dataclass with other values in some fields, as the standard library does.

        That one first has the whole class made, which a constructor is enough for.
        """
        fields_ = _plain_fields(type(value)) if type(value) in _known else None
        if fields_ is None:
            return replace_any(value, **changes)
        return type(value)(**({name: getattr(value, name) for name in fields_} | changes))

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
_FIRST: Final = frozenset({*_ALWAYS, *_FREEZING} - {"__repr__"})
"""What a class needs to be constructed. Most of what is compiled is for the rest, which most classes are never asked for."""
_RESERVED: Final = frozenset({"self", "_put", "_unset"})
"""Names that a constructor uses itself."""
_lock: Final = RLock()
"""Threads may use a class first at the same time; to make one makes those that it extends."""


class _Later:
    """A class that the standard library has not seen yet."""

    __slots__ = ("_bases", "_declared", "_made", "_options")

    def __init__(self, declared: type, made: type, options: dict[str, bool]) -> None:
        self._declared = {
            name: part for name, part in vars(declared).items() if name not in ("__dict__", "__weakref__")
        }
        self._bases = declared.__bases__
        self._made = made
        self._options = options
        _known[made] = self

    def own_fields(self) -> dict[str, tuple[str, object, bool]]:
        """Return the fields that the class itself declares: the type of each, its default, and whether it is given by its name."""
        types: dict[str, str] = self._declared.get("__annotations__", {})
        by_name = bool(self._options.get("kw_only"))
        return {
            name: (type_, self._declared.get(name, MISSING), by_name)
            for name, type_ in types.items()
            if not type_.startswith("ClassVar")
        }

    def part(self, name: str) -> Any:  # noqa: ANN401 - any attribute of a dataclass
        """Return an attribute of the class that the standard library makes; those that are needed with it are in place then."""
        with _lock:
            if isinstance(vars(self._made)[name], _Part):
                part = self._alone(name)
                if part is None:
                    self._make(is_first=name in _FIRST)
                else:
                    type.__setattr__(self._made, name, part)
        return vars(self._made)[name]

    def _alone(self, name: str) -> Any:  # noqa: ANN401 - any attribute of a dataclass
        """Return an attribute that needs no other one; None where the standard library has to make it."""
        if name == "__init__":
            return self._constructor()
        fields_ = _plain_fields(self._made) if name == "__match_args__" else None
        return None if fields_ is None else tuple(name for name, field in fields_.items() if not field[2])

    def _constructor(self) -> Any:  # noqa: ANN401 - any function
        """Return the `__init__` of a class of plain fields, which most classes are never asked for more than; else None.

        The standard library makes it only together with what freezes a class, and with all it knows of the fields: four times the
        work. It does so all the same for fields that are not set by arguments of their names.
        """
        fields_ = _plain_fields(self._made)
        if fields_ is None:
            return None
        known: dict[str, object] = {"_put": object.__setattr__, "_unset": MISSING}
        given, by_name, lines = ["self"], ["*"], []
        for number, (name, (_, default, is_by_name)) in enumerate(fields_.items()):
            value, argument = name, name
            if isinstance(default, Field) and default.default_factory is not MISSING:
                known[f"_make{number}"] = default.default_factory
                argument += "=_unset"
                value = f"_make{number}() if {name} is _unset else {name}"
            else:
                usual = default.default if isinstance(default, Field) else default
                known[f"_usual{number}"] = usual
                argument += "" if usual is MISSING else f"=_usual{number}"
            (by_name if is_by_name else given).append(argument)
            lines.append(
                f"_put(self, {name!r}, {value})" if self._options.get("frozen") else f"self.{name} = {value}"
            )
        if hasattr(self._made, "__post_init__"):
            lines.append("self.__post_init__()")
        given += by_name if len(by_name) > 1 else []
        text = f"def __init__({', '.join(given)}):\n " + "\n ".join(lines or ["pass"])
        exec(text, known)  # noqa: S102 - of names alone, as the standard library does
        constructor: Any = known["__init__"]
        constructor.__qualname__ = f"{self._made.__qualname__}.__init__"
        constructor.__module__ = self._made.__module__
        constructor.__annotations__ = {name: each[0] for name, each in fields_.items()} | {"return": None}
        return constructor

    def _make(self, *, is_first: bool) -> None:
        less = {"eq": False, "order": False, "repr": False} if is_first else {}
        declared = type(self._made)(self._made.__name__, self._bases, dict(self._declared))
        parts = vars(made_at_once(**(self._options | less))(declared))
        for name, now in [*vars(self._made).items()]:
            if isinstance(now, _Part) and (name in _FIRST) is is_first:
                setattr(self._made, name, parts[name])
            elif isinstance(now, Field):
                _set_default(self._made, now, name)


_known: Final[dict[type, _Later]] = {}


@cache
def _plain_fields(made: type) -> dict[str, tuple[str, object, bool]] | None:
    """Return the fields of a class and of those that it extends, in their order; None where one is not set by an argument."""
    found: dict[str, tuple[str, object, bool]] = {}
    for each in reversed(made.__mro__):
        if each in _known:
            found |= _known[each].own_fields()
        elif "__dataclass_fields__" in vars(each):
            return None
    for name, (type_, default, by_name) in found.items():
        # The standard library notes in the field itself what its class says of names.
        is_given = not isinstance(default, Field) or (default.init and default.kw_only in (MISSING, by_name))
        if not is_given or name in _RESERVED or "InitVar" in type_ or "KW_ONLY" in type_:
            return None
    return found


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
    return [getattr(self, name) for name in _names(type(self))]


def _set_state(self: Any, state: list[object]) -> None:  # noqa: ANN401 - any frozen dataclass
    for name, value in zip(_names(type(self)), state, strict=True):
        object.__setattr__(self, name, value)


def _names(made: type) -> list[str]:
    """Return the names of a class's fields: its slots and those that it inherits, where there is nothing else."""
    classes = made.__mro__[-2::-1]
    slots = [vars(each).get("__slots__") for each in classes]
    if all(
        names is not None and (each in _known or not names)
        for each, names in zip(classes, slots, strict=True)
    ):
        return [name for names in slots for name in names or ()]
    return [field.name for field in fields(made)]
