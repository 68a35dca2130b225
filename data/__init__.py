"""How facts come in, are kept and go out."""
