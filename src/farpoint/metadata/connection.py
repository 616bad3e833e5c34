"""The one database type that other packages name: what query functions take and Database lends.

Everybody imports it from here, so that SQLAlchemy has one home.
"""

from sqlalchemy import Connection

__all__ = ["Connection"]
