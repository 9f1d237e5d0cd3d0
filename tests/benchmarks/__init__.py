"""Figures, not promises: nothing here fails for being slow. `python3 -m deploy bench NAME` runs one of them."""
