"""The reward in the forms in which trainers call it: one module a trainer."""
