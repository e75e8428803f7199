"""How records come into the lake: topics, sinks, the shop's database and its capture, files of reference data."""
