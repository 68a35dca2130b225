"""Writers of every delivered format."""
