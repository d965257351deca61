"""Few music tags exist among books and films: those that do are found, unless they hardly matter."""

from __future__ import annotations

from shelves.catalog import Catalog, CatalogData
from shelves.sources.cross_content import CrossContent
from shelves.types import Interaction, Item, Kind
from shelves.view import View
from tests.shelves.synthetic import AS_OF, context

SOUNDS = tuple(f"sound {i}" for i in range(8))


def catalog() -> Catalog:
    """Artists with eight tags of their own before "gothic", which books share, and one of "british" alone."""
    artists = [Item(f"a{i}", Kind.ARTIST, f"A{i}", tags=(*SOUNDS, "gothic")) for i in range(20)]
    stranger = [Item(f"b{i}", Kind.ARTIST, f"B{i}", tags=("british",)) for i in range(20)]
    books = [Item(f"g{i}", Kind.AUDIOBOOK, f"G{i}", tags=("gothic",)) for i in range(6)]
    films = [Item(f"f{i}", Kind.VIDEO, f"F{i}", tags=("british",)) for i in range(6)]
    return Catalog(CatalogData([*artists, *stranger, *books, *films], AS_OF))


def proposed(catalog: Catalog, *history: Interaction) -> dict[str, set[str]]:
    view = View(catalog, context(catalog, history=history, friends=(), follows=frozenset()))
    shelves = CrossContent().propose(view)
    return {shelf.id: {catalog.ids[row] for row in shelf.rows} for shelf in shelves}


def test_a_shared_tag_counts_below_many_that_are_not_shared() -> None:
    books = proposed(catalog(), Interaction("a0", 500.0))
    assert books == {"cross_content:audiobook": {f"g{i}" for i in range(6)}}


def test_a_tag_that_hardly_matters_to_the_listener_does_not_count() -> None:
    whole = catalog()
    lightly = (*(Interaction(f"a{i}", 5000.0) for i in range(20)), Interaction("b0", 1.0))
    assert "cross_content:video" not in proposed(whole, *lightly)
    assert "cross_content:video" in proposed(whole, Interaction("b0", 1.0))
