"""Packs, maps, manifests and the chunk index of one region, behind one facade."""
