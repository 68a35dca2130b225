"""What is wrong with the data: one small file per family of checks, and their registry."""
