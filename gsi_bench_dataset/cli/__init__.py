"""The `gsi-bench` command and the sub-commands of this package."""
