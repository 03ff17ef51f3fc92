"""`gsi-bench annotate`: a local page that marks boxes in a folder of photographs, by the own-image tool's means."""
