"""The whole command `tallydock`: what `server/cli.py` has, and what needs a worker's hands."""

from server.cli import main
from worker.commands import backups, operations

__all__ = ["main"]

_COMMANDS = (backups, operations)
"""Imported for their effect: a command is known once its module is."""

if __name__ == "__main__":
    main()
