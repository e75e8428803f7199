"""Lambda handlers, one file each; a file imports the standard library and boto3 only, for it is shipped alone."""
