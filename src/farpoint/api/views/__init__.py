"""From model values to ARM's JSON: pure functions, keys in the order Azure sends them."""
