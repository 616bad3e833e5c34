"""The region's database: resources, operations, holds, pins, the chunk index and copy plans. The only home of SQLAlchemy."""
