"""Compiled local search: kernels on integer arrays, imported where they are used."""
