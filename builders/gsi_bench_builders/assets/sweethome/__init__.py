"""Models of Sweet Home 3D as assets: its catalogues and OBJ files, as Debian's package sweethome3d-furniture brings them."""
