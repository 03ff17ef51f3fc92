"""Edits, engine-neutral: each operation's module proposes one from a seeded generator, checks it and says it in words."""
