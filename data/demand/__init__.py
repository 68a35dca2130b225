"""Whom services are for: control totals of a census spread over what carries them, each sum kept exactly."""
