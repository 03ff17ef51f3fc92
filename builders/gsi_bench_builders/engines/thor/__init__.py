"""AI2-THOR: furnished flats and bathrooms in Unity, behind the real `ai2thor` client (extra `thor`)."""
