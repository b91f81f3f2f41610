"""What finished runs show: tables, comparisons, figures, report, exports."""
