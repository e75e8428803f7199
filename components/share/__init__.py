"""What leaves to partners: snapshots for Azure, messages for Google Cloud."""
