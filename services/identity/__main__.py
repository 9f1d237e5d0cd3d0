"""`python -m services.identity`."""

from services.chassis.cli import main
from services.identity.app import SERVICE

if __name__ == "__main__":
    main(SERVICE)
