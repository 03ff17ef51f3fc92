"""The same grid with less and with more known of each sample, side by side: `gsi-bench validate --given`."""
