"""The weight-free tracker: finds every known object of a sample again in the edited image."""
