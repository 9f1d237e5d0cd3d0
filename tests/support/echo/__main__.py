"""Entry point: `python -m tests.support.echo work`."""

from services.chassis.cli import main
from tests.support.echo import SERVICE

if __name__ == "__main__":
    main(SERVICE)
