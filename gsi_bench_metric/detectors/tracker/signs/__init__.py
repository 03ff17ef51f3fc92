"""What poses and images say of a known object: there, gone, drawn anew, fallen, twice, or moved along with the camera."""
