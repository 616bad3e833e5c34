"""Durable running of operations. The only package that knows DBOS."""
