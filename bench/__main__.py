"""`python -m bench NAME [options]`: run one measurement."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import bench


def main() -> int:
    """Run the measurement that the first argument names."""
    names = sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if not m.name.startswith("_"))
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        print(f"usage: make bench NAME={'|'.join(names)} [ARGS='--help']", file=sys.stderr)
        return 2
    name = sys.argv.pop(1)
    sys.argv[0] = f"bench {name}"
    result: int = importlib.import_module(f"bench.{name}").main()
    return result


if __name__ == "__main__":
    sys.exit(main())
