"""Infrastructure: the stack composes and grants, each construct makes one thing."""
