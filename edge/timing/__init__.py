"""Where the date comes from, who watches it, and what is kept and told of it."""
