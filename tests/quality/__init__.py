"""How well the default chains find what is wrong, and how seldom they find what is not: `python -m tests.quality`."""
