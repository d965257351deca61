"""Every source that ships, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from shelves.sources.artist_tracks import ArtistTracks
from shelves.sources.audiobooks_for_you import AudiobooksForYou
from shelves.sources.base import Source
from shelves.sources.because_you_listened import BecauseYouListened
from shelves.sources.cross_content import CrossContent
from shelves.sources.decades import Decades
from shelves.sources.deep_catalogue import DeepCatalogue
from shelves.sources.editorial import Editorial
from shelves.sources.embedding_picks import EmbeddingPicks
from shelves.sources.followed import Followed
from shelves.sources.fresh_finds import FreshFinds
from shelves.sources.friends_listen_to import FriendsListenTo
from shelves.sources.jump_back_in import JumpBackIn
from shelves.sources.mixes import Mixes
from shelves.sources.more_from_genre import MoreFromGenre
from shelves.sources.new_releases import NewReleases
from shelves.sources.playlists_for_you import PlaylistsForYou
from shelves.sources.podcasts_for_you import PodcastsForYou
from shelves.sources.popular_in_market import PopularInMarket
from shelves.sources.trending import Trending
from shelves.sources.watch import Watch

_ALL: tuple[Source, ...] = (
    JumpBackIn(),
    BecauseYouListened(),
    EmbeddingPicks(),
    NewReleases(),
    MoreFromGenre(),
    Editorial(),
    FriendsListenTo(),
    Mixes(),
    ArtistTracks(),
    PlaylistsForYou(),
    Followed(),
    DeepCatalogue(),
    Trending(),
    PopularInMarket(),
    PodcastsForYou(),
    AudiobooksForYou(),
    Watch(),
    CrossContent(),
    FreshFinds(),
    Decades(),
)

SOURCES: Mapping[str, Source] = MappingProxyType({source.name: source for source in _ALL})
"""Name → source, in the order in which they are asked; of two shelves with one title the first stays."""

FAMILIES: Mapping[str, str] = MappingProxyType({source.name: source.family for source in _ALL})
"""Name → family."""
