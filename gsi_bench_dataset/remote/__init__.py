"""Talking to the Hugging Face Hub: what is asked, within which limits, and what its answers mean."""
