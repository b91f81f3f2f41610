"""One run's networks trained and sampled: trainer, compiled loop, optimisers, history, controls. No disk."""
