"""Whether a training set and a test set have anything in common that would make scores on the test set worthless."""
