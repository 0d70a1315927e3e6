"""What is made of measurements: the summary, tables, figures and pages. It reads files, and measures nothing."""
