"""From a device to readings: one thread a bus."""
