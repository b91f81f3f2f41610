"""Ways to start workers. `local` starts processes on this machine."""
