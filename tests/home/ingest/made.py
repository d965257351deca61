"""Tiny data sets with the shapes and the faults of the real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from home.db import Base, FollowRow, FriendshipRow, InteractionRow, ItemRow, ListenerRow

ARTISTS = """id\tname\turl\tpictureURL
1\tThe Kestrels\thttp://x\t
2\tNordic Pines\thttp://x\thttp://p
3\tKestrels\thttp://x\t
4\t"Unclosed Quote\thttp://x\t
5\t\thttp://x\t
six\tNot A Number\thttp://x\t
2\tRepeated Id\thttp://x\t
7\tToo Few Columns
8\t天気予報\thttp://x\t
"""
TAGS = "tagID\ttagValue\r\n1\trock\r\n2\tFolk\r\n3\tseen live\r\n4\tcaf\xe9\r\n5\tthe kestrels\r\n6\t80s\r\n"
PLAYS = """userID\tartistID\tweight\r
10\t1\t500\r
10\t2\t40\r
11\t1\t7\r
11\t99\t3\r
12\t8\t0\r
12\t8\t12\r
"""
FRIENDS = "userID\tfriendID\r\n10\t11\r\n11\t10\r\n11\t12\r\n12\t12\r\n10\t77\r\n"
TAGGINGS = """userID\tartistID\ttagID\tday\tmonth\tyear\r
10\t1\t1\t1\t4\t2009\r
10\t1\t3\t1\t6\t2010\r
11\t1\t1\t1\t5\t2008\r
11\t1\t2\t1\t5\t2008\r
11\t1\t5\t1\t5\t2008\r
10\t2\t2\t1\t1\t1956\r
10\t2\t4\t31\t2\t2010\r
12\t99\t1\t1\t1\t2010\r
12\t8\t44\t1\t1\t2010\r
"""
TRACKS = """Song Clean,ARTIST CLEAN,Release Year,COMBINED,First?,Year?,PlayCount,F*G
Feather Road,Kestrels,1973,x,1,1,82,82
"Salt, and Stone",Nordic Pines,,x,1,0,3,0
Typo,Kestrels,1071,x,1,1,5,5
Nobody Knows Me,The Unmatched,1980,x,1,1,4,4
Bad Count,Kestrels,1980,x,1,1,many,4
Broken "quote,"Kestrels,1980,x,1,1,1,1
"""
PODCASTS = """podcast_id,title,url,category,subcategory,description,host,frequency,runtime
1,Off By One,http://x,JavaScript,React.js,About,"Ada Byte @ada.b, Bob Nibble @bob",Weekly,30
2,,http://x,Security,,About,,Weekly,30
"""
BOOKS = """book_id,authors,original_publication_year,title,ratings_count
1,Ann Author,2008.0,"The Long Tide (The Tides, #1)",900
2,Homer Elder,-720.0,The Old War,800
3,No Year,,Plain,700
4,Bad Ratings,1999.0,Broken,-5
"""
BOOK_GENRES = """book_id,goodreads_book_id,genres
1,11,"fantasy,fiction,to-read-fantasy,ya,ya-fantasy,young-adult"
2,12,"classics,fiction"
"""
TO_READ = "user_id,book_id\n5,1\n5,3\n6,2\n6,999\n"
MOVIES = """movieId,title,genres
1,"Tide, The (1995)",Action|Drama
2,Big Show (2007-),Drama
3,Nameless,(no genres listed)
"""
RATINGS = """userId,movieId,rating,timestamp
1,1,4.5,1260759144
1,2,3.0,1260759179
1,3,9.0,1260759179
1,77,4.0,1260759179
1,2,4.0,soon
"""
MOVIE_TAGS = "userId,movieId,tag,timestamp\n1,1,sea,1\n2,2,Sea,1\n1,1,tivo,1\n"

FILES = {
    "lastfm-hetrec2011/artists.dat": ARTISTS,
    "lastfm-hetrec2011/user_artists.dat": PLAYS,
    "lastfm-hetrec2011/user_friends.dat": FRIENDS,
    "lastfm-hetrec2011/user_taggedartists.dat": TAGGINGS,
    "classic-rock-tracks/classic-rock-song-list.csv": TRACKS,
    "podcasts-awesome/podcasts.csv": PODCASTS,
    "goodbooks-10k/books.csv": BOOKS,
    "goodbooks-10k/book_genres.csv": BOOK_GENRES,
    "goodbooks-10k/to_read_subset.csv": TO_READ,
    "ml-latest-small-2016/movies.csv": MOVIES,
    "ml-latest-small-2016/ratings.csv": RATINGS,
    "ml-latest-small-2016/tags.csv": MOVIE_TAGS,
}

FAULTS = {
    ("lastfm-hetrec2011/artists.dat", 6, "name", "row"),
    ("lastfm-hetrec2011/artists.dat", 7, "id", "row"),
    ("lastfm-hetrec2011/artists.dat", 8, "id", "row"),
    ("lastfm-hetrec2011/artists.dat", 9, "(row)", "row"),
    ("lastfm-hetrec2011/user_taggedartists.dat", 7, "year", "field"),
    ("lastfm-hetrec2011/user_taggedartists.dat", 8, "day", "field"),
    ("lastfm-hetrec2011/user_taggedartists.dat", 9, "artistID", "row"),
    ("lastfm-hetrec2011/user_taggedartists.dat", 10, "tagID", "row"),
    ("lastfm-hetrec2011/user_artists.dat", 5, "artistID", "row"),
    ("lastfm-hetrec2011/user_artists.dat", 6, "weight", "row"),
    ("lastfm-hetrec2011/user_friends.dat", 5, "friendID", "row"),
    ("lastfm-hetrec2011/user_friends.dat", 6, "friendID", "row"),
    ("classic-rock-tracks/classic-rock-song-list.csv", 4, "Release Year", "field"),
    ("classic-rock-tracks/classic-rock-song-list.csv", 6, "PlayCount", "row"),
    ("classic-rock-tracks/classic-rock-song-list.csv", 7, "(row)", "row"),
    ("podcasts-awesome/podcasts.csv", 3, "title", "row"),
    ("goodbooks-10k/books.csv", 3, "original_publication_year", "field"),
    ("goodbooks-10k/books.csv", 5, "ratings_count", "row"),
    ("goodbooks-10k/to_read_subset.csv", 5, "book_id", "row"),
    ("ml-latest-small-2016/ratings.csv", 4, "rating", "row"),
    ("ml-latest-small-2016/ratings.csv", 5, "movieId", "row"),
    ("ml-latest-small-2016/ratings.csv", 6, "timestamp", "row"),
}
"""Every fault planted in the files: file, line, field, and what is left out."""


def write_data(directory: Path) -> Path:
    for name, text in FILES.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    (directory / "lastfm-hetrec2011/tags.dat").write_bytes(TAGS.encode("iso-8859-1"))
    return directory


def dump(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the catalogue tables in primary key order."""
    models: tuple[type[Base], ...] = (ItemRow, ListenerRow, InteractionRow, FollowRow, FriendshipRow)
    with Session(engine) as session:
        return {
            model.__tablename__: [
                tuple(row)
                for row in session.execute(
                    select(*model.__table__.columns).order_by(*model.__table__.primary_key)
                )
            ]
            for model in models
        }


def item(engine: Engine, identity: str) -> ItemRow:
    with Session(engine) as session:
        row = session.get(ItemRow, identity)
    assert row is not None, identity
    return row
