"""A virtual node with the kernel's own I2C, GPIO, PPS and USB serial, and with systemd: ``make vm``."""
