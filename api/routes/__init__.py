"""HTTP routes: parse, call a use case, encode."""
