"""Where records are kept, curated and asked: buckets, catalog, jobs and their pipeline, warehouse."""
