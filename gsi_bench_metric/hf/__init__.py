"""GSI-Bench as a metric of the Hugging Face evaluate library, and its Space."""
