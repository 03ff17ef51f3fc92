"""The official protocol, equal to the released evaluation (arXiv 2604.20570) to the digit."""
