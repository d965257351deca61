"""The examples in the OpenAPI description. A test holds them against the models."""

from __future__ import annotations

from typing import Any

_AT = "2026-11-01T19:04:10Z"
_DECISION = "5b0f7a3a3f4e4c0f9d1c9d5f0d6f2a11"
_SHELF = "because_you_listened:artist:ada-lunes"

HOME_REQUEST: dict[str, Any] = {"listener_id": "listener-7", "surface": "phone", "seed": 42}

_LISTENER = {
    "id": "listener-7",
    "name": "Mira Okafor",
    "market": "SE",
    "tier": "premium",
    "allows_explicit": True,
}

HOME_PAGE: dict[str, Any] = {
    "decision_id": _DECISION,
    "listener": _LISTENER,
    "surface": "phone",
    "at": _AT,
    "page": [
        {
            "slot": 1,
            "shelf_id": _SHELF,
            "title": "Because you listened to Ada Lunes",
            "presentation": "carousel",
            "source": "because_you_listened",
            "seed_item": "artist:ada-lunes",
            "reason": "You played Ada Lunes 212 times",
            "slot_reason": (
                "“Fresh finds” (as carousel) would be worth more here, but 'varied-neighbours' keeps it out."
            ),
            "rules": ["varied-neighbours"],
            "rival": "fresh_finds",
            "rival_presentation": "carousel",
            "value": 0.31,
            "conditional": 0.93,
            "items": [
                {
                    "id": "album:low-tide",
                    "kind": "album",
                    "title": "Low Tide",
                    "creator": "Ada Lunes",
                    "genre": "dream pop",
                    "explicit": False,
                    "sponsor": "Northwind Audio",
                    "released": "2026-09-18",
                }
            ],
        }
    ],
    "propensity": 0.93,
    "explored": False,
    "seed": 42,
    "versions": {"policy": 3, "rules": "1", "grid": "1"},
    "layout": {
        "status": "optimal",
        "objective": 153020,
        "bound": 153020,
        "gap": 0.0,
        "proof": "cp-sat",
        "relaxed": [],
        "paid": {"stay-put": 310},
    },
    "diagnostics": {
        "seconds": {"shelves": 0.0041, "score": 0.0012, "layout": 0.0029, "total": 0.0094},
        "layout_seconds": {"compile": 0.0016, "bound": 0.0007},
        "candidate_shelves": 41,
        "options": 58,
        "dropped_sources": [],
        "violations": [],
        "fallback": "",
    },
}

LISTENERS: dict[str, Any] = {"listeners": [_LISTENER], "next_offset": 1}

SURFACES: dict[str, Any] = {
    "surfaces": [
        {
            "surface": "phone",
            "version": "1",
            "items_per_shelf": 8,
            "slots": [
                {"slot": 1, "examination": 0.97, "fold": 0, "presentations": ["carousel", "hero"]},
                {"slot": 2, "examination": 0.88, "fold": 0, "presentations": ["carousel"]},
            ],
            "presentations": [
                {"name": "carousel", "height": 1, "items": 8, "prominence": 1.0},
                {"name": "hero", "height": 2, "items": 3, "prominence": 1.25},
            ],
        }
    ]
}

EXPLANATION: dict[str, Any] = {
    "decision_id": _DECISION,
    "objective": 153020,
    "best": 153020,
    "placed": [
        {
            "slot": 1,
            "shelf_id": _SHELF,
            "title": "Because you listened to Ada Lunes",
            "presentation": "carousel",
            "value": 31190,
            "loss": 2210,
            "instead": "fresh_finds",
            "instead_title": "Fresh finds",
            "instead_presentation": "carousel",
            "needed": False,
            "proven": True,
        }
    ],
    "absent": [
        {
            "shelf_id": "trending",
            "title": "Trending now",
            "absence": "kept out",
            "cost": 1480,
            "slot": 2,
            "page": [
                {
                    "shelf_id": _SHELF,
                    "title": "Because you listened to Ada Lunes",
                    "presentation": "carousel",
                },
                {"shelf_id": "trending", "title": "Trending now", "presentation": "carousel"},
            ],
            "leaves": ["Fresh finds"],
            "kept_out_by": ["music-first"],
            "text": (
                "'music-first' keeps it out: without that rule the best page has it. "
                "The best page with it is worth 0.97% less, and has it in slot 2."
            ),
            "proven": True,
        }
    ],
    "rules": [
        {
            "rule": "varied-neighbours",
            "price": 930,
            "binding": True,
            "slack": 0,
            "paid": 0,
            "reason": "Two shelves of the same kind in a row read as one.",
            "owner": "home",
            "proven": True,
        }
    ],
    "contradicting": [],
    "left_out": [],
}

READINESS: dict[str, Any] = {
    "status": "ready",
    "checks": {"database": "ok", "catalogue": "ok", "model": "ok"},
}

PROBLEM: dict[str, Any] = {
    "type": "/problems/unknown-listener",
    "title": "Unknown listener",
    "status": 404,
    "detail": "listener 'nobody' is not in the catalogue; list some with GET /v1/listeners",
    "instance": "/v1/home",
}

EVENT: dict[str, Any] = {
    "id": "0d0a3f0c-6a8e-4f2c-8f0d-0c9a5d8f7b21",
    "decision_id": _DECISION,
    "kind": "click",
    "shelf_id": _SHELF,
    "item_id": "album:low-tide",
    "at": "2026-11-01T19:05:32Z",
}

EVENT_BATCH: dict[str, Any] = {"events": [EVENT]}

EVENT_ANSWER: dict[str, Any] = {
    "accepted": 1,
    "duplicates": 0,
    "late": 0,
    "rejected": [
        {"id": "e-2", "reason": "decision_id: 'none' is not in the log; send the id that came with the page"}
    ],
}

_FEATURES = {"shelf": {"source": "because_you_listened", "content_type": "music"}, "numbers": {"taste": 0.82}}

DECISION: dict[str, Any] = {
    "decision_id": _DECISION,
    "listener_id": "listener-7",
    "surface": "phone",
    "at": _AT,
    "context": {"context": {"surface": "phone", "hour": "evening"}, "user": {"id": "listener-7"}},
    "candidates": [
        {
            "shelf_id": _SHELF,
            "title": "Because you listened to Ada Lunes",
            "presentation": "carousel",
            "source": "because_you_listened",
            "reason": "You played Ada Lunes 212 times",
            "seed_item": "artist:ada-lunes",
            "attributes": {"source": "because_you_listened", "content_type": "music", "sponsored": False},
            "features": _FEATURES,
            "items": ["album:low-tide"],
            "scores": [0.7],
            "values": [0.31],
            "pmf": [0.93],
            "slot": 1,
            "anchor_slot": 1,
        }
    ],
    "anchor": [_SHELF],
    "page": [_SHELF],
    "shown": [["album:low-tide"]],
    "explored": False,
    "propensity": 0.93,
    "conditionals": [0.93],
    "exploration_conditionals": [0.3],
    "anchor_exploration": 0.3,
    "support_sizes": [9],
    "epsilon": 0.1,
    "floor": 0.1,
    "drawing": {
        "method": "anchored",
        "regret_cap": 0.1,
        "least_value": 137718,
        "pages": [],
        "probabilities": [],
    },
    "seed": 42,
    "examination": [0.97],
    "versions": {"policy": 3, "rules": "1", "grid": "phone@1"},
    "effective_rules": ["few-because", "no-repeats"],
    "layout": {
        "status": "optimal",
        "objective": 153020,
        "bound": 153020,
        "gap": 0.0,
        "proof": "cp-sat",
        "relaxed": [],
        "paid": {"stay-put": 310},
    },
    "dropped_sources": {},
    "fallback": "",
    "seconds": {"total": 0.0094},
    "events": [EVENT],
}
