"""Glue job `publish`: snapshots of the shared tables, for Data Factory (lakehouse/publish.py)."""

from lakehouse.main import run_publish  # type: ignore[import-not-found] # from lakehouse.zip, --extra-py-files

if __name__ == "__main__":
    run_publish()
