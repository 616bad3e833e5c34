"""Keys: who wraps them, who signs, and who may ask. Keys never leave their region."""
