"""Benchmarks: Workhall beside its peers, interleaved in one run on one machine (see README.md)."""
