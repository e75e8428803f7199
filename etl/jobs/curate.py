"""Glue job `curate`: what has landed in raw becomes the curated tables of one dataset (lakehouse/curate.py)."""

from lakehouse.main import run_curate  # type: ignore[import-not-found] # from lakehouse.zip, --extra-py-files

if __name__ == "__main__":
    run_curate()
