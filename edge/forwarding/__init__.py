"""From the outbox to a destination: one thread each."""
