"""A leaderboard of runs as a static site: who may be ranked with whom, rank bounds, pages, tables, files for the Hub."""
