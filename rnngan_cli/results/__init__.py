"""Results of finished runs: tables, comparisons, figures, report and exports."""
