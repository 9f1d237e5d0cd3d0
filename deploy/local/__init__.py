"""A whole private system on one machine, and the pieces it is made of."""
