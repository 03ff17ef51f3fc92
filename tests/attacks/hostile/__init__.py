"""Makes hostile inputs and faults from seeds, tries them on the packages, and says of each how it ended."""
