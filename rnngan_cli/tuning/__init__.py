"""Settings chosen for each loss on equal budgets."""
