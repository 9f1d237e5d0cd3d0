"""`python -m services.authz`."""

from services.authz.app import SERVICE
from services.chassis.cli import main

if __name__ == "__main__":
    main(SERVICE)
