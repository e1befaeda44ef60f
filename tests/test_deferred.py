"""A dataclass that is made when it is first used is in nothing else different from one that is made at once."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, fields, is_dataclass
from threading import Barrier
from typing import Any, ClassVar

import pytest

import llama_storage_tui
from llama_storage_tui import deferred
from llama_storage_tui.deferred import dataclass, replace


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is."""

    name: str
    line: int | None = None
    notes: list[str] = field(default_factory=list, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("no name")


@dataclass(frozen=True, slots=True)
class Deeper(Place):
    depth: int = 1


@dataclass(slots=True)
class Counter:
    count: int = 0


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Release:
    major: int
    minor: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    name: str

    def __repr__(self) -> str:
        return "mine"


def test_it_is_constructed_compared_and_shown_like_any_other() -> None:
    place = Place("a", notes=["said"])
    assert (place.name, place.line, place.notes) == ("a", None, ["said"])
    assert place == Place("a") != Place("b")
    assert len({place, Place("a"), Place("b")}) == 2
    assert repr(place) == "Place(name='a', line=None)"
    assert place.notes is not Place("a").notes
    with pytest.raises(ValueError, match="no name"):
        Place("")
    with pytest.raises(TypeError, match="unexpected keyword"):
        Place("a", colour="red")  # type: ignore[call-arg]


def test_one_that_is_frozen_cannot_be_changed_and_no_attribute_can_be_added() -> None:
    place = Place("a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        place.name = "b"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del place.name
    assert not hasattr(place, "__dict__")
    counter = Counter()
    counter.count += 1
    assert counter == Counter(1)
    with pytest.raises(AttributeError):
        counter.other = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="unhashable"):
        hash(counter)


def test_one_that_extends_another_has_the_fields_of_both() -> None:
    assert [each.name for each in fields(Deeper)] == ["name", "line", "notes", "depth"]
    assert Deeper("a", 3, depth=2).depth == 2
    assert Deeper("a") != Place("a")


def test_it_is_asked_for_its_fields_before_there_is_one() -> None:
    @dataclass(frozen=True, slots=True)
    class Fresh:
        """Never constructed."""

        name: str = "x"

    assert is_dataclass(Fresh)
    assert [each.default for each in fields(Fresh)] == ["x"]
    assert Fresh.__match_args__ == ("name",)
    assert Fresh.__doc__ == "Never constructed."


def test_it_is_matched_copied_replaced_and_sent_to_another_process() -> None:
    match Place("a", 3):
        case Place(name, line):
            assert (name, line) == ("a", 3)
    place = Place("a", 3)
    assert replace(place, line=4) == Place("a", 4)
    assert copy.copy(place) == copy.deepcopy(place) == pickle.loads(pickle.dumps(place)) == place  # noqa: S301


def test_order_keywords_and_what_a_class_says_itself_are_kept() -> None:
    assert min([Release(major=2), Release(major=1, minor=3)]) == Release(major=1, minor=3)
    with pytest.raises(TypeError, match="positional"):
        Release(1)  # type: ignore[call-arg]
    assert repr(Own("a")) == "mine"
    assert Own("a") != Own("a")


def test_threads_that_use_it_first_at_the_same_time_all_get_one() -> None:
    for _ in range(20):

        @dataclass(frozen=True, slots=True)
        class Shared:
            number: int

        barrier = Barrier(4)

        def make(number: int, barrier: Barrier = barrier, made: type[Shared] = Shared) -> Shared:
            barrier.wait()
            return made(number)

        with ThreadPoolExecutor(4) as pool:
            assert [*pool.map(make, range(4))] == [Shared(number) for number in range(4)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    since: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Named(Dated):
    name: str
    line: int = field(default=3, compare=False)
    told: ClassVar[int] = 1


@dataclass(slots=True)
class Kept:
    name: str
    place: str = field(init=False)


def test_a_constructor_takes_what_that_of_the_standard_library_takes() -> None:
    for module in pkgutil.walk_packages(llama_storage_tui.__path__, "llama_storage_tui."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    quickly = 0
    for made, later in [*deferred._known.items()]:
        constructor = later._constructor()
        if constructor is None:
            continue
        quickly += 1
        declared = type(made)(made.__name__, made.__bases__, dict(later._declared))
        standard: Any = dataclasses.dataclass(**later._options)(declared)
        assert later._alone("__match_args__") == standard.__match_args__, made
        usual = inspect.signature(standard.__init__)
        found = inspect.signature(constructor)
        for each, wanted in zip(found.parameters.values(), usual.parameters.values(), strict=True):
            assert (each.name, each.kind) == (wanted.name, wanted.kind), made
            assert (each.default is each.empty) == (wanted.default is wanted.empty), made
            if "factory" not in repr(wanted.default):
                assert each.default is wanted.default, made
    assert quickly > 300


def test_names_come_after_what_is_given_by_position_and_factories_make_anew() -> None:
    first, second = Named("a"), Named("a", 4, since=2, notes=["x"])
    assert (first.name, first.line, first.since, first.notes, first.told) == ("a", 3, 0, [], 1)
    assert (second.name, second.line, second.since, second.notes) == ("a", 4, 2, ["x"])
    assert first.notes is not Named("a").notes
    with pytest.raises(TypeError, match=r"Named.__init__\(\) missing 1 required positional argument: 'name'"):
        Named()  # type: ignore[call-arg]
    assert pickle.loads(pickle.dumps(second)) == second  # noqa: S301


def test_it_is_replaced_and_matched_without_having_all_of_it_made() -> None:
    @dataclass(frozen=True, slots=True)
    class Fresh(Named):
        size: int = 0

    changed = replace(Fresh("a", since=2, notes=["x"]), line=5)
    assert (changed.name, changed.line, changed.since, changed.notes, changed.size) == ("a", 5, 2, ["x"], 0)
    assert Fresh.__match_args__ == ("name", "line", "size")
    assert isinstance(vars(Fresh)["__dataclass_fields__"], deferred._Part)
    with pytest.raises(TypeError, match="unexpected keyword"):
        replace(changed, colour="red")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="dataclass instances"):
        replace("text")  # type: ignore[type-var]
    with pytest.raises(ValueError, match="init=False"):
        replace(Kept("a"), place="b")


def test_a_field_that_no_argument_sets_is_left_unset() -> None:
    with pytest.raises(AttributeError):
        _ = Kept("a").place
    with pytest.raises(TypeError, match="unexpected keyword"):
        Kept("a", place="b")  # type: ignore[call-arg]


class Said:
    told: ClassVar[list[str]] = []

    def __init__(self) -> None:
        self.is_ready = True


@dataclass(eq=False)
class Opened(Said):
    place: str | None = None
    others: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()


def test_a_class_without_slots_stays_what_it_is() -> None:
    assert Opened.place is None
    opened = Opened("a")
    assert opened.is_ready
    assert (opened.place, opened.others) == ("a", [])
    assert repr(opened).endswith("Opened(place='a', others=[])")
    assert opened != Opened("a")
    opened.told = ["b"]  # type: ignore[misc]
    assert not hasattr(Opened, "others")
