"""`python -m services.records`."""

from services.chassis.cli import main
from services.records.app import SERVICE

if __name__ == "__main__":
    main(SERVICE)
