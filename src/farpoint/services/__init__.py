"""What one request does, in one transaction: rules and rows, no HTTP.

Every function takes the RegionContext and returns model values. Asking disks and peers happens before the transaction, starting the
workflow after it; a refusal leaves nothing behind.
"""
