"""Standards, plan and administrative facts, every value with unit, clause and source."""
