"""Which loss to take for a data set: a race of all losses, then a confirmation of the leader on fresh seeds."""
