"""notifications: who is told what by mail, and what became of it. Never addresses it was not told."""
