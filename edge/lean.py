"""Standard modules that others import and hardly ever use, left out of the daemon until somebody does use them.

dataclasses imports inspect for the docstring of a class that has none. With what that imports itself (ast, dis,
tokenize ...) it costs a node 1 MB for nothing.
"""

import importlib
import sys
from types import ModuleType
from typing import Any


class Later(ModuleType):
    """Stands in for a module; the first use of anything in it brings the real one."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def later(name: str) -> None:
    """From now on whoever imports this module gets the stand-in, unless it is there already."""
    sys.modules.setdefault(name, Later(name))
