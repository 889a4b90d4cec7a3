"""What ``./dev`` runs. Only the Python standard library, until the environments it builds exist."""
