"""What the machine has: memory, cores, a device."""
