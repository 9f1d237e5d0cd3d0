"""Tests of the pieces that `up` is made of, with real servers."""
