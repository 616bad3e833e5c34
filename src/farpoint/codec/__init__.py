"""Bytes and their meaning: ids, compression, sealing, and the encodings of packs, nodes and manifests. No I/O."""
