"""`python -m services.notifications`."""

from services.chassis.cli import main
from services.notifications.app import SERVICE

if __name__ == "__main__":
    main(SERVICE)
