"""What runs inside the virtual node; the host starts it with ``python3 -m hw_tests.vm.guest.NAME``."""
