"""What a simulated listener truly likes, which nobody but the simulator knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from home.simulate.parameters import Attraction, Intent, ListenerParameters, Persona
from home.simulate.uniforms import seed_of, uniforms
from shelves.catalog import Catalog
from shelves.types import Attribute, Context, Floats, Rows, Shelf
from shelves.view import View

Probabilities = NDArray[np.float64]
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """A listener's persona and `taste` (n_tags,) over tags; `seed` and `id` give what is private to them."""

    id: str
    persona: Persona
    taste: Floats
    seed: int

    def affinity(self, catalog: Catalog, rows: Rows) -> Probabilities:
        """True affinity (len(rows),) in [0, 1] to items, as the catalogue measures nearness to a taste."""
        affinity: Probabilities = catalog.tags.affinity_of(rows, self.taste).astype(np.float64)
        return np.clip(affinity, 0.0, 1.0)

    def private(self, source: str, sd: float) -> float:
        """What this listener feels about a source for no reason that a feature knows, in log-odds."""
        return sd * _feeling(self.seed, self.id, source)


@lru_cache(maxsize=100_000)
def _feeling(seed: int, listener: str, source: str) -> float:
    u = uniforms(seed, "source", listener, source)[0]
    return _NORMAL.inv_cdf(min(max(u, 1e-12), 1.0 - 1e-12))


def true_listener(parameters: ListenerParameters, catalog: Catalog, context: Context, seed: int) -> Truth:
    """The truth about a listener: by history, id and seed alone, never by when or where a visit happens."""
    name = context.listener.id
    u = uniforms(seed, "persona", name)[0]
    taste = _taste(parameters, View(catalog, context).tastes, seed_of(seed, "taste", name))
    return Truth(name, _drawn(parameters.persona, u), taste, seed)


def intent_probabilities(intents: Sequence[Intent], hour: int, surface: str) -> Probabilities:
    """Probability (I,) of each intent at an hour of the listener's day on a surface."""
    weights = np.array([intent.hours[hour] * intent.surfaces.get(surface, 1.0) for intent in intents])
    shares: Probabilities = weights / weights.sum()
    return shares


def utilities(
    parameters: ListenerParameters, truth: Truth, shelves: Sequence[Shelf], affinity: Probabilities
) -> Probabilities:
    """Log-odds (I, n) that n shelves of mean true affinity (n,) attract under each intent."""
    # A shelf that is shown in several presentations is several times among them.
    each = {shelf.id: shelf for shelf in shelves}
    place = dict(zip(each, range(len(each)), strict=True))
    chosen = np.array([place[shelf.id] for shelf in shelves])
    of_shelf = np.array([_of_shelf(parameters, truth, shelf) for shelf in each.values()])
    of_intent = [
        [_effect(intent.families, intent.content_types, shelf.attributes) for shelf in each.values()]
        for intent in parameters.intent
    ]
    total: Probabilities = (
        of_shelf[chosen]
        + parameters.attraction.affinity * affinity
        + np.array(of_intent).take(chosen, axis=1)
    )
    return total


def _taste(parameters: ListenerParameters, observed: Floats, seed: int) -> Floats:
    """The strongest taste in each tag, unit by content type, with a private part added before scaling."""
    rng = np.random.default_rng(seed)
    n_tags = observed.shape[1]
    private = np.zeros(n_tags)
    tags = rng.permutation(n_tags)[: parameters.taste.private_tags]
    private[tags] = rng.random(len(tags))
    length = float(np.linalg.norm(private))
    if length > 0.0:
        private *= parameters.taste.private / length
    total = observed + private
    lengths = np.linalg.norm(total, axis=1, keepdims=True)
    scaled = np.divide(total, lengths, out=np.zeros_like(total), where=lengths > 0.0)
    return np.asarray(scaled.max(axis=0), dtype=np.float32)


def _drawn(personas: Sequence[Persona], u: float) -> Persona:
    cumulative = np.cumsum([persona.share for persona in personas])
    return personas[int(np.searchsorted(cumulative, u * cumulative[-1], side="right"))]


def _of_shelf(parameters: ListenerParameters, truth: Truth, shelf: Shelf) -> float:
    attraction, attributes = parameters.attraction, shelf.attributes
    return (
        attraction.intercept
        + _effect(parameters.families, parameters.content_types, attributes)
        + _effect(truth.persona.families, truth.persona.content_types, attributes)
        + truth.persona.novelty * float(attributes["novelty"])
        + _of_offer(attraction, attributes)
        + truth.private(shelf.provenance.source, attraction.private_sd)
    )


def _of_offer(attraction: Attraction, attributes: Mapping[str, Attribute]) -> float:
    sponsored = attraction.sponsored if attributes["sponsored"] else 0.0
    return sponsored + attraction.popularity * float(attributes["popularity"])


def _effect(
    families: Mapping[str, float], types: Mapping[str, float], attributes: Mapping[str, Attribute]
) -> float:
    return families.get(str(attributes["family"]), 0.0) + types.get(str(attributes["content_type"]), 0.0)
