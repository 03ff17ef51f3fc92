"""The reward over HTTP: `gsi-bench serve-reward`; needs the extra `reward`."""
