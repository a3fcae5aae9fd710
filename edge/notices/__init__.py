"""What a node tells beside its readings: its health, what it has, what a home has to know of it."""
