"""Word lists of our own, from which every name and title of the embedded catalogue is composed."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ADJECTIVES = _words(
    """
    Amber Ashen Borrowed Brass Bright Broken Cardinal Civil Cobalt Copper Crooked Distant Double
    Early Electric Empty Even Faded False Fallow Feral Fluent Foreign Gentle Gilded Glass Golden
    Hollow Idle Ivory Late Lesser Linen Little Long Lucid Lunar Marble Minor Mirror Narrow Neon
    Nether Northern Opal Open Other Outer Pale Paper Plain Quiet Restless Russet Salt Scarlet Second
    Secret Shallow Silver Slow Small Soft Solar Southern Spare Still Sudden Tender Tidal Tin Velvet
    Violet Wandering Waxen Western Wild Wooden Young
    """
)
FAMILY_NOUNS = {
    "rock": _words(
        """
        Antlers Arcades Billboards Bricks Corridors Dynamos Engines Fenders Foxgloves Gables Hinges
        Kites Lanterns Levers Matchsticks Motels Pylons Ravens Sirens Turnstiles Wolves Wires
        """
    ),
    "metal": _words(
        """
        Anvil Ash Barrow Catacomb Cinder Cleaver Crypt Famine Gallows Hex Iron Monolith Obelisk Omen
        Plague Requiem Scythe Sepulchre Thorn Tyrant Vulture Wyrm
        """
    ),
    "club": _words(
        """
        Axis Circuit Delta Feedback Filter Flux Gate Grid Kilohertz Lattice Module Octave Phase
        Pulse Relay Signal Sub Terminal Tilt Vector Volt Warehouse
        """
    ),
    "electronic": _words(
        """
        Aerial Atlas Aurora Beacon Cloud Comet Drift Echo Field Fjord Glacier Halo Harbour Horizon
        Lichen Mist Orbit Prism Satellite Shoreline Tundra Weather
        """
    ),
    "pop": _words(
        """
        Balcony Ballroom Carousel Cherry Confetti Daydream Diary Fever Garden Gloss Heart Holiday
        Hotel Kiss Magazine Mirrorball Parade Perfume Polaroid Ribbon Summer Valentine
        """
    ),
    "hip-hop": _words(
        """
        Avenue Block Borough Cipher Corner Crown Cypher Dollar Ledger Lantern Marquee Mason Pavement
        Profit Proverb Rooftop Saint Scholar Sermon Tower Verse Witness
        """
    ),
    "soul": _words(
        """
        Caramel Charm Cinnamon Committee Devotion Embers Faith Glow Groove Honey Honeycomb Letters
        Mercy Midnight Promise Rhythm Satin Sunday Tambourine Temple Velour Wonder
        """
    ),
    "jazz": _words(
        """
        Alley Boulevard Cadenza Corduroy Figure Hour Interval Motif Passage Quarter Quartet Room
        Session Stairs Suite Tempo Theme Trio Vermouth Window Winter Yard
        """
    ),
    "folk": _words(
        """
        Barley Birches Bramble Brook Cedar Ferry Fiddle Hollow Juniper Larkspur Lighthouse Meadow
        Mill Orchard Plough River Robin Sparrow Thistle Valley Willow Wren
        """
    ),
    "classical": _words(
        """
        Allegory Canticle Chamber Elegy Étude Fresco Gallery Impromptu Landscape Nocturne Orchard
        Pavane Portrait Prelude Psalm Quiet Reverie Snowfall Study Variation Vigil Winter
        """
    ),
    "world": _words(
        """
        Baobab Bazaar Calabash Caravan Carnival Cardamom Coast Dhow Festival Harbour Harvest Indigo
        Lagoon Mango Market Monsoon Palm Papaya Savanna Spice Tide Tamarind
        """
    ),
}
"""Nouns that sound like a family of genres."""
PLACES = _words(
    """
    Aldermoor Birkavik Brennholt Calder Carvalho Cayama Dunmere Eastwick Falkenrode Granmar
    Hallingby Hexley Itabira Jandira Kasumi Kolmar Larkfield Lindenau Marrow Mirim Nandipur Norrstad
    Okuda Oxcombe Pinheiro Quayle Ravensund Rosendal Saltholm Shirakawa Tarnby Tollgate Umeda
    Varanpur Vetlinge Westerlo Yamazaki Sorvino
    """
)
"""Places, most of them invented."""
FIRST_NAMES = {
    "SE": _words(
        """
        Alva Astrid Axel Elsa Freja Hugo Ines Klara Lova Nils Oskar Saga Signe Tuva Viggo Wilma
        """
    ),
    "DE": _words(
        """
        Anneke Bastian Clara Emil Fritz Greta Hanno Jonas Lene Lukas Mila Nele Paula Till Theo
        Wiebke
        """
    ),
    "US": _words(
        """
        Avery Caleb Delia Dwayne Imani Jolene Jordan Marcus Naomi Omar Quinn Reese Sadie Terrell
        Wyatt Zora
        """
    ),
    "BR": _words(
        """
        Ana Bento Caio Davi Flora Iara Joana Lara Luiz Marina Otávio Rafael Tainá Thiago Vitória
        Yasmin
        """
    ),
    "IN": _words(
        """
        Aarav Anjali Devika Farhan Ishaan Kavya Leela Meera Nikhil Priya Rohan Sanjana Tara Varun
        Vikram Zoya
        """
    ),
    "JP": _words(
        """
        Aiko Daichi Emi Haruto Hina Kaito Kenji Mei Minori Naoki Ren Sakura Sora Takumi Yui Yuna
        """
    ),
}
"""First names by market."""
LAST_NAMES = {
    "SE": _words(
        """
        Almqvist Bergvall Dahlgren Ekstrand Forsmark Granlund Hedberg Lindroth Nyström Sandell
        Thorell Öberg
        """
    ),
    "DE": _words(
        """
        Adlerstein Brandau Dornbach Eichholz Falkner Grünwald Hartung Kesselbach Lindner Rothfels
        Sommerau Vogelsang
        """
    ),
    "US": _words(
        """
        Abernathy Bridgewater Calloway Delgado Ellery Fairbanks Greer Holloway Kincaid Mayfair
        Pruitt Whitlow
        """
    ),
    "BR": _words(
        """
        Amoroso Bastos Cavalcante Duarte Figueira Guimarães Leal Moraes Nogueira Pessanha Queiroga
        Valença
        """
    ),
    "IN": _words(
        """
        Acharya Bhandari Chatterji Deshpande Gokhale Iyengar Kulkarni Menon Pillai Raghavan Saxena
        Varma
        """
    ),
    "JP": _words(
        """
        Asakura Fujimoto Hayakawa Ishiguro Kanzaki Kurosawa Matsuura Nakahara Okamoto Shimizu
        Tachibana Yoshikawa
        """
    ),
}
"""Last names by market."""
DOINGS = _words(
    """
    Answer Begin Dance Drift Fall Listen Return Run Sing Sleep Stay Turn Wait Wake Walk Wander
    Wonder
    """
)
"""What one does."""
DEEDS = _words(
    """
    Borrow Call Carry Catch Chase Climb Cross Find Follow Forget Gather Hold Keep Leave Lose Mend
    Open Remember Steal Trust Warm
    """
)
"""What one does to a thing."""
MONTHS = _words(
    """
    January February April August September October November December Spring Summer Autumn Winter
    """
)
"""Times that things happen in."""
DAYS = _words(
    """
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday Midsummer
    """
)
"""Times that things happen on."""
HOURS = _words(
    """
    Dawn Daybreak Noon Dusk Twilight Sunset Sunrise Midnight
    """
)
"""Times that things happen at."""
THINGS = _words(
    """
    Anchor Arrow Atlas Bell Bicycle Bridge Candle Chair Clock Coat Compass Door Envelope Feather
    Fire Flag Fog Ghost Hand Island Key Ladder Lamp Letter Map Mirror Moon Mountain Needle Ocean
    Page Photograph Pocket Postcard Question Rain Road Roof Rope Sail Shadow Ship Signal Smoke Snow
    Staircase Star Stone Storm Story Street Telephone Thread Ticket Train Umbrella Voice Wall
    Whistle Wing
    """
)
