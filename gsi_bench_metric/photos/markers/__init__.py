"""Own photographs with ground truth: printed boards and cards, seen again, become pairs with known motions."""
