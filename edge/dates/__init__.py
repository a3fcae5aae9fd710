"""How a boot tick gets a date: pure, without asking any clock."""
