"""The city's plan: what was reached, graded by its own rule, with the evidence behind each figure."""
