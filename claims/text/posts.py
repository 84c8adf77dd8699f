"""What a post on a social network says, and what only surrounds it: author, date, links, tags."""

from __future__ import annotations

import re
from dataclasses import dataclass

# "— Ada Lind (@adalind) May 3, 2019" closes a post as its network writes it out.
SIGNATURE = re.compile(
    r"\s*—\s*(?P<author>[^—\n]{0,80}?\s*\(@\w{1,30}\))\s*(?P<date>[^—\n]{0,40})\Z"
)
PICTURE = re.compile(r"pic\.twitter\.com/\S{1,40}")
LINK = re.compile(r"https?://\S+|pic\.twitter\.com/\S{1,40}|\b[\w-]{1,40}\.(?:com|org|net|co)/\S+")
TAG = re.compile(r"[#@](\w{1,100})")
PART_OF_TAG = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\dA-Za-z_]+")


@dataclass(frozen=True, slots=True)
class Post:
    """A post: `body` without links and with tags as words, and what surrounds it; "" for none.

    :ivar date: the words of its date, as the network writes it.
    :ivar picture: whether a picture or a video is attached.
    """

    body: str
    author: str
    date: str
    picture: bool


def read_post(text: str) -> Post:
    """Take a post apart; of a text that is none, all of it is `body`. Linear."""
    signature = SIGNATURE.search(text, max(0, len(text) - 250))
    body = text[: signature.start()] if signature else text
    return Post(
        body=_in_words(LINK.sub(" ", body)),
        author=_in_words(signature["author"]) if signature else "",
        date=signature["date"].strip() if signature else "",
        picture=PICTURE.search(body) is not None,
    )


def _in_words(text: str) -> str:
    """Write "#LowhavenPier" as "Lowhaven Pier"."""
    return TAG.sub(lambda tag: " ".join(PART_OF_TAG.findall(tag[1])) or tag[1], text)
