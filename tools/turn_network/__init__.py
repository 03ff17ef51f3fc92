"""How the network that tells turns is made: objects are drawn under several turns, and it learns them. See docs/turns.md."""
