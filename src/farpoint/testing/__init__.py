"""Fakes that pass the contract suites, and the crash harness: for our tests and for those of people who build on Farpoint."""
