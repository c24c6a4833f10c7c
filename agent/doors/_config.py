"""`chatrec.toml`: what a folder tells the commands that run in it.

Every option of every command can stand there: at the top for all commands that have it, or in a table of one command's
name. So a new option needs nothing here. `[columns.NAME]` says what the catalog's columns are, as in a schema file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatrec.errors import CatalogError, ConfigError

if TYPE_CHECKING:
    from chatrec.indexes import Schema

NAME = "chatrec.toml"
OF_SCHEMA = ("columns", "encoding", "separator", "header")
_SPOKEN = {"yes", "force", "help"}
"""What has to be said each time; so have options without a default."""
_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A folder's `chatrec.toml`.

    Attributes:
        path: The file.
        values: What stands in it.
    """

    path: Path
    values: Mapping[str, Any]

    def schema_of(self, file: Path) -> Schema | None:
        """What is told of the columns of a catalog's file; None where it is another catalog's, or nothing is told.

        Args:
            file: The catalog's file.

        Raises:
            CatalogError: Something in it is unknown or does not fit.
        """
        from chatrec.indexes import Schema
        from chatrec.indexes._loading import find_source

        told = {name: value for name, value in self.values.items() if name in OF_SCHEMA}
        named = self.values.get("catalog")
        if not told or not isinstance(named, str):
            return None
        try:
            if find_source(named).resolve() != file.resolve():
                return None
            return Schema.of(told)
        except CatalogError as error:
            raise CatalogError(f"{self.path.name}: {error.args[0]}", hint=error.hint) from error


def read_config(folder: Path | None = None) -> Config | None:
    """The `chatrec.toml` of a folder.

    Args:
        folder: The current one by default.

    Returns:
        What stands in it, unchecked; None where there is none.

    Raises:
        ConfigError: It cannot be read, or is not TOML.
    """
    path = (folder or Path.cwd()) / NAME
    try:
        return Config(path=path, values=tomllib.loads(path.read_text("utf-8-sig")))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"{path} cannot be read: {why}", hint="mend it, or move it away") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(
            f"{path} is not TOML: {error}", hint='a line is key = value; texts stand in "quotes"'
        ) from error


def defaults(config: Config, commands: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The defaults that a configuration gives to each command, in the form of click's `default_map`.

    Args:
        config: The configuration.
        commands: The commands of the command line by their names.

    Raises:
        ConfigError: A key is unknown, or its value is of another type.
    """
    known = {name: keys(command.params) for name, command in commands.items()}
    shared = {key for own in known.values() for key in own}
    given: dict[str, dict[str, Any]] = {name: {} for name in commands}
    for key, value in config.values.items():
        if key in OF_SCHEMA:
            continue
        if key in commands and isinstance(value, Mapping):
            continue
        _need(key, [*sorted(shared), *commands, *OF_SCHEMA], config.path.name)
        for name, own in known.items():
            if key in own:
                given[name][own[key].name] = _fitting(key, value, own[key], config.path.name)
    for name in commands:
        table = config.values.get(name)
        for key, value in table.items() if isinstance(table, Mapping) else ():
            place = f"{config.path.name}, [{name}]"
            _need(key, list(known[name]), place)
            given[name][known[name][key].name] = _fitting(key, value, known[name][key], place)
    return given


def keys(parameters: Sequence[Any]) -> dict[str, Any]:
    """The keys that stand for a command's options: their long names without the dashes.

    Args:
        parameters: Click's parameters of a command.

    Returns:
        The parameters by their keys. Of arguments, the catalog's file alone can stand in a file.
    """
    found: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.param_type_name == "argument":
            key = parameter.name if parameter.name == "catalog" else None
        else:
            long = [option[2:] for option in parameter.opts if option.startswith("--")]
            key = None if parameter.required or not long or long[0] in _SPOKEN else long[0]
        if key is not None:
            found[key] = parameter
    return found


def told(config: Config, given: Mapping[str, Any]) -> str:
    """One line that says which file is used, and what it gives to a command.

    Args:
        config: The configuration.
        given: The command's part of `defaults`.
    """
    texts = {
        name.rstrip("_").replace("_", "-"): ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in given.items()
    }
    shown = [f"{name} {text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}" for name, text in texts.items()]
    return f"{config.path.name} of this folder: {', '.join(shown)}"


def _need(key: str, known: Sequence[str], place: str) -> None:
    if key in known:
        return
    near = get_close_matches(key.replace("_", "-"), known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
    raise ConfigError(f"{place}: there is no setting {key!r}", hint=hint)


def _fitting(key: str, value: Any, parameter: Any, place: str) -> Any:
    """A value of the type that the option takes; the option itself checks its bounds."""
    if getattr(parameter, "is_flag", False):
        if isinstance(value, bool):
            return value
        raise ConfigError(f"{place}: {key} = {value!r}", hint="true or false")
    several = getattr(parameter, "multiple", False)
    values = value if several and isinstance(value, list) else [value]
    if not all(isinstance(each, str | int | float) and not isinstance(each, bool) for each in values):
        hint = "a list of texts or numbers" if several else "a text or a number"
        raise ConfigError(f"{place}: {key} = {value!r}", hint=hint)
    return values if several else value
