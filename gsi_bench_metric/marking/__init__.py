"""A detector's boxes as `boxes.json` beside photographs: made upright, named, saved after every photograph."""
