"""``farpoint dev demo``: the main job from end to end, on real bytes, in a folder of its own that is removed at the end."""
