"""The kinds of embedded assets, one module a family; importing a module registers its kinds in the library."""
