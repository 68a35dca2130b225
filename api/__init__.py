"""The skin: settings, use cases, command line and HTTP."""
