"""Who talks: the local chat model, the middleware and the ready-made agent."""
