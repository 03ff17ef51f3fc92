"""Whole rooms: plans, furniture in groups that people use, small objects on it, light, a camera inside."""
