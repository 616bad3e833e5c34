"""Buckets: immutable objects under names, written create-if-absent."""
