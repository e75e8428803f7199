"""What `make up` shows in the end: where every record went, and the answers of the warehouse."""
