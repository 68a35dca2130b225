"""The domain: facility layers, circles, the plan."""
