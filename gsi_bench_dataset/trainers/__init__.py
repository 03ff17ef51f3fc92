"""Pairs of images and instructions in the forms that trainers of editors read; one module a form."""
