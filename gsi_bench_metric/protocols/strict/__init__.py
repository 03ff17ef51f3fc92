"""The strict protocol: rules on poses, thresholds, faults, and what is measured on images."""
