"""Services of the machine: safe and atomic files, locks, archives, memory, devices, versions. Knows no run."""
