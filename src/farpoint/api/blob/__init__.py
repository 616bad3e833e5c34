"""Disk bytes over signed URLs: as much of Azure Storage's page-blob protocol as its clients speak to managed disks."""
