"""A virtual node with the kernel's own I2C, GPIO and USB serial: ``make vm``."""
