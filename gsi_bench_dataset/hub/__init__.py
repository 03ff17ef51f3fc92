"""The Hugging Face Hub: what is published, what is fetched, what is redistributable."""
