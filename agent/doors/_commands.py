"""The commands of the terminal chat: they act at once, without the model."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from chatrec.agent.doors._session import Session
from chatrec.agent.doors._words import say
from chatrec.indexes import Constraint, part_bars
from chatrec.indexes._feedback import FeedbackKind
from chatrec.tools._texts import conditions_text
from chatrec.tools._turn import Spoken

_KINDS: Final[Mapping[str, FeedbackKind]] = {"/like": "accept", "/no": "reject", "/seen": "seen"}
_EXAMPLES: Final = {"/like": "/like 2", "/no": "/no 1 too long", "/seen": "/seen 3", "/why": "/why 2"}
_NUMBERED = re.compile(r"#?(\d{1,4})(?:\s+(?P<reason>.+))?", re.DOTALL)
_BAR = 24

COMMANDS: Final = ("/like", "/no", "/seen", "/why", "/undo", "/profile", "/help", "/quit")


def run_command(line: str, session: Session, language: Spoken) -> str | None:
    """Do what a line that begins with a slash says.

    Args:
        line: The line.
        session: The conversation.
        language: Of the answer: "en" or "zh".

    Returns:
        What to show; None to leave.
    """
    command, _, rest = line.strip().partition(" ")
    command, rest = command.casefold(), rest.strip()
    if command in {"/quit", "/exit", "/q"}:
        return None
    if command in _EXAMPLES:
        return _numbered(command, rest, session, language)
    plain: dict[str, Callable[[Session, Spoken], str]] = {"/undo": _undo, "/profile": _profile, "/help": _help}
    if command in plain:
        return plain[command](session, language)
    return say("unknown", language, command=command, commands=" ".join(COMMANDS))


def _numbered(command: str, rest: str, session: Session, language: Spoken) -> str:
    match = _NUMBERED.fullmatch(rest)
    if match is None:
        return say("usage", language, example=_EXAMPLES[command])
    if not session.shown:
        return say("empty_list", language)
    number, reason = int(match[1]), (match["reason"] or "").strip()
    if not 1 <= number <= len(session.shown):
        return say("no_number", language, number=number, count=len(session.shown))
    if command == "/why":
        return _why(session.why(number), language)
    kind = _KINDS[command]
    noted = session.feedback(kind, number, reason)
    lines = [say(f"noted_{kind}", language, title=noted.title)]
    if noted.understood:
        lines.append(say("understood", language, conditions=_words(noted.understood, session, language)))
    elif reason:
        lines.append(say("not_understood", language))
    return "\n".join(lines)


def _why(entry: Mapping[str, object], language: Spoken) -> str:
    parts = entry["parts"]
    lines = [str(entry["title"])]
    if entry["reason"]:
        lines.append(f"  {entry['reason']}")
    past = entry.get("because")
    for each in past if isinstance(past, Sequence) else ():
        key = "because_liked" if each["accepted"] else "because_rejected"
        lines.append(f"  {say(key, language, title=each['title'])}")
    if isinstance(parts, Mapping):
        lines += [f"  {line}" for line in part_bars(parts, language, width=_BAR)]
    return "\n".join(lines)


def _undo(session: Session, language: Spoken) -> str:
    undone = session.undo()
    if undone is None:
        return say("nothing_undone", language)
    return say("undone", language, what=say(f"kind_{undone.kind}", language, about=undone.about))


def _profile(session: Session, language: Spoken) -> str:
    known = session.known()
    comma, colon = ("、", "：") if language == "zh" else (", ", ": ")
    rows = {
        "wishes": _words(known.profile.constraints, session, language),
        "accepted": comma.join(known.accepted),
        "rejected": comma.join(known.rejected),
        "seen": comma.join(known.seen),
    }
    lines = [f"  {say(name, language)}{colon}{words}" for name, words in rows.items() if words]
    if not lines:
        return say("profile_empty", language)
    return "\n".join([say("profile_head", language), *lines])


def _words(constraints: Sequence[Constraint], session: Session, language: Spoken) -> str:
    return conditions_text(map(str, constraints), session.recommender.catalog.facets, language)


def _help(_session: Session, language: Spoken) -> str:
    return say("help", language)
