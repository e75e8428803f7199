"""Glue job `build_mart`: one mart, for the days whose orders have changed (lakehouse/mart.py)."""

from lakehouse.main import run_build_mart  # type: ignore[import-not-found] # from lakehouse.zip, --extra-py-files

if __name__ == "__main__":
    run_build_mart()
